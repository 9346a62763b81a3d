package io.merklite.node.command;

import io.merklite.node.NodeException;
import io.merklite.node.demo.JavaCommand;
import io.merklite.node.demo.LocalCluster;
import io.merklite.node.demo.LocalPlan;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Starts a cluster of several datacenters on this machine. */
@Command(
        name = "demo",
        description = {
            "Start datacenters of nodes, each a process, on this machine; write rows in one and read them in another.",
            "Runs until Ctrl-C. Data is thrown away at the next start, unless --keep is given."
        },
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration ANSWER_PATIENCE = Duration.ofMinutes(1);

    private final InstantSource clock = InstantSource.system();

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Option(names = "--datacenters", defaultValue = "2", description = "How many, 1 to 8; ${DEFAULT-VALUE}.")
    private int datacenterCount;

    @Option(names = "--nodes", defaultValue = "3", description = "Nodes of each datacenter, 1 to 9; ${DEFAULT-VALUE}.")
    private int nodesPerDatacenter;

    @Option(
            names = "--port",
            defaultValue = "8081",
            description = "From which port on free ones are taken; ${DEFAULT-VALUE}.")
    private int firstPort;

    @Option(names = "--directory", defaultValue = "merklite-demo", description = "For data and logs; ${DEFAULT-VALUE}.")
    private Path directory = Path.of("");

    @Option(names = "--heap", defaultValue = "128m", description = "Heap of a node; ${DEFAULT-VALUE}.")
    private String heap = "";

    @Option(names = "--keep", description = "Keep the data of an earlier run.")
    private boolean isKeeping;

    @ArgGroup
    private Ending ending = new Ending();

    /** What comes after the rows were shown. */
    static final class Ending {
        @Option(names = "--once", description = "Stop by itself after the rows were read in the other datacenter.")
        private boolean isOnce;

        @Option(names = "--detach", description = "Leave the nodes running in the background.")
        private boolean isDetached;

        @Option(names = "--stop", description = "Start nothing: stop what --detach left running.")
        private boolean isStopping;
    }

    @Override
    public Integer call() {
        if (ending.isStopping) {
            say(LocalCluster.stop(directory.toAbsolutePath().normalize()) + " nodes stopped.");
            return ExitCode.OK.number();
        }
        if (datacenterCount < 1 || datacenterCount > 8 || nodesPerDatacenter < 1 || nodesPerDatacenter > 9) {
            throw new ParameterException(command.commandLine(), "--datacenters must be 1 to 8, --nodes 1 to 9");
        }
        var plan = LocalPlan.of(directory, datacenterCount, nodesPerDatacenter, firstPort);
        say("Starting " + plan.nodes().size() + " nodes in " + datacenterCount + " datacenters …");
        var started = clock.instant();
        prepare(plan);
        var cluster = LocalCluster.start(
                plan, JavaCommand.ofThisProcess(heap, directory.toAbsolutePath().resolve("classes.aot")));
        // From here on the nodes end with this process, whatever ends it, unless they are left running on purpose.
        var isStopped = new AtomicBoolean();
        var stop = new Thread(() -> stopOnce(cluster, isStopped), "stop-nodes");
        Runtime.getRuntime().addShutdownHook(stop);
        cluster.awaitReady(this::isReady, PATIENCE, clock);
        say("All nodes are up after "
                + Duration.between(started, clock.instant()).toSeconds() + " s.\n");
        return show(cluster, stop, isStopped);
    }

    private int show(LocalCluster cluster, Thread stop, AtomicBoolean isStopped) {
        var showcase = new Showcase(cluster.plan(), this::client, out(), clock);
        showcase.show();
        if (ending.isOnce) {
            stopOnce(cluster, isStopped);
            return ExitCode.OK.number();
        }
        if (ending.isDetached) {
            Runtime.getRuntime().removeShutdownHook(stop);
            var numbers = cluster.processIds().stream().map(String::valueOf).toList();
            showcase.explain("kill " + String.join(" ", numbers));
            return ExitCode.OK.number();
        }
        showcase.explain("Ctrl-C");
        cluster.awaitExits(node -> say("Node " + node.name() + " has ended."));
        return ExitCode.OK.number();
    }

    private static void stopOnce(LocalCluster cluster, AtomicBoolean isStopped) {
        if (isStopped.compareAndSet(false, true)) {
            cluster.stop();
        }
    }

    private void prepare(LocalPlan plan) {
        try {
            Files.createDirectories(plan.directory());
            if (!isKeeping) {
                for (var node : plan.nodes()) {
                    delete(plan.directory().resolve(node.name()));
                }
            }
        } catch (IOException e) {
            throw new NodeException.UnusableFile(
                    plan.directory(), "cannot be prepared", "Name a writable --directory", e);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (var files = Files.walk(folder)) {
                for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private boolean isReady(LocalPlan.Node node) {
        try (var client = client(node.url())) {
            client.get("health/ready");
            return true;
        } catch (NodeException.Unreachable | NodeException.Refused notYet) {
            return false;
        }
    }

    private NodeClient client(String url) {
        return new NodeClient(URI.create(url), Optional.empty(), Optional.empty(), ANSWER_PATIENCE);
    }

    private void say(String text) {
        out().println(text);
        out().flush();
    }

    private PrintWriter out() {
        return command.commandLine().getOut();
    }
}
