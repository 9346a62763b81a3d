package io.merklite.loadtest.results;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One thing that was measured.
 *
 * @param name words joined by dots, the group first; one name stands for one thing for ever
 * @param value what it was
 * @param unit of the value
 * @param limit the bar, in words or as a number; if there is one
 * @param isMet whether the bar was reached; true if there is none
 * @param measuredAt when, as RFC 3339
 * @param loadAverage how many threads wanted to run on the machine when the measurement began; below 0 if unknown
 */
public record Figure(
        String name,
        double value,
        String unit,
        Optional<String> limit,
        boolean isMet,
        String measuredAt,
        double loadAverage) {
    private static final Pattern WORDS = Pattern.compile("[.-]");

    /** The first word of the name. */
    public String group() {
        return WORDS.split(name, 2)[0];
    }

    /** The limit as a number, if it is one. */
    public Optional<Double> limitNumber() {
        return limit.flatMap(text -> {
            try {
                return Optional.of(Double.parseDouble(text));
            } catch (NumberFormatException inWords) {
                return Optional.empty();
            }
        });
    }
}
