package io.merklite.loadtest.cluster;

import io.merklite.loadtest.local.LocalNode;
import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.NodeApi;
import io.merklite.loadtest.local.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Command: what 10,000 databases cost that a node knows and nobody uses: memory beside an empty node's, and time of a processor.
 * The databases are made, then the node starts again, and is left alone. Needs {@code /proc}.
 *
 * <p>Property: {@code figures.databases} (10000).
 */
public final class IdleBars {
    private static final int DATABASES = Integer.getInteger("figures.databases", 10_000);
    private static final int CREATORS = 16;
    private static final Duration SETTLING = Duration.ofSeconds(20);
    private static final Duration WATCHED = Duration.ofSeconds(20);
    private static final double KIB_PER_MIB = 1024;

    private IdleBars() {}

    /** What a process takes. */
    private record Footprint(double residentMib, double processorPercent) {}

    public static void main(String[] arguments) throws Exception {
        try (var scratchpad = Scratchpad.make()) {
            var folder = scratchpad.path();
            try (var empty = Shop.start(folder.resolve("empty"), 1);
                    var full = Shop.start(folder.resolve("full"), 1)) {
                fill(full.nodes().getFirst());
                full.stop();
                empty.stop();
                var node = full.nodes().getFirst();
                full.start(node);
                empty.start(empty.nodes().getFirst());
                full.awaitReady();
                empty.awaitReady();
                requireKnown(node);
                Waiting.pause(SETTLING);
                var footprints = watch(List.of(processId(full), processId(empty)));
                var fullOne = footprints.getFirst();
                var emptyOne = footprints.getLast();
                System.out.printf(
                        "# with %d databases %.0f MiB, %.2f %% of a core; empty %.0f MiB, %.2f %%%n",
                        DATABASES,
                        fullOne.residentMib(),
                        fullOne.processorPercent(),
                        emptyOne.residentMib(),
                        emptyOne.processorPercent());
                Figure.atMost(
                                "idle.memory-over-empty",
                                "MiB",
                                256,
                                List.of(fullOne.residentMib() - emptyOne.residentMib()))
                        .print();
                Figure.atMost("idle.processor", "%", 2, List.of(fullOne.processorPercent()))
                        .print();
            }
        }
    }

    private static void fill(LocalNode node) throws InterruptedException {
        var begun = System.nanoTime();
        var next = new AtomicInteger();
        var threads = new Thread[CREATORS];
        for (var i = 0; i < CREATORS; i++) {
            threads[i] = Thread.ofVirtual().start(() -> {
                for (var number = next.getAndIncrement(); number < DATABASES; number = next.getAndIncrement()) {
                    NodeApi.of(node).create("db-" + number, Shop.CREATE);
                }
            });
        }
        for (var thread : threads) {
            thread.join();
        }
        System.out.printf("# made %d databases in %.0f s%n", DATABASES, (System.nanoTime() - begun) / 1e9);
    }

    /** The last one must be there, and the first, with its table. */
    private static void requireKnown(LocalNode node) throws IOException {
        try (var files = Files.list(node.directory().resolve("data/databases"))) {
            var count = files.filter(file -> file.toString().endsWith(".db")).count();
            if (count < DATABASES) {
                throw new IllegalStateException("only " + count + " databases have a file");
            }
        }
    }

    private static long processId(LocalNodes cluster) {
        return cluster.processId(cluster.nodes().getFirst())
                .orElseThrow(() -> new IllegalStateException("a node has ended"));
    }

    private static List<Footprint> watch(List<Long> processes) throws IOException {
        List<Duration> before = processes.stream().map(IdleBars::processorTime).toList();
        var begun = System.nanoTime();
        Waiting.pause(WATCHED);
        List<Footprint> footprints = new ArrayList<>();
        for (var i = 0; i < processes.size(); i++) {
            var used = processorTime(processes.get(i)).minus(before.get(i)).toNanos();
            footprints.add(new Footprint(residentMib(processes.get(i)), 100.0 * used / (System.nanoTime() - begun)));
        }
        return footprints;
    }

    private static Duration processorTime(long process) {
        return ProcessHandle.of(process)
                .flatMap(handle -> handle.info().totalCpuDuration())
                .orElseThrow(() -> new IllegalStateException("process " + process + " has ended"));
    }

    private static double residentMib(long process) throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc", Long.toString(process), "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Double.parseDouble(line.replaceAll("\\D", "")) / KIB_PER_MIB;
            }
        }
        throw new IllegalStateException("process " + process + " says nothing of its memory");
    }
}
