package io.merklite.cluster.sql;

import io.merklite.cluster.sql.SqlRun.Progress;
import io.merklite.session.SessionException;
import io.merklite.sync.SyncException;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.sync.transaction.Transaction;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Plays the owner of a database: a real replica in a file, one connection that writes and one that reads. Follows runs
 * wherever they go, as the database's actor does.
 */
final class SqlOwner implements AutoCloseable {
    private final Connection writer;
    private final Connection reader;
    private final ReplicaStore store;
    private final SqlLane writing;
    private final SqlLane reading;
    private final List<Transaction> log = new ArrayList<>();
    private final List<Transaction> stamped = new ArrayList<>();
    private final List<String> lanes = new ArrayList<>();
    private Optional<SqlError> nextCommitFailure = Optional.empty();
    private long commitCount;

    SqlOwner(Path file) {
        this(file, SqlLimits.DEFAULTS, InstantSource.system());
    }

    SqlOwner(Path file, SqlLimits limits, InstantSource clock) {
        try {
            writer = DriverManager.getConnection("jdbc:sqlite:" + file);
            execute(writer, "PRAGMA journal_mode = WAL");
            execute(writer, "PRAGMA foreign_keys = ON");
            store = ReplicaStore.open(writer, StoreOptions.of("test", InstantSource.system(), new Random(7)));
            reader = DriverManager.getConnection("jdbc:sqlite:" + file);
            execute(reader, "PRAGMA query_only = ON");
            writing = SqlLane.writing(writer, new Owned(), limits, clock);
            reading = SqlLane.reading(reader, () -> commitCount, limits, clock);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    SqlLane writing() {
        return writing;
    }

    SqlLane reading() {
        return reading;
    }

    ReplicaStore store() {
        return store;
    }

    Connection writer() {
        return writer;
    }

    /** What was logged before it was committed. */
    List<Transaction> log() {
        return log;
    }

    /** Lanes that the last requests went through, and commits on the way. */
    List<String> lanes() {
        return lanes;
    }

    /** The next commit that is announced fails. */
    void failNextCommit(SqlError error) {
        nextCommitFailure = Optional.of(error);
    }

    /** Runs requests where they want to run, and where they move. */
    List<SqlResponse> run(SqlStreamState state, boolean isReadOnly, SqlRequest... requests) {
        lanes.clear();
        return runIn(SqlPlan.of(List.of(requests), state, isReadOnly).kind(), state, isReadOnly, List.of(requests));
    }

    List<SqlResponse> runIn(SqlPlan.Kind kind, SqlStreamState state, boolean isReadOnly, List<SqlRequest> requests) {
        lanes.add(kind.name());
        return switch (kind) {
            case READ -> drive(reading.read(requests, state, isReadOnly), state, isReadOnly, requests);
            case GROUP -> runInGroup(state, isReadOnly, requests);
            case EXCLUSIVE -> drive(writing.exclusive(requests, state, isReadOnly), state, isReadOnly, requests);
        };
    }

    private List<SqlResponse> runInGroup(SqlStreamState state, boolean isReadOnly, List<SqlRequest> requests) {
        beginGroup();
        var progress =
                writing.group(SqlPlan.of(requests, state), state, isReadOnly).advance();
        if (progress == Progress.Lost.LOST) {
            lanes.add("LOST");
            store.rolledBack();
            return runIn(SqlPlan.Kind.EXCLUSIVE, state, isReadOnly, requests);
        }
        commitGroup();
        return switch (progress) {
            case Progress.Finished finished -> finished.responses();
            case Progress.Moves moves -> runIn(moves.kind(), state, isReadOnly, requests);
            default -> throw new AssertionError(progress);
        };
    }

    void beginGroup() {
        setForeignKeys(true);
        store.beginOpen();
        writing.beginGroup();
    }

    void commitGroup() {
        store.stampInside().ifPresent(stamped::add);
        commit();
    }

    private List<SqlResponse> drive(SqlRun run, SqlStreamState state, boolean isReadOnly, List<SqlRequest> requests) {
        while (true) {
            switch (run.advance()) {
                case Progress.Finished finished -> {
                    return finished.responses();
                }
                case Progress.Committing committing -> commit(run);
                case Progress.Moves moves -> {
                    return runIn(moves.kind(), state, isReadOnly, requests);
                }
                case Progress.Lost lost -> throw new AssertionError("lost without a group");
                case Progress.Fetched fetched -> throw new AssertionError("fetched without a cursor");
            }
        }
    }

    /** Does what {@code Committing} asks for. */
    void commit(SqlRun run) {
        lanes.add("COMMIT");
        if (nextCommitFailure.isPresent()) {
            var error = nextCommitFailure.get();
            nextCommitFailure = Optional.empty();
            store.rollbackOpen();
            stamped.clear();
            run.commitFailed(error);
            return;
        }
        store.stampInside().ifPresent(stamped::add);
        commit();
        run.committed();
    }

    private void commit() {
        log.addAll(stamped);
        stamped.clear();
        store.commitOpen();
        commitCount++;
    }

    private void setForeignKeys(boolean areOn) {
        try {
            execute(writer, "PRAGMA foreign_keys = " + areOn);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        try {
            writing.close();
            reading.close();
            reader.close();
            store.close();
            writer.close();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private final class Owned implements WriterTransaction {
        @Override
        public void begin(boolean foreignKeys) {
            setForeignKeys(foreignKeys);
            store.beginOpen();
        }

        @Override
        public void changeSchema(String sql, boolean isAlter) throws SQLException {
            store.stampInside().ifPresent(stamped::add);
            try {
                if (isAlter) {
                    store.session().executeSchemaChange(sql);
                } else {
                    execute(writer, sql);
                }
            } catch (SessionException.DatabaseFailure e) {
                if (e.getCause() instanceof SQLException cause) {
                    throw cause;
                }
                throw e;
            }
            store.stampInside().ifPresent(stamped::add);
        }

        @Override
        public void rolledBack() {
            store.rolledBack();
            forgetUndone();
        }

        @Override
        public void rollback() {
            try {
                store.rollbackOpen();
            } catch (SyncException.StoreFailure e) {
                throw new AssertionError(e);
            }
            stamped.clear();
        }

        @Override
        public long commitCount() {
            return commitCount;
        }

        private void forgetUndone() {
            stamped.removeIf(transaction -> transaction.seq() > store.vector().seq(transaction.origin()));
        }
    }
}
