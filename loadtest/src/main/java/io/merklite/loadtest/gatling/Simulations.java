package io.merklite.loadtest.gatling;

import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.results.Figure;
import io.merklite.loadtest.results.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;

/**
 * Command: starts two datacenters of three nodes, unless {@value Target#PROPERTY} names others, runs the simulations that are named as arguments, or
 * all, and prints a line for each. {@code rate} is {@link RateFinder}. Reports are in {@value #REPORTS}. Exit code 1 if one of
 * them fails.
 */
public final class Simulations {
    /** System property that names the folder for Gatling's reports. */
    static final String REPORTS = "merklite.reports";

    private static final String RATE = "rate";
    private static final String SOURCE = "gatling";

    private Simulations() {}

    private static Map<String, Class<? extends ClusterSimulation>> all() {
        Map<String, Class<? extends ClusterSimulation>> all = new LinkedHashMap<>();
        all.put("single-row-writes", SingleRowWrites.class);
        all.put("mixed", MixedReadsAndWrites.class);
        all.put("hot-rows", HotRows.class);
        all.put("large-transactions", LargeTransactions.class);
        all.put("subscription-fan-out", SubscriptionFanOut.class);
        all.put("reads-elsewhere", ReadsElsewhere.class);
        all.put("many-databases", ManyDatabases.class);
        return all;
    }

    public static void main(String[] arguments) throws Exception {
        List<String> chosen = new ArrayList<>(arguments.length == 0 ? all().keySet() : List.of(arguments));
        for (var name : chosen) {
            if (!all().containsKey(name) && !name.equals(RATE)) {
                throw new IllegalArgumentException(
                        "simulation " + name + ", must be one of " + all().keySet() + " or " + RATE);
            }
        }
        System.exit(run(chosen, System.out::println) ? 0 : 1);
    }

    private static boolean run(List<String> chosen, Consumer<String> log) throws Exception {
        if (!System.getProperty(Target.PROPERTY, "").isBlank()) {
            return run(chosen, System.getProperty(Target.PROPERTY), log);
        }
        var directory = Files.createTempDirectory("merklite-gatling");
        log.accept("# starting two datacenters of three nodes in " + directory);
        try (var nodes = LocalNodes.start(LocalNodes.Options.fast(directory, List.of(3, 3)), log)) {
            return run(chosen, Target.property(nodes.nodes()), log);
        }
    }

    private static boolean run(List<String> chosen, String nodes, Consumer<String> log) throws Exception {
        var gatling = new GatlingProcess(
                Path.of(System.getProperty(REPORTS, "target/gatling")).toAbsolutePath());
        log.accept("# reports are in " + gatling.reports());
        var hasPassed = true;
        for (var name : chosen) {
            if (name.equals(RATE)) {
                new RateFinder(gatling, nodes, log).run();
            } else {
                hasPassed &= runOne(gatling, name, nodes, log);
            }
        }
        return hasPassed;
    }

    private static boolean runOne(GatlingProcess gatling, String name, String nodes, Consumer<String> log)
            throws IOException, InterruptedException {
        var results = Results.ofProperty();
        var simulation = all().getOrDefault(name, AllAtOnce.class);
        var outcome = gatling.run(simulation, properties(nodes));
        var stats = outcome.stats();
        log.accept(name + ": " + (outcome.hasPassed() ? "passed" : "FAILED") + ", "
                + stats.map(GatlingProcess.Stats::toString)
                        .orElse("no report: see " + simulation.getSimpleName() + ".log"));
        if (stats.isPresent()) {
            results.put(SOURCE, figures(results, name, stats.get()));
        }
        return outcome.hasPassed();
    }

    private static List<Figure> figures(Results results, String name, GatlingProcess.Stats stats) {
        var prefix = "gatling." + name + ".";
        return List.of(
                results.figure(prefix + "requests", stats.perSecond(), "/s"),
                results.figure(prefix + "p50", stats.medianMillis(), "ms"),
                results.figure(prefix + "p99", stats.p99Millis(), "ms"),
                results.figure(
                        prefix + "failed", (double) stats.failedCount(), "requests", "0", stats.failedCount() == 0));
    }

    /** Those of this JVM that begin as Merklite's do, and the nodes. */
    static Map<String, String> properties(String nodes) {
        Map<String, String> properties = new LinkedHashMap<>();
        Properties own = System.getProperties();
        for (var name : own.stringPropertyNames()) {
            if (name.startsWith("merklite.")) {
                properties.put(name, own.getProperty(name));
            }
        }
        properties.put(Target.PROPERTY, nodes);
        return properties;
    }
}
