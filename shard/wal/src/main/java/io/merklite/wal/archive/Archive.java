package io.merklite.wal.archive;

import io.merklite.wal.WalException;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.Position;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.format.Tip;
import io.merklite.wal.replication.Restore;
import io.merklite.wal.replication.RestorePoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The history of one database in a {@link LogStore}: snapshots, and every log since the oldest of them. From it any
 * transaction can be restored, a lost primary opened again, a replica fed.
 *
 * <p><b>Invariants.</b> (1) The logs continue the oldest snapshot without a gap; every snapshot is at the beginning of
 * a log or at the end. (2) A log or snapshot is never changed, only deleted, snapshots before their logs and the oldest
 * first; so (1) holds after a crash at any point. (3) At most one history is saved: of two primaries that have the same
 * head, one is refused.
 *
 * <p>{@link #save} fits as the function of a checkpoint: {@code primary.checkpoint(archive::save)}.
 *
 * <p><b>Threading.</b> Thread-safe. All methods block on the store.
 */
public final class Archive {
    private final LogStore store;
    private final Catalog catalog;
    private Tip head;

    private Archive(LogStore store, Catalog catalog, Tip head) {
        this.store = store;
        this.catalog = catalog;
        this.head = head;
    }

    /**
     * Begins an archive with {@code first}.
     *
     * @throws WalException.PositionTaken if the store has an archive
     */
    public static Archive create(LogStore store, Snapshot first) {
        var catalog = new Catalog(store);
        if (!catalog.snapshots().isEmpty() || !put(store, Catalog.nameOf(first), first::copyTo)) {
            throw new WalException.PositionTaken("archive");
        }
        return new Archive(store, catalog, first.tip());
    }

    /**
     * The archive that is in {@code store}. Reads the last log.
     *
     * @throws WalException.NoSuchPoint if there is none
     */
    public static Archive open(LogStore store) {
        var catalog = new Catalog(store);
        var newest = catalog.newest(RestorePoint.latest());
        var logs = catalog.logsFrom(newest.frameNumber());
        var head = logs.isEmpty()
                ? catalog.open(newest).tip()
                : catalog.open(logs.getLast()).last();
        return new Archive(store, catalog, head);
    }

    /** Where the archive ends: what the next log must follow, and what a primary resumes from. */
    public synchronized Position head() {
        return head.position();
    }

    /**
     * Saves {@code log}; it is durable when this returns. A log that is there already, because an earlier attempt has
     * succeeded unnoticed, is fine.
     *
     * @return completed, or failed with {@link WalException.PositionTaken} if another primary has continued this
     *     history, and as {@link Tip#requireFollowedBy} says
     */
    public synchronized CompletionStage<Void> save(Log log) {
        try {
            head.requireFollowedBy(log.follows());
            var name = Catalog.logAfter(log.follows().position().frameNumber());
            if (!put(store, name, log::copyTo) && !isThere(name, log)) {
                throw new WalException.PositionTaken(name);
            }
            head = log.last();
            return CompletableFuture.completedStage(null);
        } catch (WalException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private boolean isThere(String name, Log log) {
        return catalog.open(new Catalog.LogName(name, log.follows().position().frameNumber()))
                .last()
                .equals(log.last());
    }

    /** Writes a copy of something to a file. */
    @FunctionalInterface
    private interface CopyTo {
        Object copyTo(Path target);
    }

    private static boolean put(LogStore store, String name, CopyTo content) {
        return inTemporaryDirectory(directory -> {
            var copy = directory.resolve("copy");
            content.copyTo(copy);
            return store.putIfAbsent(name, copy);
        });
    }

    /**
     * Builds the database as it was at {@code point} in {@code target}; a file that is there is replaced and must not
     * be open. Reads the newest snapshot before that and the logs between.
     *
     * @return what was built: the last transaction at or before {@code point}
     * @throws WalException.NoSuchPoint if the archive does not go back, or forward, that far
     */
    public Tip restore(Path target, RestorePoint point) {
        if (point instanceof RestorePoint.Frame frame
                && !point.equals(RestorePoint.latest())
                && frame.number() > head().frameNumber()) {
            throw new WalException.NoSuchPoint(
                    "frame " + frame.number() + " is after the last one, " + head().frameNumber());
        }
        return restore(target, catalog.newest(point), point);
    }

    private Tip restore(Path target, Catalog.SnapshotName from, RestorePoint point) {
        var logs = catalog.logsFrom(from.frameNumber());
        return Restore.to(
                target,
                catalog.open(from),
                () -> logs.stream().map(catalog::open).iterator(),
                point);
    }

    /**
     * The newest snapshot, from which {@link io.merklite.wal.replication.Primary} and Replica can be opened with {@link
     * #logs}.
     */
    public Snapshot snapshot() {
        return catalog.open(catalog.newest(RestorePoint.latest()));
    }

    /** The logs after {@code position}, in order. */
    public List<Log> logs(Position position) {
        return catalog.logsFrom(position.frameNumber()).stream()
                .map(catalog::open)
                .toList();
    }

    /**
     * Adds a snapshot of the newest state, so that restoring it needs no logs. The logs stay until {@link #retain}
     * removes them.
     *
     * @return what the snapshot is; there is nothing to do if the newest one is that already
     */
    public Tip compact() {
        return inTemporaryDirectory(directory -> {
            var database = directory.resolve("database");
            var tip = restore(database, RestorePoint.latest());
            var snapshot = Snapshot.write(database, tip, directory.resolve("snapshot"));
            store.putIfAbsent(Catalog.nameOf(snapshot), directory.resolve("snapshot"));
            return tip;
        });
    }

    /**
     * What {@link #retain} has deleted.
     *
     * @param snapshots how many of them
     * @param logs how many of them
     */
    public record Removed(int snapshots, int logs) {}

    /**
     * Deletes what is not needed to restore {@code oldest} or any later time: snapshots before the newest one that is
     * not later than {@code oldest}, and the logs before that one. Without a newer snapshot there is nothing to delete:
     * {@link #compact} first.
     */
    public Removed retain(Instant oldest) {
        var snapshots = catalog.snapshots();
        var kept = snapshots.stream()
                .filter(snapshot -> snapshot.committedAtMillis() <= oldest.toEpochMilli())
                .reduce((earlier, later) -> later);
        if (kept.isEmpty()) {
            return new Removed(0, 0);
        }
        var first = kept.get().frameNumber();
        var oldSnapshots = snapshots.stream()
                .filter(snapshot -> snapshot.frameNumber() < first)
                .toList();
        var oldLogs = catalog.logsFrom(0).stream()
                .filter(log -> log.follows() < first)
                .toList();
        oldSnapshots.forEach(snapshot -> store.delete(snapshot.name()));
        oldLogs.forEach(log -> store.delete(log.name()));
        return new Removed(oldSnapshots.size(), oldLogs.size());
    }

    /**
     * What {@link #verify} has found.
     *
     * @param tip what the newest state is
     * @param snapshots how many were read
     * @param logs how many were read
     * @param problems what SQLite's {@code integrity_check} says of the restored database; empty if it is sound
     */
    public record Verified(Tip tip, int snapshots, int logs, List<String> problems) {
        public Verified {
            problems = List.copyOf(problems);
        }

        /** Whether the archive gives a sound database. */
        public boolean isSound() {
            return problems.isEmpty();
        }
    }

    /**
     * Reads everything: restores from the oldest snapshot through all logs, checks the result with SQLite, and that
     * every other snapshot is good and on the way.
     *
     * @throws WalException what is wrong with a snapshot or log
     */
    public Verified verify() {
        return inTemporaryDirectory(directory -> {
            var database = directory.resolve("database");
            var snapshots = catalog.snapshots();
            var logs = catalog.logsFrom(snapshots.getFirst().frameNumber());
            var tip = restore(database, snapshots.getFirst(), RestorePoint.latest());
            for (var snapshot : snapshots) {
                var opened = catalog.open(snapshot);
                opened.verify();
                logs.stream()
                        .filter(log -> log.follows() >= snapshot.frameNumber())
                        .findFirst()
                        .map(log -> catalog.open(log).follows())
                        .or(() -> Optional.of(tip))
                        .ifPresent(opened.tip()::requireFollowedBy);
            }
            return new Verified(tip, snapshots.size(), logs.size(), problems(database));
        });
    }

    private static List<String> problems(Path database) {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                var statement = connection.createStatement();
                var rows = statement.executeQuery("PRAGMA integrity_check")) {
            List<String> problems = new ArrayList<>();
            while (rows.next()) {
                problems.add(rows.getString(1));
            }
            return problems.equals(List.of("ok")) ? List.of() : problems;
        } catch (SQLException e) {
            return List.of(String.valueOf(e.getMessage()));
        }
    }

    /** Does something with a directory. */
    @FunctionalInterface
    private interface InDirectory<T> {
        T apply(Path directory) throws IOException;
    }

    private static <T> T inTemporaryDirectory(InDirectory<T> work) {
        try {
            var directory = Files.createTempDirectory("merklite-archive");
            try {
                return work.apply(directory);
            } finally {
                try (var files = Files.list(directory)) {
                    for (var file : files.toList()) {
                        Files.delete(file);
                    }
                }
                Files.delete(directory);
            }
        } catch (IOException e) {
            throw new WalException.Storage("cannot use a temporary directory", e);
        }
    }
}
