package io.merklite.query.transpile.functions;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;

/**
 * An argument of an SQL function.
 *
 * @param kind its storage class, of which integers and reals are one
 * @param text as SQLite prints it; of a BLOB, the text that its bytes are in UTF-8; empty for NULL
 */
record SqlValue(Kind kind, String text) {
    enum Kind {
        NULL,
        NUMBER,
        TEXT,
        BLOB
    }

    /** SQLite's own codes of storage classes. */
    private static final int INTEGER = 1;

    private static final int FLOAT = 2;
    private static final int TEXT = 3;
    private static final int BLOB = 4;

    private static final SqlValue NOTHING = new SqlValue(Kind.NULL, "");

    /** How the driver gives the argument at an index. */
    @FunctionalInterface
    interface At<T> {
        T at(int index) throws SQLException;
    }

    static SqlValue read(int index, At<Integer> type, At<String> text, At<byte[]> blob) throws SQLException {
        return switch (type.at(index)) {
            case INTEGER, FLOAT -> new SqlValue(Kind.NUMBER, text.at(index));
            case TEXT -> new SqlValue(Kind.TEXT, text.at(index));
            case BLOB -> new SqlValue(Kind.BLOB, utf8(blob.at(index)));
            default -> NOTHING;
        };
    }

    private static String utf8(byte[] bytes) throws SQLException {
        // The driver gives null for a BLOB of no bytes.
        if (bytes == null) {
            return "";
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new SQLException("a BLOB that is neither JSON nor markup: use hex() or base64() of it", e);
        }
    }

    boolean isNull() {
        return kind == Kind.NULL;
    }

    boolean isBlob() {
        return kind == Kind.BLOB;
    }
}
