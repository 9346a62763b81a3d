package io.merklite.sync.row;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import java.math.BigInteger;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a row knows of one column. Cells of one column are a join-semilattice with {@link Unknown} as its bottom. */
public sealed interface Cell {
    /** Nothing is known: an update that left this column alone, or a column that this version does not have. */
    enum Unknown implements Cell {
        INSTANCE
    }

    /**
     * A value and when it was written; two of them merge by the table's {@link MergePolicy}.
     *
     * @param value the value, not undefined
     * @param stamp the row's birth, or the update that wrote it
     */
    record Register(ChangesetValue value, Stamp stamp) implements Cell {
        public Register {
            if (value instanceof ChangesetValue.Undefined) {
                throw new IllegalArgumentException("a register without a value, written " + stamp);
            }
        }

        private Register join(Register other, MergePolicy policy) {
            return policy.firstWins(value, stamp, other.value, other.stamp) ? this : other;
        }
    }

    /**
     * A number to which every origin adds; concurrent additions all count.
     *
     * @param base the value at the row's birth: an integer, a real, or NULL, which counts as 0
     * @param totals what each origin has added since, all in all
     */
    record Counter(ChangesetValue base, SortedMap<Origin, Total> totals) implements Cell {
        /**
         * What one origin has added since the birth of the row.
         *
         * @param clock when it added last: of two totals of one origin the later one includes the other
         * @param sum an integer or a real
         */
        public record Total(long clock, ChangesetValue sum) {}

        public Counter {
            requireNumber(base);
            totals = Collections.unmodifiableSortedMap(new TreeMap<>(totals));
            totals.values().forEach(total -> requireNumber(total.sum()));
        }

        /** The counter after {@code delta} was added by the origin of {@code stamp}. */
        public Counter add(ChangesetValue delta, Stamp stamp) {
            var raised = new TreeMap<>(totals);
            raised.merge(
                    stamp.origin(),
                    new Total(stamp.clock(), delta),
                    (before, added) -> new Total(added.clock(), sum(before.sum(), added.sum())));
            return new Counter(base, raised);
        }

        /** Base and totals added up in the order of origins: an integer unless one of them is a real. */
        public ChangesetValue value() {
            if (totals.isEmpty()) {
                return base;
            }
            var value = base;
            for (var total : totals.values()) {
                value = sum(value, total.sum());
            }
            return value;
        }

        private Counter join(Counter other) {
            var joined = new TreeMap<>(totals);
            other.totals.forEach((origin, total) ->
                    joined.merge(origin, total, (mine, theirs) -> mine.clock() >= theirs.clock() ? mine : theirs));
            return new Counter(base, joined);
        }

        private static ChangesetValue sum(ChangesetValue first, ChangesetValue second) {
            if (first instanceof ChangesetValue.Real || second instanceof ChangesetValue.Real) {
                return new ChangesetValue.Real(finite(real(first) + real(second)));
            }
            return new ChangesetValue.Integer(clamp(integer(first).add(integer(second))));
        }

        /** What must be added to {@code before} to get {@code after}; NULL counts as 0. */
        public static ChangesetValue difference(ChangesetValue after, ChangesetValue before) {
            return sum(
                    after,
                    before instanceof ChangesetValue.Real real
                            ? new ChangesetValue.Real(-real.value())
                            : new ChangesetValue.Integer(clamp(integer(before).negate())));
        }

        private static long clamp(BigInteger sum) {
            if (sum.bitLength() < Long.SIZE) {
                return sum.longValue();
            }
            return sum.signum() > 0 ? Long.MAX_VALUE : Long.MIN_VALUE;
        }

        private static BigInteger integer(ChangesetValue value) {
            return value instanceof ChangesetValue.Integer integer
                    ? BigInteger.valueOf(integer.value())
                    : BigInteger.ZERO;
        }

        private static double real(ChangesetValue value) {
            return value instanceof ChangesetValue.Real real
                    ? finite(real.value())
                    : integer(value).doubleValue();
        }

        /** Without this, sums of infinities would be no number, which SQLite stores as NULL. */
        private static double finite(double real) {
            return Math.max(-Double.MAX_VALUE, Math.min(Double.MAX_VALUE, real));
        }

        private static void requireNumber(ChangesetValue value) {
            switch (value) {
                case ChangesetValue.Integer integer -> {}
                case ChangesetValue.Real real -> {}
                case ChangesetValue.Null nothing -> {}
                default -> throw new IllegalArgumentException("a counter of " + value + ", must be a number or NULL");
            }
        }
    }

    /** The least cell that knows what both know. */
    default Cell join(Cell other, MergePolicy policy) {
        if (other instanceof Unknown) {
            return this;
        }
        return switch (this) {
            case Unknown unknown -> other;
            case Register mine -> other instanceof Register theirs ? mine.join(theirs, policy) : other;
            // A column that is a counter here and a register there was configured differently: the counter stays.
            case Counter mine -> other instanceof Counter theirs ? mine.join(theirs) : mine;
        };
    }
}
