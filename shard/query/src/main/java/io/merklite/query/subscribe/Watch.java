package io.merklite.query.subscribe;

import io.merklite.query.subscribe.Condition.Truth;
import java.util.BitSet;
import java.util.function.IntFunction;

/** One subscription's interest in one occurrence of a table. Equal only to itself. */
final class Watch {
    private final Subscription subscription;
    private final Dependencies.OnTable dependence;
    private final Scan scan;
    private boolean isGone;

    Watch(Subscription subscription, Dependencies.OnTable dependence, Scan scan) {
        this.subscription = subscription;
        this.dependence = dependence;
        this.scan = scan;
    }

    Subscription subscription() {
        return subscription;
    }

    Scan scan() {
        return scan;
    }

    boolean readsAll() {
        return dependence.readsAll();
    }

    BitSet columns() {
        return dependence.columns();
    }

    /** Whether nothing is left to find out: the subscription is due, or has ended. */
    boolean isSettled() {
        return isGone || subscription.isDue();
    }

    boolean isGone() {
        return isGone;
    }

    void end() {
        isGone = true;
    }

    /** Whether an update of these columns touches what the query reads. */
    boolean reads(BitSet touched) {
        return dependence.readsAll() || dependence.columns().intersects(touched);
    }

    /** Whether a row with these values may have a part in the result. */
    boolean mayMatter(IntFunction<SqlValue> row) {
        return scan.truth(row) != Truth.NO;
    }

    /**
     * Whether an update may show in the result: the row had a part in it, or has one now. If all that it touched decides on
     * nothing but that, it must also have come or gone.
     */
    boolean mayMatter(BitSet touched, IntFunction<SqlValue> oldRow, IntFunction<SqlValue> newRow) {
        if (!reads(touched)) {
            return false;
        }
        var before = scan.truth(oldRow);
        var after = scan.truth(newRow);
        if (before == Truth.UNSURE || after == Truth.UNSURE) {
            return true;
        }
        return decidesRowsOnly(touched) ? before != after : before == Truth.YES || after == Truth.YES;
    }

    private boolean decidesRowsOnly(BitSet touched) {
        if (dependence.readsAll()) {
            return false;
        }
        for (var column = touched.nextSetBit(0); column >= 0; column = touched.nextSetBit(column + 1)) {
            if (dependence.columns().get(column) && !dependence.inTermsOnly().get(column)) {
                return false;
            }
        }
        return true;
    }
}
