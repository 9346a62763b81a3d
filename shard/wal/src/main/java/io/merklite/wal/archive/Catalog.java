package io.merklite.wal.archive;

import io.merklite.wal.WalException;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.replication.RestorePoint;
import java.io.FileNotFoundException;
import java.util.List;

/**
 * The names of an archive, and what they tell without opening a file.
 *
 * <pre>
 * snapshots/FFFFFFFFFFFFFFFF-TTTTTTTTTTTTTTTT   of frame F, last commit at T (milliseconds), both in hexadecimal
 * logs/FFFFFFFFFFFFFFFF                         follows frame F
 * </pre>
 *
 * A log is named after what it follows, and only that: of two primaries that continue the same history, one cannot
 * save.
 */
final class Catalog {
    private static final String SNAPSHOTS = "snapshots/";
    private static final String LOGS = "logs/";

    private final LogStore store;

    Catalog(LogStore store) {
        this.store = store;
    }

    /** A snapshot that is there. */
    record SnapshotName(String name, long frameNumber, long committedAtMillis) {}

    /** A log that is there. */
    record LogName(String name, long follows) {}

    static String nameOf(Snapshot snapshot) {
        var tip = snapshot.tip();
        return SNAPSHOTS + hex(tip.position().frameNumber()) + "-"
                + hex(tip.committedAt().toEpochMilli());
    }

    static String logAfter(long frameNumber) {
        return LOGS + hex(frameNumber);
    }

    private static String hex(long number) {
        return String.format("%016x", number);
    }

    /** All snapshots, oldest first. */
    List<SnapshotName> snapshots() {
        return store.list(SNAPSHOTS, SNAPSHOTS).stream()
                .map(file -> snapshot(file.name()))
                .toList();
    }

    private static SnapshotName snapshot(String name) {
        var parts = name.substring(SNAPSHOTS.length()).split("-", -1);
        if (parts.length != 2) {
            throw unexpected(name);
        }
        return new SnapshotName(name, number(name, parts[0]), number(name, parts[1]));
    }

    /** All logs that follow frame {@code from} or a later one, oldest first. */
    List<LogName> logsFrom(long from) {
        return store.list(LOGS, logAfter(from)).stream()
                .map(file ->
                        new LogName(file.name(), number(file.name(), file.name().substring(LOGS.length()))))
                .toList();
    }

    private static long number(String name, String hex) {
        try {
            return Long.parseUnsignedLong(hex, 16);
        } catch (NumberFormatException e) {
            throw (WalException) unexpected(name).initCause(e);
        }
    }

    private static WalException unexpected(String name) {
        return new WalException.Malformed("archive", 0, name + " is no name of a snapshot or log");
    }

    /** The newest snapshot that is not after {@code point}. */
    SnapshotName newest(RestorePoint point) {
        return snapshots().stream()
                .filter(snapshot -> point.includes(snapshot.frameNumber(), snapshot.committedAtMillis()))
                .reduce((earlier, later) -> later)
                .orElseThrow(() -> new WalException.NoSuchPoint("the archive has no snapshot as old as " + point));
    }

    Snapshot open(SnapshotName snapshot) {
        return Snapshot.of(() -> store.get(snapshot.name()).orElseThrow(() -> gone(snapshot.name())));
    }

    Log open(LogName log) {
        return Log.of(() -> store.get(log.name()).orElseThrow(() -> gone(log.name())));
    }

    private static FileNotFoundException gone(String name) {
        return new FileNotFoundException(name + " is no longer in the archive");
    }
}
