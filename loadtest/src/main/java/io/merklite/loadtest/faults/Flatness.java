package io.merklite.loadtest.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Whether processes that lived through a whole run grew.
 *
 * <p>The rule: the run is cut into five parts of equal length. Of each node, the median of the last part is at most a quarter above that
 * of the second part, and at most a tenth plus 16 for handles. The first part is warm-up: pages of SQLite and of the heap are touched
 * for the first time.
 */
final class Flatness {
    private static final int PARTS = 5;
    private static final double MEMORY_FACTOR = 1.25;
    private static final double HANDLE_FACTOR = 1.1;
    private static final double HANDLE_MARGIN = 16;
    private static final int LEAST_SAMPLES = 2 * PARTS;

    private Flatness() {}

    /** What grew, in sentences; nothing if all is flat. */
    static List<String> complaints(List<Footprint> samples, long lengthSeconds) {
        List<String> complaints = new ArrayList<>();
        var byNode =
                samples.stream().collect(Collectors.groupingBy(Footprint::node, TreeMap::new, Collectors.toList()));
        byNode.forEach((node, own) -> {
            if (own.size() < LEAST_SAMPLES) {
                complaints.add("only " + own.size() + " samples of " + node);
                return;
            }
            compare(node, "resident MiB", own, lengthSeconds, Footprint::residentMiB, MEMORY_FACTOR, 0, complaints);
            compare(
                    node,
                    "handles",
                    own,
                    lengthSeconds,
                    Footprint::handleCount,
                    HANDLE_FACTOR,
                    HANDLE_MARGIN,
                    complaints);
        });
        return complaints;
    }

    private static void compare(
            String node,
            String what,
            List<Footprint> samples,
            long lengthSeconds,
            ToDoubleFunction<Footprint> value,
            double factor,
            double margin,
            List<String> complaints) {
        var early = median(samples, lengthSeconds, 1, value);
        var late = median(samples, lengthSeconds, PARTS - 1, value);
        if (late > early * factor + margin) {
            complaints.add("%s of %s went from %.0f to %.0f".formatted(what, node, early, late));
        }
    }

    /** The median of the samples of one part of the run; 0 if it has none. */
    static double median(List<Footprint> samples, long lengthSeconds, int part, ToDoubleFunction<Footprint> value) {
        var from = lengthSeconds * part / PARTS;
        var until = lengthSeconds * (part + 1) / PARTS;
        var sorted = samples.stream()
                .filter(sample -> sample.second() >= from && sample.second() < until)
                .mapToDouble(value)
                .sorted()
                .toArray();
        return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
    }
}
