package io.merklite.session.apply;

import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Values of a change as parameters of a statement.
 *
 * <p>The driver takes text as a {@code String} only, which can't hold bytes that are not UTF-8. Such text is bound as a
 * blob to {@code CAST(? AS TEXT)}; {@link #newNeedsCast} tells when.
 */
final class BoundValue {
    private static final int INTEGER = 1;
    private static final int REAL = 2;
    private static final int TEXT = 3;
    private static final int BLOB = 4;

    private BoundValue() {}

    /** Binds the old value; false if it is text that is not UTF-8, bound as a blob that needs a cast. */
    static boolean bindOld(PreparedStatement statement, int parameter, ChangesetCursor change, int column)
            throws SQLException {
        return bind(
                statement,
                parameter,
                change,
                change.oldType(column),
                change.oldOffset(column),
                change.oldLength(column));
    }

    /** Binds the new value; false if it is text that is not UTF-8, bound as a blob that needs a cast. */
    static boolean bindNew(PreparedStatement statement, int parameter, ChangesetCursor change, int column)
            throws SQLException {
        return bind(
                statement,
                parameter,
                change,
                change.newType(column),
                change.newOffset(column),
                change.newLength(column));
    }

    static boolean oldNeedsCast(ChangesetCursor change, int column) {
        return change.oldType(column) == TEXT
                && text(change, change.oldOffset(column), change.oldLength(column)) == null;
    }

    static boolean newNeedsCast(ChangesetCursor change, int column) {
        return change.newType(column) == TEXT
                && text(change, change.newOffset(column), change.newLength(column)) == null;
    }

    /** The new value as the driver takes it; for text that is not UTF-8 its bytes, which need a cast. */
    static @Nullable Object newObject(ChangesetCursor change, int column) {
        return object(change, change.newType(column), change.newOffset(column), change.newLength(column));
    }

    /** The old value as the driver takes it; for text that is not UTF-8 its bytes, which need a cast. */
    static @Nullable Object oldObject(ChangesetCursor change, int column) {
        return object(change, change.oldType(column), change.oldOffset(column), change.oldLength(column));
    }

    /** Whether {@code value} of a value of type {@code type} needs a cast. */
    static boolean needsCast(int type, @Nullable Object value) {
        return type == TEXT && value instanceof byte[];
    }

    private static @Nullable Object object(ChangesetCursor change, int type, int offset, int length) {
        return switch (type) {
            case INTEGER -> (Object) change.longAt(offset);
            case REAL -> (Object) Double.longBitsToDouble(change.longAt(offset));
            case TEXT -> {
                var text = text(change, offset, length);
                yield text != null ? text : bytes(change, offset, length);
            }
            case BLOB -> bytes(change, offset, length);
            default -> null;
        };
    }

    private static boolean bind(
            PreparedStatement statement, int parameter, ChangesetCursor change, int type, int offset, int length)
            throws SQLException {
        switch (type) {
            case INTEGER -> statement.setLong(parameter, change.longAt(offset));
            case REAL -> statement.setDouble(parameter, Double.longBitsToDouble(change.longAt(offset)));
            case TEXT -> {
                var text = text(change, offset, length);
                if (text == null) {
                    statement.setBytes(parameter, bytes(change, offset, length));
                    return false;
                }
                statement.setString(parameter, text);
            }
            case BLOB -> statement.setBytes(parameter, bytes(change, offset, length));
            default -> statement.setNull(parameter, 0);
        }
        return true;
    }

    private static byte[] bytes(ChangesetCursor change, int offset, int length) {
        return Arrays.copyOfRange(change.bytes(), offset, offset + length);
    }

    /** The text at {@code offset}; null if it is not UTF-8. */
    private static @Nullable String text(ChangesetCursor change, int offset, int length) {
        var bytes = change.bytes();
        for (var i = offset; i < offset + length; i++) {
            if (bytes[i] < 0) {
                return decoded(bytes, offset, length);
            }
        }
        return new String(bytes, offset, length, StandardCharsets.ISO_8859_1);
    }

    private static @Nullable String decoded(byte[] bytes, int offset, int length) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, offset, length))
                    .toString();
        } catch (CharacterCodingException e) {
            return null; // the caller casts
        }
    }

    /**
     * Reads a value of a row as it is stored.
     *
     * @param utf8 whether the database's encoding is UTF-8, so that the bytes of text can be had unchanged
     */
    static ChangesetValue read(ResultSet row, int column, boolean utf8) throws SQLException {
        return switch (row.getObject(column)) {
            case null -> ChangesetValue.NULL;
            case Integer integer -> new ChangesetValue.Integer(integer);
            case Long integer -> new ChangesetValue.Integer(integer);
            case Double real -> new ChangesetValue.Real(real);
            case byte[] blob -> ChangesetValue.Blob.copyOf(blob);
            case String text
            when utf8 && text.indexOf('\uFFFD') >= 0 -> ChangesetValue.Text.copyOf(row.getBytes(column));
            case String text -> ChangesetValue.Text.of(text);
            default ->
                throw new IllegalStateException(
                        "column " + column + " is a " + row.getObject(column).getClass());
        };
    }
}
