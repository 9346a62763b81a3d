package io.merklite.loadtest.gatling;

import io.merklite.loadtest.ChildJvm;
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
import java.util.function.Consumer;

/**
 * Command: starts two datacenters of three nodes, unless {@value Target#PROPERTY} names others, runs the simulations that are named as arguments, or
 * all, and prints a line for each. {@code rate} is {@link RateFinder}, and one of them. Nodes that it starts get a load that is not noted
 * first. Reports are in {@value #REPORTS}. Exit code 1 if one of them fails.
 */
public final class Simulations {
    /** System property that names the folder for Gatling's reports. */
    static final String REPORTS = "merklite.reports";

    private static final String RATE = "rate";
    private static final String SOURCE = "gatling";
    private static final String WARM_UP_RATE = "300";
    private static final int WARM_UP_LENGTHS = 4;

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

    /** What there is, in the order in which all run: what leaves thousands of open databases behind comes last. */
    private static List<String> names() {
        List<String> names = new ArrayList<>(all().keySet());
        names.add(names.indexOf("many-databases"), RATE);
        return names;
    }

    public static void main(String[] arguments) throws Exception {
        var chosen = arguments.length == 0 ? names() : List.of(arguments);
        for (var name : chosen) {
            if (!names().contains(name)) {
                throw new IllegalArgumentException("simulation " + name + ", must be one of " + names());
            }
        }
        System.exit(run(chosen, System.out::println) ? 0 : 1);
    }

    private static boolean run(List<String> chosen, Consumer<String> log) throws Exception {
        var gatling = new GatlingProcess(
                Path.of(System.getProperty(REPORTS, "target/gatling")).toAbsolutePath());
        log.accept("# reports are in " + gatling.reports());
        var given = System.getProperty(Target.PROPERTY, "");
        if (!given.isBlank()) {
            return run(chosen, gatling, given, log);
        }
        var directory = Files.createTempDirectory("merklite-gatling");
        log.accept("# starting two datacenters of three nodes in " + directory);
        try (var nodes = LocalNodes.start(LocalNodes.Options.local(directory, List.of(3, 3)), log)) {
            var addresses = Target.property(nodes.nodes());
            warmUp(gatling, addresses, log);
            return run(chosen, gatling, addresses, log);
        }
    }

    /**
     * On two cores the second compilers of six JVMs took a third of both for some minutes: nodes run with the first one only, as those of the local cluster do,
     * and that has to finish, too, or it would be measured.
     */
    private static void warmUp(GatlingProcess gatling, String nodes, Consumer<String> log)
            throws IOException, InterruptedException {
        var properties = properties(nodes);
        properties.put("merklite.rate", WARM_UP_RATE);
        var length = Load.ofProperties().length().multipliedBy(WARM_UP_LENGTHS);
        properties.put("merklite.seconds", Long.toString(length.toSeconds()));
        properties.put("merklite.load", "1");
        properties.put("merklite.speed", "false");
        gatling.run(SingleRowWrites.class, properties)
                .stats()
                .ifPresent(stats -> log.accept("# warm-up, not noted: " + stats));
    }

    private static boolean run(List<String> chosen, GatlingProcess gatling, String nodes, Consumer<String> log)
            throws Exception {
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

    /** Notes the figures of a run that passed, and of one with failed requests, which the page then tells. */
    private static boolean runOne(GatlingProcess gatling, String name, String nodes, Consumer<String> log)
            throws IOException, InterruptedException {
        var results = Results.ofProperty();
        var simulation = all().getOrDefault(name, AllAtOnce.class);
        var outcome = gatling.run(simulation, properties(nodes));
        var stats = outcome.stats().map(all -> all.after(Load.ofProperties().warmUp()));
        log.accept(name + ": " + (outcome.hasPassed() ? "passed" : "FAILED") + ", "
                + stats.map(GatlingProcess.Stats::toString).orElse("no report")
                + (outcome.hasPassed() ? "" : ": see " + simulation.getSimpleName() + ".log"));
        if (stats.isPresent() && (outcome.hasPassed() || stats.get().failedCount() > 0)) {
            results.put(SOURCE, figures(results, name, stats.get()));
        }
        return outcome.hasPassed();
    }

    private static List<Figure> figures(Results results, String name, GatlingProcess.Stats stats) {
        var prefix = "gatling." + name + ".";
        return List.of(
                results.figure(prefix + "done", (double) stats.doneCount(), "requests"),
                results.figure(prefix + "requests", stats.perSecond(), "/s"),
                results.figure(prefix + "p50", stats.medianMillis(), "ms"),
                results.figure(prefix + "p99", stats.p99Millis(), "ms"),
                results.figure(
                        prefix + "failed", (double) stats.failedCount(), "requests", "0", stats.failedCount() == 0));
    }

    /** Those of this JVM that begin as Merklite's do, and the nodes. */
    static Map<String, String> properties(String nodes) {
        var properties = ChildJvm.ownProperties();
        properties.put(Target.PROPERTY, nodes);
        return properties;
    }
}
