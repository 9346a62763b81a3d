package io.merklite.wal.replication;

import io.merklite.wal.format.Frame;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.LogWriter;
import io.merklite.wal.format.Tip;
import java.nio.file.Path;
import java.util.List;

/**
 * Frames in order, never empty. The last ends a transaction, unless the batch would have become too large.
 *
 * @param follows what the first of them follows
 * @param frames the frames
 */
public record FrameBatch(Tip follows, List<Frame> frames) {
    public FrameBatch {
        frames = List.copyOf(frames);
    }

    /** The number of the last frame. */
    public long lastFrameNumber() {
        return frames.getLast().number();
    }

    /** Writes them as a log to {@code path}. */
    public Log toLog(Path path) {
        try (var writer = LogWriter.create(path, follows)) {
            frames.forEach(writer::append);
            return writer.finish();
        }
    }
}
