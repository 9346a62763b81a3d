package io.merklite.node.command;

import io.merklite.node.NodeException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Options of all commands that talk to a node. */
final class NodeOptions {
    @Spec(Target.MIXEE)
    private @Nullable CommandSpec command;

    @Option(
            names = {"-u", "--url"},
            paramLabel = "URL",
            defaultValue = "${env:MERKLITE_URL:-http://127.0.0.1:8080/}",
            description = "The node to ask: MERKLITE_URL, or ${DEFAULT-VALUE}.")
    private String url = "";

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File with a bearer token; otherwise MERKLITE_TOKEN, if it is set.")
    private @Nullable Path tokenFile;

    @Option(
            names = "--authority-file",
            paramLabel = "FILE",
            description = "Authority of the node's certificate in PEM, if it is one that Java does not know.")
    private @Nullable Path authorityFile;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long to wait for an answer; ${DEFAULT-VALUE}.")
    private int timeoutSeconds;

    @Option(names = "--json", description = "Print JSON.")
    private boolean isJson;

    boolean isJson() {
        return isJson;
    }

    /** A client of the node that the options name. */
    NodeClient client() {
        return client(url);
    }

    /** A client of another node, with the same options. */
    NodeClient client(String address) {
        var withSlash = address.endsWith("/") ? address : address + "/";
        try {
            var base = new URI(withSlash);
            if (!"http".equals(base.getScheme()) && !"https".equals(base.getScheme())) {
                throw wrong("--url is " + address + ", must be one with http or https");
            }
            return new NodeClient(
                    base, token(), Optional.ofNullable(authorityFile), Duration.ofSeconds(timeoutSeconds));
        } catch (URISyntaxException e) {
            throw wrong("--url is " + address + ", which is no address: " + e.getMessage());
        }
    }

    private ParameterException wrong(String what) {
        if (command == null) {
            throw new IllegalStateException("options are part of a command");
        }
        return new ParameterException(command.commandLine(), what);
    }

    private Optional<String> token() {
        if (tokenFile == null) {
            return Optional.ofNullable(System.getenv("MERKLITE_TOKEN")).filter(token -> !token.isBlank());
        }
        try {
            return Optional.of(Files.readString(tokenFile).strip());
        } catch (IOException e) {
            throw new NodeException.UnusableFile(tokenFile, "cannot be read", "Name a readable file with a token", e);
        }
    }
}
