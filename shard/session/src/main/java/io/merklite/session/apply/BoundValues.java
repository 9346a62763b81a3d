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
 * Values of a change as parameters of a statement, and of a row as values of a change.
 *
 * <p>The driver takes text as a {@code String} only, which can't hold bytes that are not UTF-8. Such text is bound as a
 * blob to {@code CAST(? AS TEXT)}; {@link #newNeedsCast} tells when. In a UTF-16 database the cast would take the bytes
 * for UTF-16, and SQLite replaces what is not UTF-8 when it stores text; so there the text is bound as it replaces it.
 */
final class BoundValues {
    private static final int INTEGER = 1;
    private static final int REAL = 2;
    private static final int TEXT = 3;
    private static final int BLOB = 4;

    private final boolean utf8;

    /** @param utf8 whether the database's encoding is UTF-8, so that bytes of text are kept as they are */
    BoundValues(boolean utf8) {
        this.utf8 = utf8;
    }

    boolean utf8() {
        return utf8;
    }

    /** Binds the old value; false if it is text that is not UTF-8, bound as a blob that needs a cast. */
    boolean bindOld(PreparedStatement statement, int parameter, ChangesetCursor change, int column)
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
    boolean bindNew(PreparedStatement statement, int parameter, ChangesetCursor change, int column)
            throws SQLException {
        return bind(
                statement,
                parameter,
                change,
                change.newType(column),
                change.newOffset(column),
                change.newLength(column));
    }

    boolean oldNeedsCast(ChangesetCursor change, int column) {
        return change.oldType(column) == TEXT
                && text(change, change.oldOffset(column), change.oldLength(column)) == null;
    }

    boolean newNeedsCast(ChangesetCursor change, int column) {
        return change.newType(column) == TEXT
                && text(change, change.newOffset(column), change.newLength(column)) == null;
    }

    /** The new value as the driver takes it; for text that is not UTF-8 its bytes, which need a cast. */
    @Nullable
    Object newObject(ChangesetCursor change, int column) {
        return object(change, change.newType(column), change.newOffset(column), change.newLength(column));
    }

    /** The old value as the driver takes it; for text that is not UTF-8 its bytes, which need a cast. */
    @Nullable
    Object oldObject(ChangesetCursor change, int column) {
        return object(change, change.oldType(column), change.oldOffset(column), change.oldLength(column));
    }

    /** Whether {@code value} of a value of type {@code type} needs a cast. */
    static boolean needsCast(int type, @Nullable Object value) {
        return type == TEXT && value instanceof byte[];
    }

    private @Nullable Object object(ChangesetCursor change, int type, int offset, int length) {
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

    private boolean bind(
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

    /** The text at {@code offset}; null if it is not UTF-8 and must keep its bytes. */
    private @Nullable String text(ChangesetCursor change, int offset, int length) {
        var bytes = change.bytes();
        for (var i = offset; i < offset + length; i++) {
            if (bytes[i] < 0) {
                return decoded(bytes, offset, length);
            }
        }
        return new String(bytes, offset, length, StandardCharsets.ISO_8859_1);
    }

    private @Nullable String decoded(byte[] bytes, int offset, int length) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, offset, length))
                    .toString();
        } catch (CharacterCodingException e) {
            return utf8 ? null : replaced(bytes, offset, length);
        }
    }

    /**
     * The text that SQLite makes of bytes that are not UTF-8 when it turns them into UTF-16: a lead byte takes whatever
     * continuation bytes follow, a stray one stands for itself, and what is no character becomes U+FFFD.
     */
    private static String replaced(byte[] bytes, int offset, int length) {
        var text = new StringBuilder(length);
        var end = offset + length;
        for (var i = offset; i < end; ) {
            var character = bytes[i++] & 0xff;
            if (character >= 0xc0) {
                character = leadBits(character);
                while (i < end && (bytes[i] & 0xc0) == 0x80) {
                    character = (character << 6) | (bytes[i++] & 0x3f);
                }
                var isCharacter = Integer.compareUnsigned(character, 0x80) >= 0
                        && (character & ~0x7ff) != 0xd800
                        && (character & ~1) != 0xfffe;
                character = isCharacter ? character : 0xfffd;
            }
            // Beyond the last plane SQLite drops the higher bits.
            text.appendCodePoint(
                    Integer.compareUnsigned(character, 0xffff) > 0
                            ? 0x10000 + ((character - 0x10000) & 0xfffff)
                            : character);
        }
        return text.toString();
    }

    /** The bits of the character in its first byte, also in the forms of five and six bytes that UTF-8 once had. */
    private static int leadBits(int lead) {
        if (lead < 0xe0) {
            return lead & 0x1f;
        }
        if (lead < 0xf0) {
            return lead & 0x0f;
        }
        if (lead < 0xf8) {
            return lead & 0x07;
        }
        return lead < 0xfc ? lead & 0x03 : lead == 0xfd ? 1 : 0;
    }

    /** Reads a value of a row as it is stored. */
    ChangesetValue read(ResultSet row, int column) throws SQLException {
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
