package io.merklite.query.subscribe;

/** How SQLite compares values: NULL, then numbers by value, then text by its collation, then blobs by their bytes. */
final class ValueOrder {
    private static final double TWO_TO_63 = 0x1p63;

    private ValueOrder() {}

    /**
     * The one value that stands for all those that SQL calls equal to {@code value}: an integer for a real number that is
     * one, and the collation's key for a text. Two values compare equal exactly if their keys are equal.
     */
    static SqlValue key(SqlValue value, Collation collation) {
        return switch (value) {
            case SqlValue.Real(double real)
            when real == Math.rint(real) && real >= -TWO_TO_63 && real < TWO_TO_63 -> new SqlValue.Integer((long) real);
            case SqlValue.Text(String text)
            when collation != Collation.BINARY -> new SqlValue.Text(collation.key(text));
            default -> value;
        };
    }

    /** The order of two {@link #key keys}: negative, zero, or positive. */
    static int compareKeys(SqlValue left, SqlValue right) {
        if (left instanceof SqlValue.Integer(long first) && right instanceof SqlValue.Integer(long second)) {
            return Long.compare(first, second);
        }
        var leftRank = rank(left);
        var rightRank = rank(right);
        if (leftRank != rightRank) {
            return Integer.compare(leftRank, rightRank);
        }
        return switch (left) {
            case SqlValue.Null nothing -> 0;
            case SqlValue.Integer(long integer) ->
                right instanceof SqlValue.Integer(long other)
                        ? Long.compare(integer, other)
                        : compare(integer, ((SqlValue.Real) right).value());
            case SqlValue.Real(double real) ->
                right instanceof SqlValue.Integer(long other)
                        ? -compare(other, real)
                        : Double.compare(real, ((SqlValue.Real) right).value());
            case SqlValue.Text(String text) -> Collation.compareKeys(text, ((SqlValue.Text) right).value());
            case SqlValue.Blob blob -> blob.compareTo((SqlValue.Blob) right);
        };
    }

    private static int rank(SqlValue value) {
        return switch (value) {
            case SqlValue.Null nothing -> 0;
            case SqlValue.Integer integer -> 1;
            case SqlValue.Real real -> 1;
            case SqlValue.Text text -> 2;
            case SqlValue.Blob blob -> 3;
        };
    }

    /** Exact: turning the integer into a double first would call 2^53 and 2^53 + 1 equal. */
    private static int compare(long integer, double real) {
        if (real < -TWO_TO_63) {
            return 1;
        }
        if (real >= TWO_TO_63) {
            return -1;
        }
        var whole = (long) real;
        return integer != whole ? Long.compare(integer, whole) : Double.compare((double) whole, real);
    }
}
