package io.merklite.schema.merge;

import java.math.BigDecimal;
import java.util.Comparator;

/**
 * The state of one element: what the last writer made of it.
 *
 * @param stamp when it was written
 * @param isAlive false where it was dropped
 * @param name as written
 * @param definition the part of the SQL text that makes it, or made it; a key at its column begins with the column's name
 * @param place orders the columns, and the constraints, of a table; 0 for other kinds
 */
public record Element<S extends Comparable<? super S>>(
        S stamp, boolean isAlive, String name, String definition, BigDecimal place) {
    public Element {
        place = place.stripTrailingZeros();
    }

    /** The one that wins: the later stamp; with equal stamps (of one writer, hence equal elements) any fixed order does. */
    Element<S> join(Element<S> other) {
        return Comparator.<Element<S>, S>comparing(Element::stamp, (one, two) -> one.compareTo(two))
                                .thenComparing(Element::isAlive)
                                .thenComparing(Element::definition)
                                .thenComparing(Element::name)
                                .thenComparing(Element::place)
                                .compare(this, other)
                        >= 0
                ? this
                : other;
    }

    Element<S> dropped(S when) {
        return new Element<>(when, false, name, definition, place);
    }
}
