package io.merklite.node.command;

import io.merklite.node.NodeException;
import io.merklite.node.security.CertificateFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** Makes an authority and certificates for TLS. Talks to no node. */
@Command(
        name = "certificates",
        description = {
            "Make an authority of your own, and certificates for nodes and clients.",
            "Running node or client again under the same name makes a new key and certificate: nodes take it within minutes."
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class CertificatesCommand {
    /** The store needs a password; what protects it without one of the user's is that only its owner can read the file. */
    private static final String DEFAULT_PASSWORD = "merklite";

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--folder",
            paramLabel = "FOLDER",
            defaultValue = "certificates",
            scope = ScopeType.INHERIT,
            description = "Where the files are; ${DEFAULT-VALUE}.")
    private Path folder = Path.of("");

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            description = "File with the password of the authority's key.")
    private @Nullable Path passwordFile;

    @Command(
            name = "authority",
            description = "Make the authority: authority.p12 (keep it offline) and authority.pem (give it to all).",
            mixinStandardHelpOptions = true)
    int authority(
            @Option(
                            names = "--name",
                            paramLabel = "NAME",
                            defaultValue = "Merklite authority",
                            description = "Its common name; ${DEFAULT-VALUE}.")
                    String name) {
        folder().makeAuthority(name);
        print(folder.resolve("authority.pem") + " is to be known to all nodes and clients");
        return ExitCode.OK.number();
    }

    @Command(
            name = "node",
            description = "Make a node's certificate, for other nodes and for its HTTP server: NAME.pem and NAME.key.",
            mixinStandardHelpOptions = true)
    int node(
            @Parameters(paramLabel = "NAME") String name,
            @Option(
                            names = "--host",
                            paramLabel = "HOST",
                            split = ",",
                            required = true,
                            description = "Names and addresses under which clients reach the node.")
                    List<String> hosts,
            @Option(names = "--days", defaultValue = "90", description = "How long it is good; ${DEFAULT-VALUE}.")
                    int days) {
        folder().make(name, CertificateFolder.Use.NODE, hosts, days);
        print("""
                merklite.cluster.tls {
                  certificate-file = "%1$s.pem", key-file = "%1$s.key", authority-file = "%2$s"
                }
                merklite.http.tls { certificate-file = "%1$s.pem", key-file = "%1$s.key" }""".formatted(folder.resolve(name), folder.resolve("authority.pem")));
        return ExitCode.OK.number();
    }

    @Command(
            name = "client",
            description = "Make a client's certificate, for nodes with merklite.http.tls.client-authority-file.",
            mixinStandardHelpOptions = true)
    int client(
            @Parameters(paramLabel = "NAME") String name,
            @Option(names = "--days", defaultValue = "90", description = "How long it is good; ${DEFAULT-VALUE}.")
                    int days) {
        folder().make(name, CertificateFolder.Use.CLIENT, List.of(), days);
        print(folder.resolve(name) + ".pem and .key");
        return ExitCode.OK.number();
    }

    private CertificateFolder folder() {
        if (passwordFile == null) {
            return new CertificateFolder(folder, DEFAULT_PASSWORD);
        }
        try {
            return new CertificateFolder(folder, Files.readString(passwordFile).strip());
        } catch (IOException e) {
            throw new NodeException.UnusableFile(
                    passwordFile, "cannot be read", "Name a readable file with the password", e);
        }
    }

    private void print(String text) {
        command.commandLine().getOut().println(text);
        command.commandLine().getOut().flush();
    }
}
