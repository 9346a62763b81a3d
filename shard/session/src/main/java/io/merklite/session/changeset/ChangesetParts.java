package io.merklite.session.changeset;

import io.merklite.session.SessionException.MalformedChangeset;
import io.merklite.session.SessionException.StreamFailure;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * A changeset or patchset from a stream, cut into parts that are changesets of their own.
 *
 * <p>A part that goes on with the table of the part before repeats its header. Only one part is in memory at a time: at
 * least a chunk, at most a chunk and one change.
 *
 * <p>Not thread-safe. The stream is not closed.
 */
public final class ChangesetParts implements Iterator<byte[]> {
    private static final int CHUNK_SIZE_BYTES = 1 << 16;

    private final InputStream input;
    private byte[] buffer = new byte[CHUNK_SIZE_BYTES];
    private int size;
    private long offset;
    private boolean ended;
    /** The header that the rest of the buffer stands under; empty before the first. */
    private byte[] header = new byte[0];

    private int repeatedHeaderSizeBytes;

    /** The parts of {@code input}, from where it stands to its end. */
    public ChangesetParts(InputStream input) {
        this.input = input;
    }

    @Override
    public boolean hasNext() {
        if (size == 0 && !ended) {
            fill();
        }
        return size > 0;
    }

    /**
     * The next part.
     *
     * @throws MalformedChangeset with an offset in the whole stream
     * @throws StreamFailure if reading fails
     */
    @Override
    public byte[] next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the stream has ended");
        }
        if (buffer[0] == 'T' || buffer[0] == 'P') {
            header = new byte[0]; // another group begins here
        }
        while (true) {
            var part = Arrays.copyOf(header, header.length + size);
            System.arraycopy(buffer, 0, part, header.length, size);
            var cursor = new ChangesetCursor(part);
            var complete = 0;
            try {
                while (cursor.next()) {
                    complete = cursor.position();
                }
                complete = part.length;
            } catch (MalformedChangeset e) {
                if (!e.isTruncated() || ended) {
                    throw new MalformedChangeset(offset + e.offset() - header.length, e.found(), e.isTruncated());
                }
            }
            if (complete > header.length) {
                return take(part, complete);
            }
            grow();
        }
    }

    private byte[] take(byte[] part, int complete) {
        repeatedHeaderSizeBytes = header.length;
        var taken = complete - header.length;
        System.arraycopy(buffer, taken, buffer, 0, size - taken);
        size -= taken;
        offset += taken;
        var result = complete == part.length ? part : Arrays.copyOf(part, complete);
        header = lastHeader(result);
        if (!ended) {
            fill();
        }
        return result;
    }

    private static byte[] lastHeader(byte[] part) {
        var cursor = new ChangesetCursor(part);
        var from = 0;
        var to = 0;
        while (cursor.next()) {
            if (cursor.newGroup()) {
                from = cursor.headerOffset();
                to = cursor.changeOffset();
            }
        }
        return Arrays.copyOfRange(part, from, to);
    }

    private void grow() {
        buffer = Arrays.copyOf(buffer, Math.multiplyExact(buffer.length, 2));
        fill();
    }

    private void fill() {
        try {
            var read = input.readNBytes(buffer, size, buffer.length - size);
            ended = read < buffer.length - size;
            size += read;
        } catch (IOException e) {
            throw new StreamFailure("reading a changeset", e);
        }
    }

    /** How many bytes at the beginning of the last part repeat the header of the part before it. */
    int repeatedHeaderSizeBytes() {
        return repeatedHeaderSizeBytes;
    }
}
