package io.merklite.loadtest.faults;

import io.merklite.loadtest.history.Anomaly;
import io.merklite.loadtest.history.CheckHistory;
import io.merklite.loadtest.history.EndState;
import io.merklite.loadtest.history.HistoryChecker;
import io.merklite.loadtest.history.HistoryFile;
import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.NodeApi;
import io.merklite.loadtest.local.Replicas;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Load, faults, and the reckoning: see the package.
 *
 * <p><b>Threading.</b> A thread for each client, and the caller's for faults; {@link #close} ends all processes.
 */
public final class FaultRun implements AutoCloseable {
    /** All processes are on one machine with one clock; a stamp is taken between a request and its answer. */
    private static final Duration CLOCK_UNCERTAINTY = Duration.ofMillis(50);

    private static final Duration CONVERGENCE = Duration.ofMinutes(3);
    private static final int CLIENTS = 12;
    private static final Duration CLIENT_PAUSE = Duration.ofMillis(50);

    private final LocalNodes cluster;
    private final Path directory;
    private final Consumer<String> log;
    private final History history = new History();
    private final AtomicBoolean isOver = new AtomicBoolean();
    private final List<Thread> clients = new ArrayList<>();
    private final List<String> broken = Collections.synchronizedList(new ArrayList<>());

    private FaultRun(LocalNodes cluster, Path directory, Consumer<String> log) {
        this.cluster = cluster;
        this.directory = directory;
        this.log = log;
    }

    /** Starts a cluster, with tables. */
    static FaultRun start(Path directory, List<Integer> nodesByDatacenter, Consumer<String> log) throws IOException {
        Files.createDirectories(directory);
        var cluster = LocalNodes.start(LocalNodes.Options.quick(directory, nodesByDatacenter), log);
        try {
            Tables.create(NodeApi.of(cluster.nodes().getFirst()));
            new Replicas(cluster, Tables.DATABASE).awaitEqual(CONVERGENCE);
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
        return new FaultRun(cluster, directory, log);
    }

    LocalNodes cluster() {
        return cluster;
    }

    History history() {
        return history;
    }

    /** Starts clients, which go on until {@link #reckon}. */
    void load(int clientCount, Duration pause, long seed) {
        var shared = new AtomicReference<>(List.of("entry-none"));
        for (var session = 1; session <= clientCount; session++) {
            var client =
                    new Client(session, cluster.nodes(), seed, pause, FaultRun::nowMicros, history, shared, isOver);
            clients.add(Thread.ofVirtual()
                    .name("client-" + session)
                    .uncaughtExceptionHandler((thread, failure) -> broken.add(thread.getName() + ": " + failure))
                    .start(client));
        }
    }

    /** Has a fault happen, and waits until the cluster is whole again. */
    void happen(Fault fault) {
        var before = history.acknowledgedCount();
        var begun = nowMicros();
        fault.happen(cluster);
        cluster.awaitReady();
        log.accept("# %s; whole again after %.1f s, %d operations done meanwhile"
                .formatted(fault, (nowMicros() - begun) / 1e6, history.acknowledgedCount() - before));
    }

    /** Ends the load, waits until replicas are equal, stops all nodes and judges; what is broken. */
    List<Anomaly> reckon() throws IOException, InterruptedException {
        isOver.set(true);
        for (var client : clients) {
            client.join();
        }
        if (!broken.isEmpty()) {
            throw new IllegalStateException("clients broke down: " + broken);
        }
        var replicas = new Replicas(cluster, Tables.DATABASE);
        var begun = nowMicros();
        replicas.awaitEqual(CONVERGENCE);
        log.accept("# replicas equal %.1f s after the load".formatted((nowMicros() - begun) / 1e6));
        var conflicts = NodeApi.of(cluster.nodes().getFirst()).conflicts(Tables.DATABASE, "claim", "id");
        cluster.stop();
        Map<String, EndState.Replica> ends = new TreeMap<>();
        replicas.inFiles(Tables.ALL)
                .forEach((name, copy) ->
                        ends.put(name, new EndState.Replica(copy.root(), copy.values(), copy.complaints())));
        var end = new EndState(ends, conflicts);
        HistoryFile.write(directory.resolve(CheckHistory.HISTORY), history.operations());
        HistoryFile.writeEnd(directory.resolve(CheckHistory.END), end);
        var anomalies = HistoryChecker.realTime(CLOCK_UNCERTAINTY).check(history.operations(), end);
        log.accept("# " + history.summary());
        log.accept("# " + ends.size() + " replicas, roots "
                + ends.values().stream().map(EndState.Replica::root).distinct().toList() + ", "
                + ends.values().iterator().next().values().size() + " rows, " + conflicts.size()
                + " rows in the conflicts");
        anomalies.forEach(anomaly -> log.accept(anomaly.toString()));
        log.accept("# " + anomalies.size() + " anomalies");
        return anomalies;
    }

    @Override
    public void close() {
        isOver.set(true);
        cluster.close();
    }

    /** The clock that nodes have too. */
    private static long nowMicros() {
        var now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
    }

    /** Command: {@code [MINUTES [SEED [FOLDER]]]}; exit code 1 if anything is broken. */
    public static void main(String[] arguments) throws Exception {
        var minutes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
        var seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.nanoTime();
        var directory = arguments.length > 2 ? Path.of(arguments[2]) : Files.createTempDirectory("merklite-faults");
        System.exit(run(directory, Duration.ofMinutes(minutes), seed, System.out::println) ? 0 : 1);
    }

    /** Faults of all kinds for a while; whether nothing was broken. */
    private static boolean run(Path directory, Duration length, long seed, Consumer<String> log) throws Exception {
        log.accept("# faults: seed " + seed + ", " + length.toMinutes() + " minutes, files in " + directory);
        var end = System.nanoTime() + length.toNanos();
        var random = new SplittableRandom(seed);
        try (var run = FaultRun.start(directory, List.of(3, 3), log)) {
            run.load(CLIENTS, CLIENT_PAUSE, seed);
            while (System.nanoTime() < end) {
                run.happen(Fault.any(run.cluster(), run.cluster().nodes(), random));
            }
            return run.reckon().isEmpty();
        }
    }
}
