package io.merklite.loadtest;

import java.util.Arrays;
import java.util.Locale;

/**
 * A figure and the most it may be.
 *
 * @param name what was measured, in words joined by dots
 * @param value the median of several runs
 * @param unit of value and limit
 * @param limit the bar
 */
public record Bar(String name, double value, String unit, double limit) {
    /** {@code bar <name> <value> <unit> <limit> met|short}. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "bar %s %.2f %s %.2f %s", name, value, unit, limit, value <= limit ? "met" : "short");
    }

    /** The middle of {@code values}, which are sorted on the way. */
    public static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
