package io.merklite.wal.replication;

import io.merklite.wal.WalException;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.format.Tip;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds a database file from a snapshot and the logs after it.
 *
 * <p>It is built under another name and renamed, so that the target is the old file, or none, until it is complete.
 * Each log is copied beside it and verified before its first page is written: a log may end in a transaction that is
 * not wanted, or not whole.
 */
public final class Restore {
    private Restore() {}

    /**
     * Builds {@code target}, an ordinary SQLite database that needs nothing beside it; a file that is there is replaced
     * and must not be open.
     *
     * @param logs in order; no more of them are asked for once {@code point} is reached
     * @return what the file is: the last transaction at or before {@code point}
     * @throws WalException.NoSuchPoint if the snapshot is later than {@code point}
     */
    public static Tip to(Path target, Snapshot snapshot, Iterable<Log> logs, RestorePoint point) {
        var tip = snapshot.tip();
        if (!point.includes(tip.position().frameNumber(), tip.committedAt().toEpochMilli())) {
            throw new WalException.NoSuchPoint("the snapshot is of frame "
                    + tip.position().frameNumber() + " at " + tip.committedAt() + ", later than " + point);
        }
        var building = target.resolveSibling(target.getFileName() + "-building");
        Workspace.delete(building);
        try {
            var built = build(building, snapshot, logs, point);
            Durable.publish(building, target);
            return built;
        } catch (IOException e) {
            throw new WalException.Storage("cannot build " + target, e);
        } finally {
            Workspace.delete(building);
        }
    }

    private static Tip build(Path building, Snapshot snapshot, Iterable<Log> logs, RestorePoint point)
            throws IOException {
        try (var file = PageFile.open(building, snapshot.tip().pageSize())) {
            try (var in = snapshot.openStream()) {
                file.write(snapshot.reader(in));
            }
            var built = new Builder(building, file, snapshot.tip()).add(logs, point);
            file.finish(built.pageCount());
            return built;
        }
    }

    /** Applies logs, holding back those after the last commit until the next commit comes. */
    private static final class Builder {
        private final Path building;
        private final PageFile file;
        private final List<HeldLog> held = new ArrayList<>();
        private Tip reached;
        private Tip applied;
        private int copies;

        Builder(Path building, PageFile file, Tip start) {
            this.building = building;
            this.file = file;
            reached = start;
            applied = start;
        }

        Tip add(Iterable<Log> logs, RestorePoint point) throws IOException {
            try {
                for (var log : logs) {
                    reached.requireFollowedBy(log.follows());
                    var copy = building.resolveSibling(building.getFileName() + "-" + copies++);
                    var next = HeldLog.copy(log, copy, point);
                    held.add(next);
                    reached = next.last();
                    if (next.hasCommit()) {
                        apply(next);
                    }
                    if (!next.isWhole()) {
                        break;
                    }
                }
                return applied;
            } finally {
                held.forEach(log -> Workspace.delete(log.path()));
            }
        }

        private void apply(HeldLog next) throws IOException {
            for (var log : held) {
                log.applyTo(file, applied.position().frameNumber(), next.commit());
            }
            applied = next.commit();
            held.remove(next);
            held.forEach(log -> Workspace.delete(log.path()));
            held.clear();
            held.add(next);
        }
    }
}
