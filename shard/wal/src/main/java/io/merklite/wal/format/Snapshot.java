package io.merklite.wal.format;

import io.merklite.wal.WalException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;

/**
 * All pages of a database at one position: the envelope of {@code Container}, pages 1, 2, 3 … as its items, nothing
 * beside them, and an empty end block.
 *
 * <p>The page that holds SQLite's lock byte, at offset 1 GiB, is in it like any other; it is all zeros.
 *
 * <p><b>Threading.</b> Immutable, as long as its source is.
 */
public final class Snapshot {
    private final ByteSource source;
    private final Tip tip;

    private Snapshot(ByteSource source, Tip tip) {
        this.source = source;
        this.tip = tip;
    }

    /**
     * The snapshot in a file.
     *
     * @throws WalException.Malformed if it does not begin as one
     */
    public static Snapshot open(Path path) {
        return of(() -> Files.newInputStream(path));
    }

    /**
     * The snapshot that {@code source} gives.
     *
     * @throws WalException.Malformed if it does not begin as one
     */
    public static Snapshot of(ByteSource source) {
        try (var in = source.open()) {
            return new Snapshot(source, new SnapshotReader(in).tip());
        } catch (IOException e) {
            throw new WalException.Storage("cannot read the snapshot", e);
        }
    }

    /**
     * The state before the first frame of {@code first}'s database: no pages at all. With the first log of {@code init}
     * it gives the first snapshot again.
     */
    public static Snapshot blank(Log first) {
        var follows = first.follows();
        var start = Position.start(follows.position().lineage());
        if (!follows.position().equals(start)) {
            throw new WalException.LogGap(0, follows.position().frameNumber());
        }
        var tip = new Tip(start, follows.pageSize(), 0, Instant.EPOCH);
        return new Snapshot(() -> new ByteArrayInputStream(encodeBlank(tip)), tip);
    }

    /**
     * Writes the pages of a database file at rest to {@code target}, which is replaced if it exists. The file must be
     * complete: no connection open, no write-ahead log beside it.
     *
     * @param tip what the file is
     */
    public static Snapshot write(Path database, Tip tip, Path target) {
        try (var in = Files.newInputStream(database);
                var out = Files.newOutputStream(target)) {
            var blocks = new BlockWriter(out, Container.SNAPSHOT, tip);
            var content = new byte[Container.blockItems(tip.pageSize()) * tip.pageSize()];
            var page = 1;
            while (page <= tip.pageCount()) {
                var items = Math.min(Container.blockItems(tip.pageSize()), tip.pageCount() - page + 1);
                var size = items * tip.pageSize();
                if (in.readNBytes(content, 0, size) < size) {
                    throw new WalException.Malformed("database", Files.size(database), "ends before its last page");
                }
                blocks.write(Container.CONTENT, items, page, content, size);
                page += items;
            }
            blocks.write(Container.END, 0, page, content, 0);
        } catch (IOException e) {
            throw new WalException.Storage("cannot write " + target, e);
        }
        return new Snapshot(() -> Files.newInputStream(target), tip);
    }

    private static byte[] encodeBlank(Tip tip) throws IOException {
        var bytes = new ByteArrayOutputStream();
        new BlockWriter(bytes, Container.SNAPSHOT, tip).write(Container.END, 0, 1, new byte[0], 0);
        return bytes.toByteArray();
    }

    /** What it is: position, page size, pages. */
    public Tip tip() {
        return tip;
    }

    /** A fresh stream over all its bytes; the caller closes it. */
    public InputStream openStream() throws IOException {
        return source.open();
    }

    /** Reads its header again; the caller reads the parts from {@code in}, which stays the caller's. */
    public SnapshotReader reader(InputStream in) throws IOException {
        var reader = new SnapshotReader(in);
        reader.requireSame(tip);
        return reader;
    }

    /** Reads and checks all of it. */
    public void verify() {
        try (var in = source.open()) {
            reader(in).skipToEnd();
        } catch (IOException e) {
            throw new WalException.Storage("cannot read the snapshot", e);
        }
    }

    /** Copies it to {@code target}, which is replaced if it exists. Not synced to the disk. */
    public Snapshot copyTo(Path target) {
        try (var in = source.open()) {
            Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new WalException.Storage("cannot copy the snapshot to " + target, e);
        }
        return new Snapshot(() -> Files.newInputStream(target), tip);
    }
}
