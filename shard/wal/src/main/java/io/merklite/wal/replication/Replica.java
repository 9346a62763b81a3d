package io.merklite.wal.replication;

import io.merklite.wal.WalException;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.Position;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.format.Tip;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A read-only copy of a database that follows its primary, log by log.
 *
 * <p><b>Invariants.</b> (1) A reader sees the database after some commit, never between two. (2) A log is verified
 * whole before the first byte of the replica's files changes; a refused log changes nothing. (3) After a crash at any
 * point the files are those before the log or, once {@link #resume} has run, those after it.
 *
 * <p>The files belong to the replica while it is open: SQLite connections that it did not give are not protected from
 * its writes.
 *
 * <p><b>Threading.</b> Thread-safe. Readers run side by side on connections of their own; {@link #replicate} waits for
 * those that have begun, and those that come wait for it. All methods block.
 */
public final class Replica implements AutoCloseable {
    /*
     * The database file is written in place, page by page, from the held copies of the logs, which are a redo journal:
     * HeldLog says why that survives a crash. Readers use SQLite's "immutable" mode: no locks and no log to recover,
     * which is right just because the read-write lock below keeps the file as it is while they run. They are closed
     * before each write, as their page caches would otherwise live on.
     */
    private final Workspace workspace;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final ConcurrentLinkedQueue<Connection> idle = new ConcurrentLinkedQueue<>();
    private final List<HeldLog> held = new ArrayList<>();
    private Tip applied;
    private Tip reached;
    private State state = State.OPEN;

    /** TORN: writing pages has failed halfway; the held logs repair that at the next resume. */
    private enum State {
        OPEN,
        TORN,
        CLOSED
    }

    private Replica(Workspace workspace, Tip applied) {
        this.workspace = workspace;
        this.applied = applied;
        reached = applied;
    }

    /** A replica in a temporary directory, deleted when it is closed. */
    public static Replica open(Snapshot snapshot, List<Log> logs) {
        return build(Workspace.temporary(), snapshot, logs);
    }

    /**
     * A replica in the file {@code database}, whose directory must exist; what was there is replaced. Its files stay
     * when it is closed.
     *
     * @throws WalException.AlreadyOpen if another primary or replica uses the file
     */
    public static Replica open(Path database, Snapshot snapshot, List<Log> logs) {
        return build(Workspace.at(database), snapshot, logs);
    }

    private static Replica build(Workspace workspace, Snapshot snapshot, List<Log> logs) {
        try {
            workspace.clear();
            var tip = Restore.to(workspace.database(), snapshot, List.of(), RestorePoint.latest());
            PositionFile.writeReplica(workspace, tip);
            var replica = new Replica(workspace, tip);
            logs.forEach(replica::replicate);
            return replica;
        } catch (RuntimeException e) {
            workspace.close();
            throw e;
        }
    }

    /**
     * The replica that was in {@code database}, as it was when it was closed or died; a log it was applying is applied.
     *
     * @throws WalException.NotResumable if there is none
     */
    public static Replica resume(Path database) {
        var workspace = Workspace.at(database);
        try {
            var replica = new Replica(workspace, PositionFile.readReplica(workspace));
            replica.recover();
            return replica;
        } catch (RuntimeException e) {
            workspace.close();
            throw e;
        }
    }

    /** A replica in files that a primary leaves behind, complete up to {@code tip}. */
    static Replica of(Workspace workspace, Tip tip) {
        PositionFile.writeReplica(workspace, tip);
        return new Replica(workspace, tip);
    }

    /** Takes up the held logs: those wholly applied are garbage, the rest continues the database. */
    private void recover() {
        for (var log : HeldLog.list(workspace)) {
            if (log.last().position().frameNumber() <= applied.position().frameNumber()) {
                Workspace.delete(log.path());
                continue;
            }
            if (!held.isEmpty()) {
                reached.requireFollowedBy(log.follows());
            }
            held.add(log);
            reached = log.last();
        }
        rollForward();
    }

    /**
     * Applies {@code log}. Frames after its last commit are kept, and shown when a later log brings the commit.
     *
     * @return the last frame received, committed or not
     * @throws WalException.Malformed if it is damaged
     * @throws WalException.ForeignLog if it is of another database
     * @throws WalException.LogGap if a log before it is missing
     * @throws WalException.LogAlreadyApplied if the replica has it
     * @throws WalException.Forked if it continues another history
     * @throws WalException.Storage if a file cannot be written; the replica must be resumed then
     */
    public Position replicate(Log log) {
        lock.writeLock().lock();
        try {
            requireOpen();
            reached.requireFollowedBy(log.follows());
            var copy = HeldLog.copy(log, workspace.beside("-incoming"), RestorePoint.latest());
            if (!copy.follows().equals(log.follows())) {
                Workspace.delete(copy.path());
                throw new WalException.Malformed("log", 0, "not the log that was opened");
            }
            if (copy.last().equals(reached)) {
                Workspace.delete(copy.path());
                return reached.position();
            }
            hold(copy);
            rollForward();
            return reached.position();
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void hold(HeldLog copy) {
        var name = HeldLog.name(workspace, reached.position());
        try {
            Durable.publish(copy.path(), name);
        } catch (IOException e) {
            throw new WalException.Storage("cannot keep the log as " + name, e);
        }
        held.add(copy.at(name));
        reached = copy.last();
    }

    /** Brings the database to the last commit of the held logs. */
    private void rollForward() {
        var commit = held.stream().filter(HeldLog::hasCommit).reduce((first, second) -> second);
        if (commit.isEmpty() || commit.get().commit().equals(applied)) {
            return;
        }
        var target = commit.get().commit();
        closeIdle();
        state = State.TORN;
        try (var database = PageFile.open(workspace.database(), target.pageSize())) {
            for (var log : held) {
                log.applyTo(database, applied.position().frameNumber(), target);
            }
            database.finish(target.pageCount());
        } catch (IOException e) {
            throw new WalException.Storage("cannot write " + workspace.database(), e);
        }
        PositionFile.writeReplica(workspace, target);
        applied = target;
        state = State.OPEN;
        while (!held.isEmpty()
                && held.getFirst().last().position().frameNumber()
                        <= target.position().frameNumber()) {
            Workspace.delete(held.removeFirst().path());
        }
    }

    /**
     * Runs {@code reader} on a connection that cannot write.
     *
     * @throws SQLException what {@code reader} throws, for instance because it tried to write
     */
    public <T> T withConnection(ConnectionFunction<T> reader) throws SQLException {
        lock.readLock().lock();
        try {
            requireOpen();
            var pooled = idle.poll();
            var connection = pooled != null ? pooled : Connections.immutable(workspace.database());
            try {
                return reader.apply(connection);
            } finally {
                giveBack(connection);
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    private void giveBack(Connection connection) throws SQLException {
        if (isReusable(connection)) {
            idle.add(connection);
        } else {
            connection.close();
        }
    }

    /** Whether the next reader will find it as this one did: open, and in no transaction. */
    private static boolean isReusable(Connection connection) throws SQLException {
        if (connection.isClosed() || !connection.getAutoCommit()) {
            return false;
        }
        try {
            Connections.execute(connection, "BEGIN");
            Connections.execute(connection, "ROLLBACK");
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    /** Writes what readers see to {@code target}, which is replaced if it exists. */
    public Snapshot snapshot(Path target) {
        lock.readLock().lock();
        try {
            requireOpen();
            return Snapshot.write(workspace.database(), applied, target);
        } finally {
            lock.readLock().unlock();
        }
    }

    /** What readers see: the last commit that was applied. */
    public Tip applied() {
        lock.readLock().lock();
        try {
            return applied;
        } finally {
            lock.readLock().unlock();
        }
    }

    /** What the next log must follow: the last frame received. */
    public Position reached() {
        lock.readLock().lock();
        try {
            return reached.position();
        } finally {
            lock.readLock().unlock();
        }
    }

    /** As {@link #intoPrimary(PrimaryOptions)} with the usual options. */
    public Primary intoPrimary() {
        return intoPrimary(PrimaryOptions.usual());
    }

    /**
     * Makes this replica a primary, on the same files; the replica is closed. Frames whose commit has not come are
     * forgotten. That the old primary has stopped is the caller's concern: otherwise the two histories fork, and
     * replicas and archive refuse one of them.
     */
    public Primary intoPrimary(PrimaryOptions options) {
        lock.writeLock().lock();
        try {
            requireOpen();
            closeIdle();
            held.forEach(log -> Workspace.delete(log.path()));
            state = State.CLOSED;
            return Primary.of(workspace, applied, options);
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Closes it; a temporary one is deleted. Does nothing if it is closed or has become a primary. */
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (state != State.CLOSED) {
                state = State.CLOSED;
                closeIdle();
                workspace.close();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void closeIdle() {
        var connections = List.copyOf(idle);
        idle.clear();
        Connections.close(connections);
    }

    private void requireOpen() {
        switch (state) {
            case OPEN -> {}
            case TORN ->
                throw new WalException.NotResumable(
                        "writing to " + workspace.database() + " failed halfway; close the replica, and resume it");
            case CLOSED -> throw new IllegalStateException("the replica of " + workspace.database() + " is closed");
        }
    }
}
