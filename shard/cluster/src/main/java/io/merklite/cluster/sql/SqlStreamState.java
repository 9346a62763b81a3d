package io.merklite.cluster.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a stream keeps between its requests. SQLite can't say it, because the connections are shared: inside a group it
 * always is in a transaction, and outside of one a stream has no connection at all.
 *
 * <p>A run changes it when it has finished, and not if it {@linkplain SqlRun.Progress.Moves moves} or is {@linkplain
 * SqlRun.Progress.Lost lost}.
 *
 * <p><b>Threading.</b> Not thread-safe; whoever runs the stream's requests owns it, and may hand it over.
 */
public final class SqlStreamState {
    /** How far a transaction has come. */
    enum Phase {
        /** None is open. */
        AUTOCOMMIT,
        /** Begun, and nothing read or written: no connection knows of it. */
        DEFERRED,
        /** A reader's connection holds its snapshot. */
        READING,
        /** It is open on the writer's connection. */
        WRITING,
        /** It read, and wanted to write after others had committed: it can only end. */
        STALE
    }

    /**
     * The facts, immutable, so that a run that is undone leaves them as they were.
     *
     * @param savepoints names of open savepoints, folded, outermost first
     * @param isBegunBySavepoint whether releasing the outermost savepoint commits
     * @param foreignKeys whether foreign keys are enforced
     * @param defersForeignKeys whether they are, in this transaction, only when it commits
     * @param snapshot number of commits before the snapshot
     * @param wasTakenAway whether a transaction was ended from outside, and the client doesn't know yet
     * @param written what its statements wrote
     */
    record Facts(
            Phase phase,
            List<String> savepoints,
            boolean isBegunBySavepoint,
            boolean foreignKeys,
            boolean defersForeignKeys,
            long snapshot,
            boolean wasTakenAway,
            Written written) {
        static final Facts FRESH =
                new Facts(Phase.AUTOCOMMIT, List.of(), false, true, false, 0, false, new Written(0, 0, 0));

        Facts {
            savepoints = List.copyOf(savepoints);
        }

        boolean isAutocommit() {
            return phase == Phase.AUTOCOMMIT;
        }

        Facts with(Phase other) {
            return new Facts(
                    other,
                    savepoints,
                    isBegunBySavepoint,
                    foreignKeys,
                    defersForeignKeys,
                    snapshot,
                    wasTakenAway,
                    written);
        }

        Facts reading(long commitCount) {
            return new Facts(
                    Phase.READING,
                    savepoints,
                    isBegunBySavepoint,
                    foreignKeys,
                    defersForeignKeys,
                    commitCount,
                    wasTakenAway,
                    written);
        }

        /** No transaction is open any more. */
        Facts ended() {
            return new Facts(Phase.AUTOCOMMIT, List.of(), false, foreignKeys, false, 0, wasTakenAway, written);
        }

        Facts withForeignKeys(boolean areOn) {
            return new Facts(
                    phase, savepoints, isBegunBySavepoint, areOn, defersForeignKeys, snapshot, wasTakenAway, written);
        }

        Facts deferringForeignKeys(boolean isDeferring) {
            return new Facts(
                    phase, savepoints, isBegunBySavepoint, foreignKeys, isDeferring, snapshot, wasTakenAway, written);
        }

        Facts takenAway(boolean isSo) {
            return new Facts(
                    phase, savepoints, isBegunBySavepoint, foreignKeys, defersForeignKeys, snapshot, isSo, written);
        }

        Facts begunBySavepoint() {
            return new Facts(phase, savepoints, true, foreignKeys, defersForeignKeys, snapshot, wasTakenAway, written);
        }

        Facts pushing(String savepoint) {
            List<String> more = new ArrayList<>(savepoints);
            more.add(savepoint);
            return withSavepoints(more);
        }

        /** Only the first {@code count} savepoints are left. */
        Facts keeping(int count) {
            return withSavepoints(savepoints.subList(0, count));
        }

        private Facts withSavepoints(List<String> others) {
            return new Facts(
                    phase, others, isBegunBySavepoint, foreignKeys, defersForeignKeys, snapshot, wasTakenAway, written);
        }

        /** A statement has changed rows. */
        Facts writing(long changes, OptionalLong rowid) {
            var now = new Written(rowid.orElse(written.lastInsertRowid()), changes, written.totalChanges() + changes);
            return new Facts(
                    phase, savepoints, isBegunBySavepoint, foreignKeys, defersForeignKeys, snapshot, wasTakenAway, now);
        }

        long lastInsertRowid() {
            return written.lastInsertRowid();
        }

        long changes() {
            return written.changes();
        }

        long totalChanges() {
            return written.totalChanges();
        }
    }

    /** What SQL functions tell of the stream's writes: of the last insert, of the last change, of all. */
    record Written(long lastInsertRowid, long changes, long totalChanges) {}

    private Facts facts = Facts.FRESH;

    Facts facts() {
        return facts;
    }

    void become(Facts next) {
        facts = next;
    }

    /** Whether the stream has no transaction open. */
    public boolean isAutocommit() {
        return facts.isAutocommit();
    }

    /** Whether a transaction of the stream holds a snapshot on the reader's connection, which must stay with the stream. */
    public boolean isReading() {
        return facts.phase() == Phase.READING;
    }

    /** Whether a transaction of the stream is open on the writer's connection. */
    public boolean isWriting() {
        return facts.phase() == Phase.WRITING;
    }

    /**
     * Whether it is as at the start of a stream: if it is forgotten, only what SQL functions tell of the stream's last
     * writes is lost.
     */
    public boolean isDefault() {
        return facts.isAutocommit() && facts.foreignKeys() && !facts.wasTakenAway();
    }

    /** The state of this stream once its open transaction is rolled back from outside; this one stays as it is. */
    public SqlStreamState whenTakenAway() {
        var other = new SqlStreamState();
        other.become(facts);
        other.takenAway();
        return other;
    }

    /**
     * Takes note that the open transaction was rolled back from outside: the next requests fail, so that nothing that was
     * meant for it runs without it. Does nothing if none was open.
     */
    public void takenAway() {
        if (!facts.isAutocommit()) {
            facts = facts.ended().takenAway(true);
        }
    }
}
