package io.merklite.wal.replication;

import io.merklite.wal.WalException;
import io.merklite.wal.format.Frame;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.Position;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.format.Tip;
import io.merklite.wal.frames.WalAnchor;
import io.merklite.wal.frames.WalFile;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * The one writable copy of a database. Its application decides when to checkpoint and where the log goes; a write is
 * acknowledged when the log that holds it is saved.
 *
 * <p><b>Invariants.</b> (1) A frame stays in SQLite's write-ahead log until it is saved and every {@link Frames} has
 * given it out. (2) Only saved frames are moved into the database file. (3) What was saved is what is acknowledged:
 * acks are confirmed in the order of frames, up to the last frame of the saved log and no further. (4) At most one
 * checkpoint is under way.
 *
 * <p><b>Threading.</b> Thread-safe. Functions given to {@link #withConnection} run one at a time, on the thread of
 * their caller, which waits for its turn. {@link #checkpoint} collects frames on its caller's thread while others
 * write; what follows the saving runs on the thread that completes it. No thread is started.
 */
public final class Primary implements AutoCloseable {
    /*
     * Life of a frame: SQLite appends it to the -wal file; CommittedLog.scan finds it after the function that wrote it,
     * still under the gate; a checkpoint copies it into a Log; once that is saved, SQLite's own passive checkpoint
     * moves its page into the database, and its ack completes; when all frames are moved, the next write starts the
     * -wal file again. ReadMarks guards the steps against other processes, and against functions that ask SQLite for a
     * checkpoint themselves.
     *
     * Never open the database file or its -shm in Java while a connection is open: closing such a descriptor drops
     * SQLite's locks (POSIX).
     */
    private final Workspace workspace;
    private final PrimaryOptions options;
    private final WalFile wal;
    private final CommittedLog committed;
    private final ReadMarks marks;
    private final Connection checkpointer;
    private final Unconfirmed unconfirmed;
    private final Set<Frames> captures = ConcurrentHashMap.newKeySet();

    /** Held while a function writes, and while the end of the log must stand still. */
    private final Semaphore gate = new Semaphore(1, true);

    private Writer writer;
    private volatile Tip saved;
    private volatile boolean isOpen = true;
    private volatile @Nullable Thread writing;

    /**
     * Whether everything is saved and moved, so that the next write may start the log again; as the position file says.
     */
    private boolean isRestartable;

    private CompletableFuture<?> lastTurn = CompletableFuture.completedFuture(null);

    private Primary(Workspace workspace, PrimaryOptions options, Tip tip, WalAnchor anchor) throws SQLException {
        this.workspace = workspace;
        this.options = options;
        List<Connection> opened = new ArrayList<>();
        try {
            marks = ReadMarks.hold(workspace, opened);
            writer = Writer.open(workspace);
            opened.addFirst(writer.connection());
            checkpointer = Connections.writing(workspace.database());
        } catch (SQLException | RuntimeException e) {
            Connections.close(opened);
            throw e;
        }
        wal = new WalFile(workspace.beside("-wal"), tip.pageSize());
        committed = new CommittedLog(wal, options.clock(), tip, anchor);
        saved = tip;
        unconfirmed = new Unconfirmed(tip.position().frameNumber());
    }

    /** A primary in a temporary directory, deleted when it is closed. */
    public static Primary open(Snapshot snapshot, List<Log> logs) {
        return Replica.open(snapshot, logs).intoPrimary();
    }

    /**
     * A primary in the file {@code database}, whose directory must exist; what was there is replaced. Its files stay
     * when it is closed.
     *
     * @throws WalException.AlreadyOpen if another primary or replica uses the file
     */
    public static Primary open(Path database, Snapshot snapshot, List<Log> logs, PrimaryOptions options) {
        return Replica.open(database, snapshot, logs).intoPrimary(options);
    }

    /** A primary in files that a replica leaves behind, complete up to {@code tip}. */
    static Primary of(Workspace workspace, Tip tip, PrimaryOptions options) {
        try {
            var primary = new Primary(workspace, options, tip, WalAnchor.NONE);
            primary.record(primary.committed.end(), true);
            return primary;
        } catch (SQLException e) {
            workspace.close();
            throw new WalException.Storage("cannot open " + workspace.database(), e);
        } catch (RuntimeException e) {
            workspace.close();
            throw e;
        }
    }

    /**
     * The primary that was in {@code database}, as it was when it was closed or died: with the writes that it committed
     * and had not saved, which go into the next log.
     *
     * @param lastSaved where the last log leads that was saved, as the place it was saved to knows it
     * @throws WalException.NotResumable if that cannot be found in the files
     * @throws WalException.Interference if another program has checkpointed in between
     * @throws WalException.Forked if what was saved is not what is here: another primary has written
     */
    public static Primary resume(Path database, Position lastSaved, PrimaryOptions options) {
        var workspace = Workspace.at(database);
        try {
            var position = PositionFile.readPrimary(workspace);
            requireUntouched(workspace, position);
            var primary = new Primary(workspace, options, position.tip(), position.anchor());
            try {
                primary.takeUp(position, lastSaved);
                return primary;
            } catch (RuntimeException | SQLException e) {
                primary.close();
                throw e;
            }
        } catch (SQLException e) {
            workspace.close();
            throw new WalException.Storage("cannot open " + database, e);
        } catch (RuntimeException e) {
            workspace.close();
            throw e;
        }
    }

    /**
     * The log must hold the frame where the saved part ends, or may have been started again after it; then the database
     * file must be exactly as it was left, since nothing of the new generation can be in it.
     */
    private static void requireUntouched(Workspace workspace, PositionFile position) {
        if (position.anchor().hasGeneration() && !position.mayRestart()) {
            try (var log = new WalFile(workspace.beside("-wal"), position.tip().pageSize())) {
                if (!log.contains(position.anchor())) {
                    throw new WalException.Interference(
                            "the write-ahead log of " + workspace.database() + " no longer has frame "
                                    + position.tip().position().frameNumber());
                }
            }
        } else if (!position.stamp().equals(PositionFile.FileStamp.of(workspace.database()))) {
            throw new WalException.Interference(
                    workspace.database() + " has been written to since this primary left it");
        }
    }

    private void takeUp(PositionFile position, Position lastSaved) throws SQLException {
        if (!lastSaved.lineage().equals(saved.position().lineage())) {
            throw new WalException.ForeignLog(
                    saved.position().lineage().toString(), lastSaved.lineage().toString());
        }
        committed.scan(position.mayRestart() || !position.anchor().hasGeneration());
        var end = find();
        var wanted = lastSaved.frameNumber();
        if (wanted < saved.position().frameNumber() || wanted > end.frameNumber()) {
            throw new WalException.NotResumable("saved are the frames up to " + wanted + ", the files hold those from "
                    + saved.position().frameNumber() + " to " + end.frameNumber());
        }
        var found = committed.tipAt(saved, wanted);
        if (!found.position().equals(lastSaved)) {
            throw new WalException.Forked(wanted);
        }
        saved = found;
        unconfirmed.confirm(wanted);
    }

    /**
     * Runs {@code work} on the writing connection, after waiting for its turn. It finds the connection in auto-commit
     * mode, and must leave it so, with its statements closed.
     *
     * @return the value, and when the last of these transactions is safe
     * @throws SQLException what {@code work} throws; what it had committed before stays committed, and goes into the
     *     next log
     * @throws IllegalStateException if it returns within a transaction
     */
    public <T> Ack<T> withConnection(ConnectionFunction<T> work) throws SQLException {
        acquireGate();
        try {
            writing = Thread.currentThread();
            var before = committed.end().frameNumber();
            T value;
            var isCompleted = false;
            try {
                value = work.apply(writer.connection());
                isCompleted = true;
            } finally {
                settle(isCompleted);
            }
            var after = committed.end().frameNumber();
            var ack = new Ack<>(value, after);
            if (after == before) {
                ack.confirm();
            } else {
                unconfirmed.add(ack);
            }
            return ack;
        } finally {
            writing = null;
            gate.release();
            captures.forEach(Frames::publish);
        }
    }

    /** Leaves no transaction open, and finds what was committed. */
    private void settle(boolean isCompleted) throws SQLException {
        var state = writer.state();
        if (state != Writer.State.READY || !isFound()) {
            writer.close();
            writer = Writer.open(workspace);
            find();
        }
        if (isCompleted && state == Writer.State.IN_TRANSACTION) {
            throw new IllegalStateException("the function returned within a transaction, which was rolled back: it must"
                    + " commit, and leave auto-commit mode on");
        }
    }

    /**
     * Finds what was committed, unless a statement that the function has left running keeps SQLite from looking at its
     * log.
     */
    private boolean isFound() {
        try {
            find();
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    /** Under the gate: finds what was committed, and makes sure that it is all SQLite knows of. */
    private CommittedLog.End find() throws SQLException {
        for (var attempt = 0; attempt < 2; attempt++) {
            var known = writer.framesInLog();
            var end = committed.scan(isAllSaved());
            if (end.anchor().frameCount() >= known) {
                return end;
            }
        }
        throw new WalException.Interference(
                "the file " + workspace.beside("-wal") + " is not the write-ahead log that SQLite uses");
    }

    /** Whether everything found is saved and read, so that SQLite may start the log again. */
    private boolean isAllSaved() {
        var last = committed.end().frameNumber();
        return saved.position().frameNumber() == last && oldestWanted() == last;
    }

    /** The last frame that all captures have given out; the last of all, if there is no capture. */
    private long oldestWanted() {
        return captures.stream()
                .mapToLong(Frames::reachedFrame)
                .min()
                .orElse(committed.end().frameNumber());
    }

    /** What SQLite says of its log: frames in it, and how many of them are in the database; or that it is busy. */
    private record InLog(boolean isBusy, int frames, int moved) {
        boolean isMoved() {
            return !isBusy && frames == moved;
        }
    }

    private static InLog inLog(Connection connection, String mode) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("PRAGMA wal_checkpoint(" + mode + ")")) {
            return new InLog(row.getBoolean(1), row.getInt(2), row.getInt(3));
        }
    }

    /** Captures the frames committed from now on. */
    public Frames captureFrames() {
        acquireGate();
        try {
            var frames = new Frames(this, committed.end().tip());
            captures.add(frames);
            return frames;
        } finally {
            gate.release();
        }
    }

    List<Frame> framesAfter(Tip reached) {
        return isOpen && committed.end().frameNumber() > reached.position().frameNumber()
                ? committed.read(reached)
                : List.of();
    }

    void confirm(long frameNumber) {
        unconfirmed.confirm(frameNumber);
    }

    void forget(Frames capture) {
        captures.remove(capture);
    }

    /**
     * Collects what was committed since the last checkpoint into a log, has it saved, confirms the writes in it, and
     * moves them into the database file. If nothing was committed, {@code saveLog} is not called. A checkpoint that is
     * asked for while another is under way begins when that has ended.
     *
     * <p>Writers go on meanwhile, except once the log has grown to {@link PrimaryOptions#restartBytes}: then they wait
     * until this checkpoint has ended. So {@code saveLog} must not write to this primary and wait for it.
     *
     * @return the number of the last frame that is saved, 0 if there never was one. Fails with {@link
     *     WalException.SaveFailed} if {@code saveLog} does: then nothing is confirmed, and the next checkpoint has the
     *     same frames again.
     */
    public CompletionStage<Long> checkpoint(SaveLog saveLog) {
        var turn = new CompletableFuture<Void>();
        // Acks run code of the callers, which may do anything with this primary: so they come when the checkpoint is
        // over.
        return lineUp(turn)
                .thenCompose(ignored -> new Checkpoint().run(saveLog))
                .whenComplete((frameNumber, failure) -> {
                    turn.complete(null);
                    unconfirmed.confirm(saved.position().frameNumber());
                })
                .minimalCompletionStage();
    }

    /** One checkpoint. */
    private final class Checkpoint {
        private boolean isGateHeld;
        private boolean isMarkTaken;

        CompletableFuture<Long> run(SaveLog saveLog) {
            var isHandedOver = false;
            try {
                var from = saved;
                var to = begin();
                if (to.frameNumber() == from.position().frameNumber()) {
                    if (!isRestartable) {
                        moveFrames(to);
                    }
                    return CompletableFuture.completedFuture(to.frameNumber());
                }
                isRestartable = false;
                var path = workspace.beside("-log");
                var saving = save(saveLog, committed.copy(from, to, path));
                isHandedOver = true;
                return saving.handle((ignored, failure) -> {
                    Workspace.delete(path);
                    return conclude(from, to, failure);
                });
            } catch (SQLException e) {
                return CompletableFuture.failedFuture(new WalException.Storage("cannot checkpoint", e));
            } finally {
                if (!isHandedOver) {
                    release();
                }
            }
        }

        private static CompletableFuture<?> save(SaveLog saveLog, Log log) {
            try {
                return saveLog.save(log).toCompletableFuture();
            } catch (RuntimeException e) {
                return CompletableFuture.failedFuture(e);
            }
        }

        /**
         * Lets the end of the log stand still for a moment, and takes the mark behind which frames are not to be moved.
         */
        private CommittedLog.End begin() throws SQLException {
            holdGate();
            marks.takeNext();
            isMarkTaken = true;
            var to = find();
            if ((long) to.anchor().frameCount() * saved.pageSize() < options.restartBytes()) {
                releaseGate();
            }
            return to;
        }

        private Long conclude(Tip from, CommittedLog.End to, @Nullable Throwable failure) {
            try {
                if (failure != null) {
                    var cause = failure instanceof CompletionException && failure.getCause() != null
                            ? failure.getCause()
                            : failure;
                    throw new WalException.SaveFailed(from.position().frameNumber(), to.frameNumber(), cause);
                }
                saved = to.tip();
                moveFrames(to);
                return to.frameNumber();
            } catch (SQLException e) {
                throw new WalException.Storage("cannot move saved frames into " + workspace.database(), e);
            } finally {
                release();
            }
        }

        /** Moves the saved frames into the database file, and lets SQLite start its log again if that was all. */
        private void moveFrames(CommittedLog.End to) throws SQLException {
            if (oldestWanted() < to.frameNumber()) {
                return;
            }
            committed.forget(to.frameNumber());
            record(to, false);
            releaseOldMark();
            if (inLog(checkpointer, "PASSIVE").isMoved()) {
                holdGate();
                allowRestart();
            }
        }

        private void allowRestart() throws SQLException {
            var end = find();
            var log = inLog(checkpointer, "NOOP");
            if (isAllSaved() && log.isMoved() && log.frames() == end.anchor().frameCount()) {
                marks.takeNext();
                isMarkTaken = true;
                record(end, true);
                releaseOldMark();
            }
        }

        private void releaseOldMark() throws SQLException {
            marks.releaseOld();
            isMarkTaken = false;
        }

        /** Gives back what is held: a mark that was taken and not needed, and the gate. */
        private void release() {
            try {
                if (isMarkTaken) {
                    isMarkTaken = false;
                    marks.releaseNext();
                }
            } catch (SQLException e) {
                throw new WalException.Storage("cannot release a read mark", e);
            } finally {
                releaseGate();
            }
        }

        private void holdGate() {
            if (!isGateHeld) {
                acquireGate();
                isGateHeld = true;
            }
        }

        private void releaseGate() {
            if (isGateHeld) {
                isGateHeld = false;
                gate.release();
            }
        }
    }

    private void record(CommittedLog.End end, boolean mayRestart) {
        var stamp = PositionFile.FileStamp.of(workspace.database());
        new PositionFile(end.tip(), end.anchor(), mayRestart, stamp).write(workspace);
        isRestartable = mayRestart;
    }

    /** What is saved: the state from which the next log goes on. */
    public Tip saved() {
        return saved;
    }

    /** What is committed: the last write that a function has made. */
    public Tip committed() {
        return committed.end().tip();
    }

    /**
     * Makes this primary a replica, on the same files; the primary is closed. Waits for a checkpoint that is under way.
     *
     * @throws WalException.UnacknowledgedWrites if there are writes that are not saved, or that a capture has not given
     *     out; then the primary stays as it is
     * @throws WalException.Interference if another process reads the file, so that the log cannot be moved into it;
     *     likewise
     */
    public Replica intoReplica() {
        var turn = takeTurn();
        var last = new Checkpoint();
        try {
            last.begin();
            last.holdGate();
            var end = find();
            var safe = Math.min(saved.position().frameNumber(), oldestWanted());
            if (safe < end.frameNumber()) {
                throw new WalException.UnacknowledgedWrites(safe, end.frameNumber());
            }
            last.moveFrames(end);
            if (!isRestartable || inLog(checkpointer, "TRUNCATE").isBusy()) {
                throw new WalException.Interference("another process is using " + workspace.database());
            }
            shut();
            Workspace.delete(workspace.beside("-wal"));
            Workspace.delete(workspace.beside("-shm"));
        } catch (SQLException e) {
            throw new WalException.Storage("cannot end the primary of " + workspace.database(), e);
        } finally {
            last.release();
            turn.complete(null);
        }
        List.copyOf(captures).forEach(Frames::close);
        return Replica.of(workspace, saved);
    }

    /**
     * Closes it, after the checkpoint that is under way. Writes that are not saved stay in the files, and their acks
     * fail; a temporary primary is deleted. Does nothing if it is closed or has become a replica.
     */
    @Override
    public void close() {
        if (!isOpen) {
            return;
        }
        var turn = takeTurn();
        try {
            acquireGate();
            try {
                shut();
            } finally {
                gate.release();
                workspace.close();
            }
        } finally {
            turn.complete(null);
            List.copyOf(captures).forEach(Frames::close);
            unconfirmed.failAll();
        }
    }

    /**
     * The marks are closed last: a connection that can write would move all frames into the database and delete the
     * log.
     */
    private void shut() {
        isOpen = false;
        wal.close();
        var connections = new ArrayList<>(List.of(writer.connection(), checkpointer));
        connections.addAll(marks.connections());
        Connections.close(connections);
    }

    /**
     * Waits for the checkpoints that were asked for, and keeps others from beginning until the turn is completed. Not from
     * within a function given to this primary: that would wait for itself.
     */
    private CompletableFuture<Void> takeTurn() {
        requireNotWriting();
        var turn = new CompletableFuture<Void>();
        lineUp(turn).join();
        return turn;
    }

    /** Makes {@code turn} the one that the next waits for; returns the one to wait for. */
    private synchronized CompletableFuture<?> lineUp(CompletableFuture<Void> turn) {
        var previous = lastTurn;
        lastTurn = turn;
        return previous;
    }

    private void requireNotWriting() {
        if (Thread.currentThread().equals(writing)) {
            throw new IllegalStateException("a function given to the primary must not call the primary");
        }
    }

    private void acquireGate() {
        requireNotWriting();
        gate.acquireUninterruptibly();
        if (!isOpen) {
            gate.release();
            throw new IllegalStateException("the primary of " + workspace.database() + " is closed");
        }
    }
}
