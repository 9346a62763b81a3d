package io.merklite.wal.replication;

import io.merklite.wal.WalException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;

/**
 * The files of one primary or replica, and the right to them.
 *
 * <pre>
 * NAME            the database
 * NAME-wal, -shm  SQLite's, while a primary is open or after it crashed
 * NAME-position   where the database stands: {@link PositionFile}
 * NAME-held-N     a replica's logs, verified and not yet wholly in the database: {@link HeldLog}
 * NAME-log-N      the log that a primary is saving
 * NAME-lock       locked while open
 * </pre>
 *
 * <p><b>Threading.</b> Immutable. Passed on when a primary becomes a replica or the other way round: whoever has it
 * last closes it.
 */
final class Workspace implements AutoCloseable {
    private final Path database;
    private final boolean isTemporary;
    private final FileChannel lock;

    private Workspace(Path database, boolean isTemporary, FileChannel lock) {
        this.database = database;
        this.isTemporary = isTemporary;
        this.lock = lock;
    }

    /** Takes the files of {@code database}, whose directory must exist. */
    static Workspace at(Path database) {
        return lock(database.toAbsolutePath(), false);
    }

    /** A workspace in a new directory that is deleted at the end. */
    static Workspace temporary() {
        try {
            return lock(Files.createTempDirectory("merklite-wal").resolve("database"), true);
        } catch (IOException e) {
            throw new WalException.Storage("cannot make a temporary directory", e);
        }
    }

    private static Workspace lock(Path database, boolean isTemporary) {
        var path = beside(database, "-lock");
        try {
            var channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!tryLock(channel)) {
                channel.close();
                throw new WalException.AlreadyOpen(database.toString());
            }
            return new Workspace(database, isTemporary, channel);
        } catch (IOException e) {
            throw new WalException.Storage("cannot lock " + path, e);
        }
    }

    /** A second lock in this process is an exception to Java, and a refusal to us. */
    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    Path database() {
        return database;
    }

    /** The directory of all these files. */
    Path directory() {
        return database.resolveSibling("");
    }

    /** The file beside the database whose name ends with {@code suffix}. */
    Path beside(String suffix) {
        return beside(database, suffix);
    }

    private static Path beside(Path database, String suffix) {
        return database.resolveSibling(database.getFileName() + suffix);
    }

    /** Removes whatever was at this place, so that a new database can be built. */
    void clear() {
        for (var suffix : List.of("-position", "-wal", "-shm", "")) {
            delete(beside(suffix));
        }
        HeldLog.paths(this).forEach(Workspace::delete);
    }

    static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new WalException.Storage("cannot delete " + path, e);
        }
    }

    /** Gives the files up. Does nothing the second time. */
    @Override
    public void close() {
        if (!lock.isOpen()) {
            return;
        }
        try {
            lock.close();
            if (isTemporary) {
                deleteDirectory(directory());
            }
        } catch (IOException e) {
            throw new WalException.Storage("cannot close " + database, e);
        }
    }

    private static void deleteDirectory(Path directory) throws IOException {
        try (var paths = Files.walk(directory)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
