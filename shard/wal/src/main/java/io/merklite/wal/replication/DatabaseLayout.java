package io.merklite.wal.replication;

import io.merklite.wal.format.Tip;

/**
 * What a database is made with, and cannot easily change later.
 *
 * @param pageSize bytes in a page, a power of two from 512 to 65,536
 * @param encoding of text
 * @param autoVacuum whether and how pages that become free leave the file
 */
public record DatabaseLayout(int pageSize, Encoding encoding, AutoVacuum autoVacuum) {
    private static final int USUAL_PAGE_SIZE = 4096;

    /** SQLite's text encodings. */
    public enum Encoding {
        UTF_8("UTF-8"),
        UTF_16LE("UTF-16le"),
        UTF_16BE("UTF-16be");

        private final String name;

        Encoding(String name) {
            this.name = name;
        }
    }

    /** SQLite's ways of vacuuming by itself. */
    public enum AutoVacuum {
        NONE,
        FULL,
        INCREMENTAL
    }

    public DatabaseLayout {
        if (!Tip.isPageSize(pageSize)) {
            throw new IllegalArgumentException("pageSize = " + pageSize + ", must be a power of two in [512, 65536]");
        }
    }

    /** SQLite's own defaults: pages of 4096 bytes, UTF-8, no automatic vacuum. */
    public static DatabaseLayout usual() {
        return new DatabaseLayout(USUAL_PAGE_SIZE, Encoding.UTF_8, AutoVacuum.NONE);
    }

    /** The same with pages of another size. */
    public DatabaseLayout withPageSize(int otherPageSize) {
        return new DatabaseLayout(otherPageSize, encoding, autoVacuum);
    }

    String encodingName() {
        return encoding.name;
    }
}
