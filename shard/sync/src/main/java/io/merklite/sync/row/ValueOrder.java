package io.merklite.sync.row;

import io.merklite.session.changeset.ChangesetValue;
import java.math.BigDecimal;

/**
 * A total order of values: SQLite's (NULL, numbers, text, blobs; text and blobs by bytes), refined so that values that
 * SQLite calls equal and that differ, such as 1 and 1.0, have an order too.
 */
public final class ValueOrder {
    private ValueOrder() {}

    /** Negative, zero or positive, as the first value comes before, with or after the second. */
    public static int compare(ChangesetValue first, ChangesetValue second) {
        var byClass = Integer.compare(rank(first), rank(second));
        if (byClass != 0) {
            return byClass;
        }
        return switch (first) {
            case ChangesetValue.Undefined undefined -> 0;
            case ChangesetValue.Null nothing -> 0;
            case ChangesetValue.Text text -> text.compareBytes((ChangesetValue.Text) second);
            case ChangesetValue.Blob blob -> blob.compareBytes((ChangesetValue.Blob) second);
            case ChangesetValue.Integer integer -> compareNumbers(first, second);
            case ChangesetValue.Real real -> compareNumbers(first, second);
        };
    }

    private static int rank(ChangesetValue value) {
        return switch (value) {
            case ChangesetValue.Undefined undefined -> 0;
            case ChangesetValue.Null nothing -> 1;
            case ChangesetValue.Integer integer -> 2;
            case ChangesetValue.Real real -> 2;
            case ChangesetValue.Text text -> 3;
            case ChangesetValue.Blob blob -> 4;
        };
    }

    private static int compareNumbers(ChangesetValue first, ChangesetValue second) {
        if (first instanceof ChangesetValue.Integer one && second instanceof ChangesetValue.Integer other) {
            return Long.compare(one.value(), other.value());
        }
        if (first instanceof ChangesetValue.Real one && second instanceof ChangesetValue.Real other) {
            return Double.compare(one.value(), other.value());
        }
        return first instanceof ChangesetValue.Integer integer
                ? compareMixed(integer.value(), ((ChangesetValue.Real) second).value())
                : -compareMixed(((ChangesetValue.Integer) second).value(), ((ChangesetValue.Real) first).value());
    }

    /** Exact, also beyond 2^53; an integer comes before the real of the same value. */
    private static int compareMixed(long integer, double real) {
        if (Double.isNaN(real) || Double.isInfinite(real)) {
            return real == Double.NEGATIVE_INFINITY ? 1 : -1;
        }
        var order = BigDecimal.valueOf(integer).compareTo(new BigDecimal(real));
        return order != 0 ? order : -1;
    }
}
