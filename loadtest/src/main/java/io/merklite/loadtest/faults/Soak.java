package io.merklite.loadtest.faults;

import io.merklite.loadtest.local.LocalNode;
import io.merklite.loadtest.local.Waiting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Command: mixed load for {@code [MINUTES [SEED [FOLDER]]]}, 30 by default, with a kill every minute.
 *
 * <p>The last node of each datacenter is never killed, so that memory and handles of a process are watched from the beginning to the end;
 * the others are killed by turns of chance. Exit code 1 if the history checker finds anything, replicas differ, or what
 * {@link Flatness} demands does not hold.
 */
public final class Soak {
    private static final Duration SAMPLE_INTERVAL = Duration.ofSeconds(10);
    private static final Duration KILL_INTERVAL = Duration.ofMinutes(1);
    private static final Duration AWAY = Duration.ofSeconds(5);
    private static final int CLIENTS = 8;
    private static final Duration CLIENT_PAUSE = Duration.ofMillis(150);
    private static final String SAMPLES = "footprint.csv";

    private Soak() {}

    public static void main(String[] arguments) throws Exception {
        var minutes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 30;
        var seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.nanoTime();
        var directory = arguments.length > 2 ? Path.of(arguments[2]) : Files.createTempDirectory("merklite-soak");
        System.exit(run(directory, Duration.ofMinutes(minutes), seed, System.out::println) ? 0 : 1);
    }

    /** Whether all went well. */
    static boolean run(Path directory, Duration length, long seed, Consumer<String> log) throws Exception {
        log.accept("# soak: seed " + seed + ", " + length.toMinutes() + " minutes, files in " + directory);
        var random = new SplittableRandom(seed);
        List<Footprint> samples = Collections.synchronizedList(new ArrayList<>());
        try (var run = FaultRun.start(directory, List.of(3, 3), log)) {
            var begin = System.nanoTime();
            run.load(CLIENTS, CLIENT_PAUSE, seed);
            var observed = run.cluster().datacenters().stream()
                    .map(datacenter -> lastOf(run, datacenter))
                    .toList();
            var victims = run.cluster().nodes().stream()
                    .filter(node -> !observed.contains(node))
                    .toList();
            var sampler = Thread.ofVirtual().start(() -> sample(run, observed, samples, begin, length));
            var kills = 0;
            while (System.nanoTime() - begin < length.toNanos()) {
                var due = begin + KILL_INTERVAL.toNanos() * ++kills;
                run.happen(new Fault.Kill(victims.get(random.nextInt(victims.size())), AWAY));
                Waiting.pause(Duration.ofNanos(
                        Math.max(0, Math.min(due, begin + length.toNanos()) - System.nanoTime())));
            }
            sampler.join();
            var anomalies = run.reckon();
            Files.write(
                    directory.resolve(SAMPLES),
                    samples.stream().map(Footprint::csv).toList());
            var growth = Flatness.complaints(samples, length.toSeconds());
            observed.forEach(node -> tell(node, samples, length, log));
            growth.forEach(complaint -> log.accept("# not flat: " + complaint));
            log.accept("# " + kills + " kills, " + anomalies.size() + " anomalies, "
                    + (growth.isEmpty() ? "flat" : "not flat"));
            return anomalies.isEmpty() && growth.isEmpty();
        }
    }

    private static LocalNode lastOf(FaultRun run, String datacenter) {
        return run.cluster().nodes().stream()
                .filter(node -> node.datacenter().equals(datacenter))
                .reduce((one, next) -> next)
                .orElseThrow(() -> new IllegalStateException("no node in datacenter " + datacenter));
    }

    private static void sample(
            FaultRun run, List<LocalNode> observed, List<Footprint> samples, long begin, Duration length) {
        for (var elapsed = Duration.ZERO; elapsed.compareTo(length) < 0; elapsed = elapsed.plus(SAMPLE_INTERVAL)) {
            var due = begin + elapsed.toNanos();
            Waiting.pause(Duration.ofNanos(Math.max(0, due - System.nanoTime())));
            for (var node : observed) {
                Footprint.of(run.cluster(), node, elapsed.toSeconds()).ifPresent(samples::add);
            }
        }
    }

    /** Medians of the fifths of the run. */
    private static void tell(LocalNode node, List<Footprint> samples, Duration length, Consumer<String> log) {
        var own = samples.stream()
                .filter(sample -> sample.node().equals(node.name()))
                .toList();
        var parts = List.of(0, 1, 2, 3, 4).stream()
                .map(part -> "%.0f MiB resident, %.0f MiB heap, %.0f handles"
                        .formatted(
                                Flatness.median(own, length.toSeconds(), part, Footprint::residentMiB),
                                Flatness.median(own, length.toSeconds(), part, Footprint::heapMiB),
                                Flatness.median(own, length.toSeconds(), part, Footprint::handleCount)))
                .collect(Collectors.joining("; "));
        log.accept("# " + node + ", medians of fifths: " + parts);
    }
}
