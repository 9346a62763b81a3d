package io.merklite.query.subscribe;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What a term of a WHERE clause demands of one column, such as {@code grp = 1}.
 *
 * <p>A condition only tells whether the term is <em>true</em>: below AND it does not matter whether a term is false or
 * NULL, so SQL's third truth value is gone once the term is read. Values in it are {@link ValueOrder#key keys} under the
 * column's collation, with the column's affinity applied.
 */
sealed interface Condition {
    /** Whether a term is true. */
    enum Truth {
        NO,
        YES,
        /** The value can't be compared here as SQLite compares it. */
        UNSURE
    }

    /** Holds for no value: a comparison with NULL. */
    static Condition never(Collation collation) {
        return new OneOf(collation, Set.of(), false);
    }

    /** Holds for every value but NULL. */
    static Condition notNull(Collation collation) {
        return new NoneOf(collation, Set.of(), false);
    }

    Collation collation();

    /** Whether the condition holds for a key that is not NULL. */
    boolean holdsForKey(SqlValue key);

    /** Whether it holds for NULL. */
    boolean holdsForNull();

    /** Whether the term is true for {@code value}. */
    default Truth truth(SqlValue value) {
        if (value instanceof SqlValue.Null) {
            return holdsForNull() ? Truth.YES : Truth.NO;
        }
        if (value instanceof SqlValue.Text(String text) && !collation().isExact(text)) {
            return Truth.UNSURE;
        }
        return holdsForKey(ValueOrder.key(value, collation())) ? Truth.YES : Truth.NO;
    }

    /** {@code =}, {@code IN}, {@code IS}, {@code IS NULL}, and OR of these. */
    record OneOf(Collation collation, Set<SqlValue> keys, boolean holdsForNull) implements Condition {
        public OneOf {
            keys = Set.copyOf(keys);
        }

        @Override
        public boolean holdsForKey(SqlValue key) {
            return keys.contains(key);
        }

        /** This or {@code other}. */
        OneOf or(OneOf other) {
            Set<SqlValue> both = new HashSet<>(keys);
            both.addAll(other.keys);
            return new OneOf(collation, both, holdsForNull || other.holdsForNull);
        }

        /** This and another condition on the same column: the keys that meet it. */
        OneOf and(Condition other) {
            Set<SqlValue> left = new HashSet<>(keys);
            left.removeIf(Predicate.not(other::holdsForKey));
            return new OneOf(collation, left, holdsForNull && other.holdsForNull());
        }
    }

    /** {@code <>}, {@code NOT IN}, {@code IS NOT}, {@code IS NOT NULL}. */
    record NoneOf(Collation collation, Set<SqlValue> keys, boolean holdsForNull) implements Condition {
        public NoneOf {
            keys = Set.copyOf(keys);
        }

        @Override
        public boolean holdsForKey(SqlValue key) {
            return !keys.contains(key);
        }
    }

    /**
     * An end of a range.
     *
     * @param key where it is
     * @param inclusive whether the key itself belongs to the range
     */
    record Bound(SqlValue key, boolean inclusive) {}

    /** {@code <}, {@code <=}, {@code >}, {@code >=}, {@code BETWEEN}. Never holds for NULL. */
    record Range(Collation collation, Optional<Bound> low, Optional<Bound> high) implements Condition {
        @Override
        public boolean holdsForKey(SqlValue key) {
            return (low.isEmpty() || isAbove(key, low.get())) && (high.isEmpty() || isBelow(key, high.get()));
        }

        @Override
        public boolean holdsForNull() {
            return false;
        }

        /** This and another range of the same column. */
        Range and(Range other) {
            return new Range(
                    collation,
                    low.isPresent() && other.low.stream().noneMatch(bound -> isAbove(bound.key(), low.get()))
                            ? low
                            : other.low.or(() -> low),
                    high.isPresent() && other.high.stream().noneMatch(bound -> isBelow(bound.key(), high.get()))
                            ? high
                            : other.high.or(() -> high));
        }

        private static boolean isAbove(SqlValue key, Bound low) {
            var order = ValueOrder.compareKeys(key, low.key());
            return order > 0 || (order == 0 && low.inclusive());
        }

        private static boolean isBelow(SqlValue key, Bound high) {
            var order = ValueOrder.compareKeys(key, high.key());
            return order < 0 || (order == 0 && high.inclusive());
        }
    }
}
