package io.merklite.wal.format;

import io.merklite.wal.WalException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * A run of frames that follows a snapshot or another log.
 *
 * <p>The bytes name what they follow, are checked whenever they are used, and may be streamed from anywhere. Opening
 * one reads its header alone; {@link #verify} reads it all.
 *
 * <p><b>Threading.</b> Immutable, as long as its source is.
 */
public final class Log {
    private final ByteSource source;
    private final Tip follows;
    private volatile @Nullable Tip last;

    private Log(ByteSource source, Tip follows, @Nullable Tip last) {
        this.source = source;
        this.follows = follows;
        this.last = last;
    }

    static Log written(Path path, Tip follows, Tip last) {
        return new Log(() -> Files.newInputStream(path), follows, last);
    }

    /**
     * The log in a file.
     *
     * @throws WalException.Malformed if it does not begin as one
     */
    public static Log open(Path path) {
        return of(() -> Files.newInputStream(path));
    }

    /**
     * The log that {@code source} gives.
     *
     * @throws WalException.Malformed if it does not begin as one
     */
    public static Log of(ByteSource source) {
        try (var in = source.open()) {
            return new Log(source, new LogReader(in).follows(), null);
        } catch (IOException e) {
            throw new WalException.Storage("cannot read the log", e);
        }
    }

    /** What it follows. */
    public Tip follows() {
        return follows;
    }

    /** Where it leads. Reads all of it the first time, unless this process has written it. */
    public Tip last() {
        var known = last;
        return known != null ? known : verify();
    }

    /** Whether it has no frames. */
    public boolean isEmpty() {
        return last().position().equals(follows.position());
    }

    /** A fresh stream over all its bytes; the caller closes it. */
    public InputStream openStream() throws IOException {
        return source.open();
    }

    /** Reads and checks all of it; returns where it leads. */
    public Tip verify() {
        try (var in = source.open()) {
            var reader = new LogReader(in);
            reader.skipToEnd();
            last = reader.last();
            return reader.last();
        } catch (IOException e) {
            throw new WalException.Storage("cannot read the log", e);
        }
    }

    /** Copies it to {@code target}, which is replaced if it exists. Not synced to the disk. */
    public Log copyTo(Path target) {
        try (var in = source.open()) {
            Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new WalException.Storage("cannot copy the log to " + target, e);
        }
        return new Log(() -> Files.newInputStream(target), follows, last);
    }
}
