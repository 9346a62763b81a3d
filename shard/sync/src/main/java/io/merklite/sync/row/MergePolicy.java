package io.merklite.sync.row;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.stamp.Stamp;

/**
 * Which of two values of a column survives when both were written on the same row.
 *
 * <p>A policy chooses by a total order of (value, stamp): that makes merging a lattice. All replicas of a database must
 * use the same policies.
 */
public interface MergePolicy {
    /**
     * The value written last. The default. Equal stamps with different values mean that an origin forked; the larger
     * value survives then, because the merge must converge all the same.
     */
    MergePolicy LAST_WRITER_WINS = (first, firstStamp, second, secondStamp) -> {
        var order = firstStamp.compareTo(secondStamp);
        return order != 0 ? order > 0 : ValueOrder.compare(first, second) >= 0;
    };

    /** The largest value, in SQLite's order; the later of two equal ones. */
    MergePolicy MAX = (first, firstStamp, second, secondStamp) -> {
        var order = ValueOrder.compare(first, second);
        return order != 0 ? order > 0 : firstStamp.compareTo(secondStamp) >= 0;
    };

    /** The smallest value that is not NULL, in SQLite's order; the later of two equal ones. */
    MergePolicy MIN = (first, firstStamp, second, secondStamp) -> {
        if (first instanceof ChangesetValue.Null != second instanceof ChangesetValue.Null) {
            return second instanceof ChangesetValue.Null;
        }
        var order = ValueOrder.compare(first, second);
        return order != 0 ? order < 0 : firstStamp.compareTo(secondStamp) >= 0;
    };

    /**
     * Whether the first of two values survives. Must be a pure function, and a total order: if a beats b and b beats c
     * then a beats c; of two that differ exactly one beats the other, whichever comes first.
     */
    boolean firstWins(ChangesetValue first, Stamp firstStamp, ChangesetValue second, Stamp secondStamp);
}
