package io.merklite.node.command;

import io.merklite.cluster.ClusterException;
import io.merklite.node.NodeException;
import io.merklite.node.config.Configuration;
import io.merklite.node.config.ConfigurationSources;
import io.merklite.node.log.LogSetup;
import io.merklite.node.serve.NodeServer;
import io.merklite.node.serve.ServeSettings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs a node until it is told to stop. */
@Command(
        name = "node",
        description = {
            "Run a node until SIGTERM or Ctrl-C.",
            "Settings come from --set, then the environment (merklite.http.port is MERKLITE_HTTP_PORT), then the file, then"
                    + " the defaults."
        },
        mixinStandardHelpOptions = true)
final class NodeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            defaultValue = "${env:MERKLITE_CONFIG}",
            description = "Settings in HOCON, JSON, or as properties; MERKLITE_CONFIG.")
    private @Nullable Path file;

    @Option(
            names = {"-s", "--set"},
            paramLabel = "PATH=VALUE",
            description = "One setting, such as merklite.http.port=8081; as often as needed.")
    private Map<String, String> settings = new HashMap<>();

    @Option(names = "--check", description = "Only check the settings.")
    private boolean isChecking;

    @Override
    public Integer call() {
        var sources = new ConfigurationSources(Optional.ofNullable(file), System.getenv(), settings);
        var configuration = Configuration.load(sources, ServeSettings.CHECKS);
        if (isChecking) {
            say("The settings are good.");
            return ExitCode.OK.number();
        }
        LogSetup.apply(ServeSettings.from(configuration.merklite()).log());
        var server = start(configuration);
        say("merklite node is ready: " + server.url());
        var wasTold = server.terminated().toCompletableFuture().join();
        return wasTold ? ExitCode.OK.number() : ExitCode.FAILED.number();
    }

    private static NodeServer start(Configuration configuration) {
        try {
            return NodeServer.start(configuration, ProgramVersion.number())
                    .toCompletableFuture()
                    .join();
        } catch (ClusterException e) {
            throw new NodeException.StartFailed("the node does not start: " + e.code(), e.remedy(), e);
        } catch (CompletionException e) {
            throw new NodeException.StartFailed(
                    "the node does not start: " + e.getCause(), "Look at the log above this line", e);
        }
    }

    private void say(String text) {
        command.commandLine().getOut().println(text);
        command.commandLine().getOut().flush();
    }
}
