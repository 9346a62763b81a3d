package io.merklite.sync.wire;

import io.merklite.sync.SyncException.TooLarge;

/**
 * Internal: what the frames inside one message may unpack to, all together.
 *
 * <p>Each frame checks its own body, and LZ4 makes 255 bytes of one. Without this sum a small message, made of many frames
 * that are compressed themselves, could take 255 times the memory that the limit of its size stands for.
 */
public final class NestedFrames {
    /** What honest senders put into a message is measured before it is compressed, and only about. */
    private static final int FACTOR = 4;

    private final String what;
    private final long maxSizeBytes;
    private long sizeBytes;

    /**
     * @param what what holds the frames, for errors
     * @param maxMessageBytes the largest message
     */
    public NestedFrames(String what, int maxMessageBytes) {
        this.what = what;
        this.maxSizeBytes = (long) FACTOR * maxMessageBytes;
    }

    /**
     * Counts a frame in, before it is unpacked.
     *
     * @param bodySizeBytes the size that it claims
     * @throws TooLarge if that is too much, with those before it
     */
    public void add(long bodySizeBytes) {
        sizeBytes += bodySizeBytes;
        if (sizeBytes > maxSizeBytes) {
            throw new TooLarge(what, sizeBytes, maxSizeBytes);
        }
    }
}
