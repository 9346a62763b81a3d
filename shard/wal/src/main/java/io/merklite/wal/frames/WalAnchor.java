package io.merklite.wal.frames;

/**
 * Where a reader stands in SQLite's write-ahead log: which generation of the file, how many of its frames, and the
 * running checksum after them, from which the next frame can be checked.
 *
 * @param salts the two salts of the generation, as one number, salt 1 in the high half
 * @param frameCount frames of this generation that were read
 * @param checksum the running checksum after them, checksum 1 in the high half
 * @param hasGeneration false before the first header was seen; the other fields are 0 then
 */
public record WalAnchor(long salts, int frameCount, long checksum, boolean hasGeneration) {
    /** Before the first header. */
    public static final WalAnchor NONE = new WalAnchor(0, 0, 0, false);
}
