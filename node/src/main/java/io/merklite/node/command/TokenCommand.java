package io.merklite.node.command;

import io.merklite.node.NodeException;
import io.merklite.node.http.Access.Right;
import io.merklite.node.security.SecretFile;
import io.merklite.node.security.TokenSigner;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes keys and tokens. Talks to no node. */
@Command(
        name = "token",
        description = "Make the keys that a node trusts, and tokens signed with them. Nothing is sent anywhere.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class TokenCommand {
    private final InstantSource clock;

    @Spec
    private CommandSpec command = CommandSpec.create();

    TokenCommand() {
        clock = InstantSource.system();
    }

    @Command(
            name = "keys",
            description =
                    "Make a pair of keys: a private one into a file, the public one into FILE.pub and on the screen.",
            mixinStandardHelpOptions = true)
    int keys(
            @Option(
                            names = "--out",
                            paramLabel = "FILE",
                            defaultValue = "merklite-token.key",
                            description = "File of the private key; ${DEFAULT-VALUE}. Whoever has it makes tokens.")
                    Path file,
            @Option(names = "--json", description = "Print JSON.") boolean isJson) {
        var keys = TokenSigner.newKeys();
        var publicFile = Path.of(file + ".pub");
        SecretFile.write(file, keys.privatePem());
        SecretFile.write(publicFile, keys.publicPem());
        print(
                isJson
                        ? NodeClient.JSON
                                .createObjectNode()
                                .put("privateKeyFile", file.toString())
                                .put("publicKeyFile", publicFile.toString())
                                .put("publicKey", keys.publicShort())
                                .toString()
                        : "Private key: " + file + " (keep it away from nodes)\nPublic key:  " + publicFile
                                + "\nFor nodes:   merklite.security.public-keys = [\"" + keys.publicShort() + "\"]");
        return ExitCode.OK.number();
    }

    @Command(
            name = "create",
            description = "Make a token. Without --read, --write and --admin it may write every database.",
            mixinStandardHelpOptions = true)
    int create(
            @Option(
                            names = "--key",
                            paramLabel = "FILE",
                            defaultValue = "merklite-token.key",
                            description = "File of the private key; ${DEFAULT-VALUE}.")
                    Path keyFile,
            @Option(
                            names = "--read",
                            paramLabel = "DATABASE",
                            split = ",",
                            description = "Databases that it may read; \"*\" is all.")
                    @Nullable
                    List<String> read,
            @Option(
                            names = "--write",
                            paramLabel = "DATABASE",
                            split = ",",
                            description = "Databases that it may read and write; \"*\" is all.")
                    @Nullable
                    List<String> write,
            @Option(
                            names = "--admin",
                            paramLabel = "DATABASE",
                            split = ",",
                            description =
                                    "Databases that it may also create, restore and drop; \"*\" is all, and the node.")
                    @Nullable
                    List<String> admin,
            @Option(
                            names = "--days",
                            paramLabel = "DAYS",
                            defaultValue = "90",
                            description = "How long it is good; ${DEFAULT-VALUE}, 0 is forever.")
                    int days,
            @Option(names = "--json", description = "Print JSON.") boolean isJson) {
        Map<String, Right> rights = new HashMap<>();
        enter(read, Right.READ, rights);
        enter(write, Right.WRITE, rights);
        enter(admin, Right.ADMIN, rights);
        if (rights.isEmpty()) {
            rights.put("*", Right.WRITE);
        }
        if (days < 0 || (rights.containsKey("*") && rights.size() > 1)) {
            throw new ParameterException(
                    command.commandLine(),
                    days < 0 ? "--days must not be negative" : "\"*\" goes with no other database");
        }
        var token = sign(signer(keyFile), rights, days);
        print(isJson ? NodeClient.JSON.createObjectNode().put("token", token).toString() : token);
        return ExitCode.OK.number();
    }

    private String sign(TokenSigner signer, Map<String, Right> rights, int days) {
        var now = clock.instant();
        var expiresAt = days == 0 ? Optional.<Instant>empty() : Optional.of(now.plus(Duration.ofDays(days)));
        var everywhere = rights.get("*");
        return everywhere == null ? signer.sign(rights, now, expiresAt) : signer.sign(everywhere, now, expiresAt);
    }

    private static void enter(@Nullable List<String> databases, Right right, Map<String, Right> rights) {
        for (var database : databases == null ? new ArrayList<String>() : databases) {
            rights.merge(database, right, (one, other) -> one.compareTo(other) > 0 ? one : other);
        }
    }

    private static TokenSigner signer(Path keyFile) {
        try {
            return TokenSigner.of(Files.readString(keyFile));
        } catch (IOException e) {
            throw new NodeException.UnusableFile(
                    keyFile, "cannot be read", "Make a key with: merklite token keys --out " + keyFile, e);
        }
    }

    private void print(String text) {
        PrintWriter out = command.commandLine().getOut();
        out.println(text);
        out.flush();
    }
}
