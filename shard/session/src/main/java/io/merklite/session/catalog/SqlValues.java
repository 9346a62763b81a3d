package io.merklite.session.catalog;

import io.merklite.session.changeset.ChangesetValue;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Internal: values of rows as objects, to and from JDBC. The database's encoding must be UTF-8. */
public final class SqlValues {
    private SqlValues() {}

    /** The value at {@code column}, from 1, as it is stored. */
    public static ChangesetValue read(ResultSet row, int column) throws SQLException {
        return switch (row.getObject(column)) {
            case null -> ChangesetValue.NULL;
            case Integer integer -> new ChangesetValue.Integer(integer);
            case Long integer -> new ChangesetValue.Integer(integer);
            case Double real -> new ChangesetValue.Real(real);
            case byte[] blob -> ChangesetValue.Blob.wrap(blob);
            // What the driver could not decode is read again as bytes.
            case String text when text.indexOf('\uFFFD') >= 0 -> ChangesetValue.Text.wrap(row.getBytes(column));
            case String text -> ChangesetValue.Text.of(text);
            default ->
                throw new IllegalStateException(
                        "column " + column + " is a " + row.getObject(column).getClass());
        };
    }

    /** Whether {@link #bind} can bind {@code value}: the driver takes no text that is not UTF-8. */
    public static boolean isBindable(ChangesetValue value) {
        return !(value instanceof ChangesetValue.Text text) || decoded(text) != null;
    }

    /**
     * Binds {@code value} to {@code parameter}, from 1.
     *
     * @throws IllegalArgumentException if it is undefined, or not {@linkplain #isBindable bindable}
     */
    public static void bind(PreparedStatement statement, int parameter, ChangesetValue value) throws SQLException {
        if (!tryBind(statement, parameter, value)) {
            throw new IllegalArgumentException("text that is not UTF-8");
        }
    }

    /**
     * Binds {@code value} to {@code parameter}, from 1, if it is {@linkplain #isBindable bindable}.
     *
     * @return whether it was
     * @throws IllegalArgumentException if it is undefined
     */
    public static boolean tryBind(PreparedStatement statement, int parameter, ChangesetValue value)
            throws SQLException {
        switch (value) {
            case ChangesetValue.Integer integer -> statement.setLong(parameter, integer.value());
            case ChangesetValue.Real real -> statement.setDouble(parameter, real.value());
            case ChangesetValue.Text text -> {
                var decoded = decoded(text);
                if (decoded == null) {
                    return false;
                }
                statement.setString(parameter, decoded);
            }
            case ChangesetValue.Blob blob -> statement.setBytes(parameter, blob.toByteArray());
            case ChangesetValue.Null nothing -> statement.setNull(parameter, 0);
            case ChangesetValue.Undefined undefined -> throw new IllegalArgumentException("an undefined value");
        }
        return true;
    }

    /** The usual text is decoded once, and quickly: U+FFFD stands for what is not UTF-8, or for itself. */
    private static @Nullable String decoded(ChangesetValue.Text text) {
        var decoded = text.string();
        return decoded.indexOf('\uFFFD') < 0 ? decoded : decodedStrictly(text.view());
    }

    private static @Nullable String decodedStrictly(ByteBuffer utf8) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
        } catch (CharacterCodingException e) {
            return null; // not UTF-8: the answer, not a failure
        }
    }
}
