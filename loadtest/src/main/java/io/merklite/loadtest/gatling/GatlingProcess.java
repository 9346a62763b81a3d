package io.merklite.loadtest.gatling;

import io.merklite.loadtest.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Gatling in a JVM of its own, since it ends the one that it runs in, and so that no run warms up the next.
 *
 * @param reports folder for Gatling's reports
 */
record GatlingProcess(Path reports) {
    private static final List<String> OPTIONS = List.of(
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", // it lives for half a minute, on the cores of the nodes
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED"); // Gatling makes strings without copying

    private static final String CONFIGURATION = "io/merklite/loadtest/gatling/logback.xml";

    /**
     * How a run ended.
     *
     * @param hasPassed whether all assertions hold, and datacenters became equal
     * @param report folder of its report, if it got that far
     * @param stats figures of all requests together, if it got that far
     */
    record Outcome(boolean hasPassed, Optional<Path> report, Optional<Stats> stats) {}

    /**
     * What Gatling counted.
     *
     * @param doneCount requests that were answered as they should
     * @param failedCount requests that were not
     * @param perSecond requests a second
     * @param medianMillis half are faster
     * @param p95Millis 95 of 100 are faster
     * @param p99Millis 99 of 100 are faster
     */
    record Stats(
            long doneCount,
            long failedCount,
            double perSecond,
            double medianMillis,
            double p95Millis,
            double p99Millis) {
        private static final Pattern ROW =
                Pattern.compile("> ([^|]+?) *\\| *([\\d,.]+) *\\| *([\\d,.]+|-) *\\| *([\\d,.]+|-)");

        /** Those of the last table that Gatling printed: it writes no file for programs. */
        static Optional<Stats> inLog(List<String> lines) {
            Map<String, double[]> rows = new HashMap<>();
            for (var line : lines) {
                var row = ROW.matcher(line.strip());
                if (row.matches()) {
                    rows.put(row.group(1), new double[] {number(row, 2), number(row, 3), number(row, 4)});
                }
            }
            return Optional.ofNullable(rows.get("request count"))
                    .map(counts -> new Stats(
                            (long) counts[1],
                            (long) counts[2],
                            total(rows, "mean throughput (rps)"),
                            total(rows, "response time 50th percentile (ms)"),
                            total(rows, "response time 95th percentile (ms)"),
                            total(rows, "response time 99th percentile (ms)")));
        }

        /** The same, where the rate is that of the time after the warm-up, in which nothing was counted. */
        Stats after(Duration warmUp) {
            var count = doneCount + failedCount;
            var seconds = count / perSecond - warmUp.toMillis() / 1000.0;
            return count == 0 || seconds <= 0
                    ? this
                    : new Stats(doneCount, failedCount, count / seconds, medianMillis, p95Millis, p99Millis);
        }

        private static double total(Map<String, double[]> rows, String name) {
            var row = rows.get(name);
            if (row == null) {
                throw new IllegalStateException("Gatling printed no row \"" + name + "\": its format has changed");
            }
            return row[0];
        }

        private static double number(MatchResult row, int group) {
            var text = row.group(group).replace(",", "");
            return text.equals("-") ? 0 : Double.parseDouble(text);
        }

        @Override
        public String toString() {
            return "%d done, %d failed, %.0f/s, p50 %.0f ms, p99 %.0f ms"
                    .formatted(doneCount, failedCount, perSecond, medianMillis, p99Millis);
        }
    }

    /**
     * Runs a simulation to its end.
     *
     * @param properties system properties
     */
    Outcome run(Class<? extends ClusterSimulation> simulation, Map<String, String> properties)
            throws IOException, InterruptedException {
        Files.createDirectories(reports);
        var before = folders();
        Map<String, String> all = new LinkedHashMap<>(properties);
        all.put("logback.configurationFile", CONFIGURATION);
        var gatling = new ChildJvm(
                OPTIONS, all, "io.gatling.app.Gatling", List.of("-s", simulation.getName(), "-rf", reports.toString()));
        var log = reports.resolve(simulation.getSimpleName() + ".log");
        var status = gatling.run(Optional.of(log));
        var report =
                folders().stream().filter(folder -> !before.contains(folder)).findFirst();
        return new Outcome(status == 0, report, Stats.inLog(Files.readAllLines(log)));
    }

    private List<Path> folders() throws IOException {
        try (var found = Files.list(reports)) {
            return found.filter(Files::isDirectory).toList();
        }
    }
}
