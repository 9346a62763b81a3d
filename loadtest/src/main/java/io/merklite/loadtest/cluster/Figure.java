package io.merklite.loadtest.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.merklite.loadtest.Bar;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A figure with its bar, printed as a line of JSON: the median of several runs, beside that of a rival if there is one.
 *
 * @param name what was measured, in words joined by dots
 * @param unit of everything
 * @param direction whether more is better
 * @param bar what it must reach; none if only the rival counts
 * @param runs what each run gave
 * @param rival who did the same in the same run
 */
record Figure(
        String name, String unit, Direction direction, Optional<Double> bar, List<Double> runs, Optional<Rival> rival) {
    private static final ObjectMapper JSON = new ObjectMapper();

    Figure {
        runs = List.copyOf(runs);
    }

    /** Which side of the bar is good. */
    enum Direction {
        AT_LEAST,
        AT_MOST
    }

    /**
     * Somebody else at the same work.
     *
     * @param name who
     * @param leastRatio how many times the rival's figure ours must be
     * @param runs what each run gave
     */
    record Rival(String name, double leastRatio, List<Double> runs) {
        Rival {
            runs = List.copyOf(runs);
        }
    }

    static Figure atLeast(String name, String unit, double bar, List<Double> runs) {
        return new Figure(name, unit, Direction.AT_LEAST, Optional.of(bar), runs, Optional.empty());
    }

    static Figure atMost(String name, String unit, double bar, List<Double> runs) {
        return new Figure(name, unit, Direction.AT_MOST, Optional.of(bar), runs, Optional.empty());
    }

    /** The same figure against somebody who does the same work: more is better. */
    Figure against(String rivalName, double leastRatio, List<Double> rivalRuns) {
        return new Figure(
                name,
                unit,
                direction,
                Optional.empty(),
                runs,
                Optional.of(new Rival(rivalName, leastRatio, rivalRuns)));
    }

    private static double median(List<Double> values) {
        return Bar.median(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    boolean isMet() {
        var value = median(runs);
        var reachesBar = bar.map(limit -> direction == Direction.AT_LEAST ? value >= limit : value <= limit);
        var reachesRival = rival.map(other -> value >= other.leastRatio() * median(other.runs()));
        return reachesBar.orElse(true) && reachesRival.orElse(true);
    }

    /** Prints the line, and the bar as all benchmarks print it. */
    void print() {
        System.out.println(this);
        System.out.println(barLine());
    }

    private String barLine() {
        var line = rival.map(other -> "cluster.%s.%s %.2f x >=%.2f"
                        .formatted(
                                name,
                                other.name().replaceAll("\\W+", "-"),
                                median(runs) / median(other.runs()),
                                other.leastRatio()))
                .orElseGet(() -> "cluster.%s %.2f %s %s%.0f"
                        .formatted(
                                name,
                                median(runs),
                                unit,
                                direction == Direction.AT_LEAST ? ">=" : "<=",
                                bar.orElse(0.0)));
        return "bar " + line + (isMet() ? " met" : " short");
    }

    @Override
    public String toString() {
        var json = JSON.createObjectNode();
        json.put("figure", name).put("value", rounded(median(runs))).put("unit", unit);
        bar.ifPresent(limit -> json.put("bar", limit));
        json.put("better", direction == Direction.AT_LEAST ? "higher" : "lower");
        rival.ifPresent(other -> json.put("rival", other.name())
                .put("rivalValue", rounded(median(other.runs())))
                .put("leastRatio", other.leastRatio())
                .put("ratio", rounded(median(runs) / median(other.runs()))));
        json.put("met", isMet());
        var list = json.putArray("runs");
        runs.forEach(run -> list.add(rounded(run)));
        rival.ifPresent(other -> {
            var others = json.putArray("rivalRuns");
            other.runs().forEach(run -> others.add(rounded(run)));
        });
        return json.toString();
    }

    private static double rounded(double value) {
        return Double.parseDouble(String.format(Locale.ROOT, "%.2f", value));
    }
}
