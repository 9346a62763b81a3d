package io.merklite.loadtest.journal;

import com.sun.management.OperatingSystemMXBean;
import com.typesafe.config.ConfigFactory;
import io.merklite.loadtest.Bar;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * The bars of the journal: appends a second, on disk, of events of 500 bytes. Prints a line {@code bar NAME VALUE UNIT
 * LIMIT met|short} for each; the value is microseconds per append, so that less is better. In turn with it runs Pekko's
 * journal in memory, which says how much of the machine there was: alone on two cores it takes 250,000, 360,000 and
 * 475,000 appends a second.
 *
 * <p>Properties: {@code journal.runs} (3), {@code journal.seconds} of each run (4), {@code journal.warm.seconds} before
 * it (3).
 */
public final class JournalBars {
    private static final int RUNS = Integer.getInteger("journal.runs", 3);
    private static final int SECONDS = Integer.getInteger("journal.seconds", 4);
    private static final int WARM_SECONDS = Integer.getInteger("journal.warm.seconds", 3);
    private static final int EVENT_BYTES = 500;
    private static final String JOURNAL = "merklite.journal.write";
    private static final String MEMORY = "pekko.persistence.journal.inmem";
    private static final double MICROS = 1e6;
    private static final OperatingSystemMXBean PROCESS =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private JournalBars() {}

    /** What a number of actors is to reach. */
    private record Case(int actors, double leastPerSecond) {}

    public static void main(String[] arguments) throws Exception {
        for (var measured : List.of(new Case(1, 4_600), new Case(16, 34_000), new Case(256, 65_000))) {
            var rates = new double[RUNS];
            for (var run = 0; run < RUNS; run++) {
                run(measured.actors(), MEMORY);
                rates[run] = run(measured.actors(), JOURNAL);
            }
            var rate = Bar.median(rates);
            System.out.println(new Bar(
                    "journal.append.actors." + measured.actors(),
                    MICROS / rate,
                    "us",
                    MICROS / measured.leastPerSecond()));
        }
    }

    private static double run(int actors, String plugin) throws Exception {
        var directory = Files.createTempDirectory("journal-bars");
        try {
            return measure(directory, actors, plugin);
        } finally {
            delete(directory);
        }
    }

    private static double measure(Path directory, int actors, String plugin) throws Exception {
        var file = directory.resolve("journal.sqlite");
        var config = ConfigFactory.parseMap(
                        Map.of("merklite.journal.path", file.toString(), "pekko.log-dead-letters", "off"))
                .withFallback(ConfigFactory.load());
        var system = ActorSystem.create(Behaviors.ignore(), "bars", config);
        var appended = new LongAdder();
        var latencies = new LatencyLog();
        List<ActorRef<Appender.Command>> appenders = IntStream.range(0, actors)
                .mapToObj(i -> system.systemActorOf(
                        Appender.create("appender-" + i, plugin, new byte[EVENT_BYTES], appended, latencies),
                        "appender-" + i,
                        Props.empty()))
                .toList();
        appenders.forEach(appender -> appender.tell(Appender.Append.INSTANCE));
        pass(Duration.ofSeconds(WARM_SECONDS));
        latencies.clear();
        var before = appended.sum();
        var cpuBefore = PROCESS.getProcessCpuTime();
        var began = System.nanoTime();
        pass(Duration.ofSeconds(SECONDS));
        var count = appended.sum() - before;
        var rate = count * 1e9 / (System.nanoTime() - began);
        var cpuMicros = (PROCESS.getProcessCpuTime() - cpuBefore) / 1e3 / count;
        System.out.printf(
                Locale.ROOT,
                "%s, %d actors: %.0f appends/s, p50 %.2f ms, p99 %.2f ms, %.1f us of processor each%n",
                plugin,
                actors,
                rate,
                latencies.quantileMillis(0.5),
                latencies.quantileMillis(0.99),
                cpuMicros);
        appenders.forEach(appender -> appender.tell(Appender.Stop.INSTANCE));
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
        return rate;
    }

    private static void pass(Duration time) {
        var end = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
