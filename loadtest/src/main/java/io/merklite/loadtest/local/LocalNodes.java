package io.merklite.loadtest.local;

import io.merklite.loadtest.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The processes of a cluster on this machine, which can be killed, paused and cut off from each other.
 *
 * <p>A node that ends by itself, as one does that its cluster has removed, is started again, as a service manager would;
 * one that was killed comes back by {@link #start}.
 *
 * <p><b>Invariants.</b> (1) No process that this started lives after {@link #close}, which also runs when this JVM ends. (2) A process
 * is only signalled while its handle says that it lives.
 *
 * <p><b>Threading.</b> Thread-safe; blocks.
 */
public final class LocalNodes implements AutoCloseable {
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(40);
    private static final Duration RESTART_DELAY = Duration.ofSeconds(1);
    private static final Duration READY_PATIENCE = Duration.ofMinutes(3);

    private final List<LocalNode> nodes;
    private final Options options;
    private final LinkProxies proxies;
    private final Consumer<String> log;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, Process> processes = new HashMap<>();
    private final Set<String> wanted = new HashSet<>();
    private final Thread closing = new Thread(this::killAll, "kill-nodes");

    /**
     * How many nodes, and how they run.
     *
     * @param directory for everything; made if needed, and expected to be empty
     * @param nodesByDatacenter such as {@code [3, 3]}
     * @param jvmOptions for each node, such as {@code -Xmx128m}
     * @param settings HOCON beside what the cluster needs
     * @param hasProxies whether links can be cut; without proxies nodes reach each other as fast as they can
     */
    public record Options(
            Path directory,
            List<Integer> nodesByDatacenter,
            List<String> jvmOptions,
            String settings,
            boolean hasProxies) {
        public Options {
            nodesByDatacenter = List.copyOf(nodesByDatacenter);
            jvmOptions = List.copyOf(jvmOptions);
        }

        /** All nodes share few cores with whatever else runs here: a slow one is not a dead one. */
        private static final String PATIENT = "pekko.cluster.failure-detector.acceptable-heartbeat-pause = 10s";

        /** Nodes as in the local cluster: little memory, the first compiler only, nothing between them. */
        public static Options local(Path directory, List<Integer> nodesByDatacenter) {
            return new Options(
                    directory,
                    nodesByDatacenter,
                    List.of("-Xmx160m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                    PATIENT,
                    false);
        }

        /** The same with links that can be cut, for tests and faults. */
        public static Options quick(Path directory, List<Integer> nodesByDatacenter) {
            return local(directory, nodesByDatacenter).withProxies();
        }

        /** Nodes as in production, with little memory and nothing between them, for measurements. */
        public static Options fast(Path directory, List<Integer> nodesByDatacenter) {
            return new Options(directory, nodesByDatacenter, List.of("-Xmx256m", "-XX:+UseSerialGC"), PATIENT, false);
        }

        /** The same, where a node is taken for dead as early as one in production. */
        public Options withoutPatience() {
            return new Options(directory, nodesByDatacenter, jvmOptions, "", hasProxies);
        }

        /** The same, with links that can be cut. */
        public Options withProxies() {
            return new Options(directory, nodesByDatacenter, jvmOptions, settings, true);
        }
    }

    private LocalNodes(List<LocalNode> nodes, Options options, LinkProxies proxies, Consumer<String> log) {
        this.nodes = List.copyOf(nodes);
        this.options = options;
        this.proxies = proxies;
        this.log = log;
    }

    /** Starts all nodes and waits until each is ready. What happens is told to {@code log}. */
    public static LocalNodes start(Options options, Consumer<String> log) {
        try {
            var nodes = plan(options);
            var started = new LocalNodes(nodes, options, new LinkProxies(options.hasProxies ? nodes : List.of()), log);
            Runtime.getRuntime().addShutdownHook(started.closing);
            try {
                nodes.forEach(started::start);
                started.awaitReady();
            } catch (RuntimeException e) {
                started.close();
                throw e;
            }
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException("starting nodes in " + options.directory, e);
        }
    }

    private static List<LocalNode> plan(Options options) throws IOException {
        List<ServerSocket> ports = new ArrayList<>();
        List<LocalNode> nodes = new ArrayList<>();
        try {
            var most = options.nodesByDatacenter.stream()
                    .mapToInt(Integer::intValue)
                    .max()
                    .orElse(0);
            for (var number = 1; number <= most; number++) {
                for (var index = 0; index < options.nodesByDatacenter.size(); index++) {
                    if (number <= options.nodesByDatacenter.get(index)) {
                        var datacenter = String.valueOf((char) ('a' + index));
                        var name = datacenter + number;
                        var clusterPort = freePort(ports);
                        nodes.add(new LocalNode(
                                name,
                                datacenter,
                                nodes.size() + 1,
                                freePort(ports),
                                clusterPort,
                                options.hasProxies ? freePort(ports) : clusterPort,
                                Files.createDirectories(options.directory
                                        .toAbsolutePath()
                                        .normalize()
                                        .resolve(name))));
                    }
                }
            }
        } finally {
            for (var port : ports) {
                port.close();
            }
        }
        return nodes;
    }

    /** A port that is free, and held until all are chosen, so that none is chosen twice. */
    private static int freePort(List<ServerSocket> held) throws IOException {
        var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        held.add(socket);
        return socket.getLocalPort();
    }

    /** All nodes, in the order of their start; those of the datacenters take turns. */
    public List<LocalNode> nodes() {
        return nodes;
    }

    /** Names of the datacenters. */
    public List<String> datacenters() {
        return nodes.stream().map(LocalNode::datacenter).distinct().toList();
    }

    /** Starts a node that does not run. It finds its files. */
    public void start(LocalNode node) {
        lock.lock();
        try {
            wanted.add(node.name());
            var settings = Files.writeString(node.directory().resolve("node.conf"), settingsOf(node));
            var process = new ProcessBuilder(commandOf(settings))
                    .directory(node.directory().toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            node.directory().resolve("node.log").toFile()))
                    .start();
            process.getOutputStream().close();
            processes.put(node.name(), process);
            Thread.ofVirtual().name("watch-" + node).start(() -> watch(node, process));
        } catch (IOException e) {
            throw new UncheckedIOException("starting node " + node, e);
        } finally {
            lock.unlock();
        }
    }

    private void watch(LocalNode node, Process process) {
        try {
            var status = process.waitFor();
            if (isWanted(node)) {
                log.accept("# node " + node + " ended by itself with " + status + " and is started again");
                Waiting.pause(RESTART_DELAY);
                if (isWanted(node)) {
                    start(node);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isWanted(LocalNode node) {
        lock.lock();
        try {
            return wanted.contains(node.name());
        } finally {
            lock.unlock();
        }
    }

    private List<String> commandOf(Path settings) {
        List<String> jvmOptions = new ArrayList<>(options.jvmOptions);
        jvmOptions.addAll(List.of("-XX:+ExitOnOutOfMemoryError", "--enable-native-access=ALL-UNNAMED"));
        return new ChildJvm(
                        jvmOptions, Map.of(), "io.merklite.node.Main", List.of("node", "--config", settings.toString()))
                .command();
    }

    /**
     * A node whose first seed is itself starts a cluster of its own if nobody else answers in time. So only the very first node
     * is told that, and only before it has data.
     */
    private String settingsOf(LocalNode node) {
        var isFirstStart = !Files.exists(node.data());
        var seeds = nodes.stream()
                .filter(seed -> isFirstStart || !seed.equals(node))
                .limit(4)
                .map(seed -> "\"127.0.0.1:" + seed.clusterPort() + "\"")
                .collect(Collectors.joining(", "));
        return """
                merklite {
                  node-id = "%s"
                  data-directory = "%s"
                  cluster { datacenter = "%s", port = %d, seed-nodes = [%s] }
                  http.port = %d
                }
                pekko.remote.artery {
                  bind { hostname = "127.0.0.1", port = %d }
                  advanced.tcp.outbound-client-hostname = "%s"
                }
                %s
                """.formatted(
                        node.name(),
                        node.data(),
                        node.datacenter(),
                        node.clusterPort(),
                        seeds,
                        node.httpPort(),
                        node.bindPort(),
                        node.host(),
                        options.settings);
    }

    /** Waits until every node says that it is ready, and sees all others up. */
    public void awaitReady() {
        for (var node : nodes) {
            if (!Waiting.until(READY_PATIENCE, () -> NodeApi.of(node).isReady(nodes.size()))) {
                throw new IllegalStateException("node " + node + " is not ready after " + READY_PATIENCE
                        + ": see its node.log in " + node.directory());
            }
        }
    }

    /** Waits for {@code condition}. */
    public static void await(String what, Duration patience, BooleanSupplier condition) {
        if (!Waiting.until(patience, condition)) {
            throw new IllegalStateException(what + " has not come true after " + patience);
        }
    }

    /** Ends a node with SIGKILL, where there are signals. It does not come back before {@link #start}. */
    public void kill(LocalNode node) {
        var process = unwanted(node);
        process.destroyForcibly();
        awaitExit(process);
    }

    private Process unwanted(LocalNode node) {
        lock.lock();
        try {
            wanted.remove(node.name());
            return process(node).orElseThrow(() -> new IllegalStateException(node + " was never started"));
        } finally {
            lock.unlock();
        }
    }

    private Optional<Process> process(LocalNode node) {
        return Optional.ofNullable(processes.get(node.name()));
    }

    /** Stops a node's threads where they are (SIGSTOP). */
    public void pause(LocalNode node) {
        signal(node, "-STOP");
    }

    /** Lets a paused node go on (SIGCONT). */
    public void resume(LocalNode node) {
        signal(node, "-CONT");
    }

    private void signal(LocalNode node, String signal) {
        lock.lock();
        try {
            var process = process(node).filter(Process::isAlive);
            if (process.isPresent()) {
                var ended = new ProcessBuilder(
                                "kill", signal, Long.toString(process.get().pid()))
                        .inheritIO()
                        .start()
                        .waitFor();
                if (ended != 0) {
                    log.accept("# kill " + signal + " " + node + " ended with " + ended);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("there is no program 'kill' to signal " + node + " with", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + node + " was signalled", e);
        } finally {
            lock.unlock();
        }
    }

    /** Cuts all links between the nodes of one side and the rest. */
    public void isolate(Set<LocalNode> side) {
        for (var one : side) {
            for (var other : nodes) {
                if (!side.contains(other)) {
                    proxies.cut(one, other);
                    proxies.cut(other, one);
                }
            }
        }
    }

    /** All links are whole again. */
    public void mend() {
        proxies.mend();
    }

    /** Number of the node's process, while it lives. */
    public Optional<Long> processId(LocalNode node) {
        lock.lock();
        try {
            return process(node).filter(Process::isAlive).map(Process::pid);
        } finally {
            lock.unlock();
        }
    }

    /** Has all nodes leave and end; their files stay. */
    public void stop() {
        mend();
        nodes.forEach(this::resume);
        List<Process> running = nodes.stream().map(this::unwanted).toList();
        running.forEach(Process::destroy);
        running.forEach(process -> {
            if (!awaitExit(process)) {
                process.destroyForcibly();
            }
        });
    }

    private static boolean awaitExit(Process process) {
        try {
            return process.waitFor(STOP_PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a node ended", e);
        }
    }

    private void killAll() {
        lock.lock();
        try {
            wanted.clear();
            processes.values().forEach(Process::destroyForcibly);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        killAll();
        proxies.close();
        Runtime.getRuntime().removeShutdownHook(closing);
    }
}
