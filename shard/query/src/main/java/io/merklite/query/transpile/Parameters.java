package io.merklite.query.transpile;

import java.util.HashSet;
import java.util.Set;

/**
 * The numbers of a statement's parameters, as SQLite gives them in the order of the text. Clauses change places, so a
 * {@code ?} is written with the number it had.
 */
final class Parameters {
    private static final int MOST_DIGITS = 6;

    private final Set<String> names = new HashSet<>();
    private int largest;

    /** {@code parameter}, which is the next of its statement, with its number if it has neither name nor number. */
    Token numbered(Token parameter) {
        var text = parameter.text();
        if (text.equals("?")) {
            largest++;
            return new Token(
                    parameter.kind(),
                    Keyword.NONE,
                    "?" + largest,
                    parameter.start(),
                    parameter.end(),
                    parameter.spaced());
        }
        if (text.charAt(0) == '?') {
            var isInRange = text.length() <= MOST_DIGITS + 1;
            largest = Math.max(largest, isInRange ? Integer.parseInt(text.substring(1)) : 0);
        } else if (names.add(text)) {
            largest++;
        }
        return parameter;
    }
}
