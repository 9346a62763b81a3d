package io.merklite.loadtest.gatling;

import io.merklite.loadtest.results.Figure;
import io.merklite.loadtest.results.Results;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Finds how many single-row writes a second the cluster sustains without an error, and how many with 99 of 100 done within
 * {@value #P99_LIMIT_MILLIS} ms.
 *
 * <p>The rate is offered whether or not answers come (an open model), and doubled from step to step, until a step is not
 * sustained: an error, or 5 of 100 writes wait longer than {@value #P95_LIMIT_MILLIS} ms, as they do when writes arrive faster than they are done.
 * Then it goes half way between the highest good and the lowest bad one, {@value #REFINEMENTS} times for each of the two. Each step is a run of
 * {@link SingleRowWrites} half as long as one that is run by itself.
 */
final class RateFinder {
    private static final double P99_LIMIT_MILLIS = 100;
    private static final double P95_LIMIT_MILLIS = 1000;
    private static final double FIRST_RATE = 100;
    private static final double GROWTH = 2;
    private static final int MAX_DOUBLINGS = 8;
    private static final int REFINEMENTS = 3;
    private static final double NONE_FAILED = Double.POSITIVE_INFINITY;
    private static final String SOURCE = "rate";

    private final GatlingProcess gatling;
    private final String nodes;
    private final Consumer<String> log;
    private final List<Step> steps = new ArrayList<>();

    RateFinder(GatlingProcess gatling, String nodes, Consumer<String> log) {
        this.gatling = gatling;
        this.nodes = nodes;
        this.log = log;
    }

    /**
     * What came of one rate.
     *
     * @param rate that was offered
     * @param stats what was counted
     */
    record Step(double rate, GatlingProcess.Stats stats) {
        boolean isSustained() {
            return stats.failedCount() == 0 && stats.p95Millis() <= P95_LIMIT_MILLIS;
        }

        boolean isFast() {
            return isSustained() && stats.p99Millis() <= P99_LIMIT_MILLIS;
        }
    }

    /** Finds both, and notes them with all steps. */
    void run() throws IOException, InterruptedException {
        var results = Results.ofProperty();
        var rate = FIRST_RATE;
        while (steps.size() < MAX_DOUBLINGS && step(rate).isSustained()) {
            rate *= GROWTH;
        }
        for (var i = 0; i < REFINEMENTS && worst(Step::isSustained) < NONE_FAILED; i++) {
            step((best(Step::isSustained) + worst(Step::isSustained)) / 2);
        }
        for (var i = 0; i < REFINEMENTS && worst(Step::isFast) < worst(Step::isSustained); i++) {
            step((best(Step::isFast) + worst(Step::isFast)) / 2);
        }
        List<Figure> figures = new ArrayList<>();
        figures.add(results.figure("rate.sustained", best(Step::isSustained), "writes/s"));
        figures.add(results.figure("rate.p99-within-100-ms", best(Step::isFast), "writes/s"));
        for (var step : steps) {
            var name = "rate.step.%.0f.".formatted(step.rate);
            figures.add(results.figure(name + "p50", step.stats.medianMillis(), "ms"));
            figures.add(results.figure(name + "p99", step.stats.p99Millis(), "ms"));
        }
        results.replace(SOURCE, figures); // steps of another run may be at other rates
        log.accept("sustained without errors: %.0f writes/s; with p99 within 100 ms: %.0f writes/s"
                .formatted(best(Step::isSustained), best(Step::isFast)));
    }

    private Step step(double rate) throws IOException, InterruptedException {
        Map<String, String> properties = Simulations.properties(nodes);
        properties.put("merklite.rate", String.format(Locale.ROOT, "%.0f", rate));
        properties.put(
                "merklite.seconds",
                Long.toString(Math.max(1, Load.ofProperties().length().toSeconds() / 2)));
        properties.put("merklite.load", "1");
        properties.put("merklite.speed", "false");
        var outcome = gatling.run(SingleRowWrites.class, properties);
        var stats = outcome.stats()
                .orElseThrow(() -> new IllegalStateException("no report of a step at " + rate + " writes/s: see "
                        + gatling.reports().resolve("SingleRowWrites.log")));
        var step = new Step(rate, stats);
        steps.add(step);
        log.accept("%.0f writes/s: %s%s"
                .formatted(rate, stats, step.isSustained() ? step.isFast() ? "" : " (slow)" : " (not sustained)"));
        return step;
    }

    /** The highest rate below which nothing failed the test; 0 if there is none. */
    private double best(Predicate<Step> test) {
        var limit = worst(test);
        return steps.stream()
                .filter(test)
                .mapToDouble(Step::rate)
                .filter(rate -> rate < limit)
                .max()
                .orElse(0);
    }

    /** The lowest rate that failed it; {@link #NONE_FAILED} if none did. */
    private double worst(Predicate<Step> test) {
        return steps.stream()
                .filter(test.negate())
                .mapToDouble(Step::rate)
                .min()
                .orElse(NONE_FAILED);
    }
}
