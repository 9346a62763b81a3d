package io.merklite.wal.format;

import io.merklite.wal.WalException;

/**
 * Internal: the header of {@code Container} alone, with a magic of its own, as the record of where a database file
 * stands. Kept in a small file beside the database.
 */
public final class PositionRecord {
    /** Its size. */
    public static final int BYTES = Container.HEADER_BYTES;

    private PositionRecord() {}

    public static byte[] encode(Tip tip) {
        return Container.encodeHeader(Container.POSITION, tip);
    }

    /**
     * @param bytes exactly {@link #BYTES} bytes
     * @throws WalException.Malformed if they are not such a record
     */
    public static Tip decode(byte[] bytes) {
        return Container.decodeHeader("position record", Container.POSITION, bytes);
    }
}
