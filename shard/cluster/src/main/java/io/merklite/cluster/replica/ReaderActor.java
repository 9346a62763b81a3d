package io.merklite.cluster.replica;

import io.merklite.cluster.replica.DatabaseActor.FetchSql;
import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.sql.SqlLane;
import io.merklite.cluster.sql.SqlLimits;
import io.merklite.cluster.sql.SqlRun;
import io.merklite.cluster.sql.SqlRun.Progress;
import io.merklite.cluster.sql.SqlStreamState;
import io.merklite.query.transpile.functions.DeepFunctions;
import io.merklite.sync.vector.VersionVector;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** A connection that reads a database while its writer writes. Serves one stream at a time. */
final class ReaderActor {
    private static final int BUSY_TIMEOUT_MILLIS = 5_000;

    /** What a reader is told, by its pool. */
    sealed interface Command {}

    /** Something to do for a stream, whose state is the reader's until it reports. */
    sealed interface Work extends Command {
        /** Whose. */
        StreamId id();

        /** The state of the stream. */
        SqlStreamState stream();

        /** The client. */
        ActorRef<SqlReply> replyTo();

        /** Whether the client still wants it: if not, the statement that runs is interrupted, and those after it. */
        Cancellation cancellation();
    }

    /** Runs requests and answers the client; before that, to the pool by {@link Report}. */
    record Run(RunSql sql, SqlStreamState stream, Cancellation cancellation) implements Work {
        @Override
        public StreamId id() {
            return sql.stream();
        }

        @Override
        public ActorRef<SqlReply> replyTo() {
            return sql.replyTo();
        }
    }

    /** Begins a cursor or goes on with it, and answers the client; before that, to the pool by {@link Report}. */
    record Fetch(FetchSql sql, SqlStreamState stream, Cancellation cancellation) implements Work {
        @Override
        public StreamId id() {
            return sql.stream();
        }

        @Override
        public ActorRef<SqlReply> replyTo() {
            return sql.replyTo();
        }
    }

    /** The stream that has something open here is gone. */
    enum Reset implements Command {
        RESET
    }

    /** No more work comes. */
    enum Close implements Command {
        CLOSE
    }

    /** The cursor that is open here is not wanted any more; answered to the pool by {@link Report}. */
    enum CloseCursor implements Command {
        CLOSE_CURSOR
    }

    /**
     * A reader is done with something.
     *
     * @param reader which
     * @param work what it was to do
     * @param keeps whether a transaction or cursor of the stream is open, so that it keeps the reader
     * @param isForWriter whether the requests write, and were not run
     */
    record Report(ActorRef<Command> reader, Work work, boolean keeps, boolean isForWriter) {}

    /** A cursor that is not at its end. */
    private record Open(SqlRun run, Fetch begun) {}

    private final ActorRef<Command> self;
    private final Connection connection;
    private final SqlLane lane;
    private final ActorRef<Report> reports;
    private Optional<Open> cursor = Optional.empty();
    private boolean isReading;

    private ReaderActor(ActorRef<Command> self, Connection connection, SqlLane lane, ActorRef<Report> reports) {
        this.self = self;
        this.connection = connection;
        this.lane = lane;
        this.reports = reports;
    }

    /**
     * @param file the database
     * @param commitCount how many transactions were committed on it; thread-safe
     * @param reports where to say that requests are done
     */
    static Behavior<Command> create(
            Path file, LongSupplier commitCount, InstantSource clock, ActorRef<Report> reports) {
        return Behaviors.setup(context -> {
            var connection = open(file);
            var lane = SqlLane.reading(connection, commitCount, SqlLimits.DEFAULTS, clock);
            return new ReaderActor(context.getSelf(), connection, lane, reports).serving();
        });
    }

    private static Connection open(Path file) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite:" + file.toAbsolutePath());
        try (var statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout = " + BUSY_TIMEOUT_MILLIS);
            statement.execute("PRAGMA query_only = ON");
            DeepFunctions.register(connection);
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    private Behavior<Command> serving() {
        return Behaviors.receive(Command.class)
                .onMessage(Run.class, run -> {
                    run(run);
                    return Behaviors.same();
                })
                .onMessage(Fetch.class, fetch -> {
                    fetch(fetch);
                    return Behaviors.same();
                })
                .onMessage(CloseCursor.class, close -> {
                    closeCursor();
                    return Behaviors.same();
                })
                .onMessage(Reset.class, reset -> {
                    reset();
                    return Behaviors.same();
                })
                .onMessage(Close.class, close -> Behaviors.stopped())
                .onSignal(PostStop.class, stopped -> {
                    reset();
                    lane.close();
                    connection.close();
                    return Behaviors.same();
                })
                .build();
    }

    private void run(Run request) throws SQLException {
        var sql = request.sql();
        lane.cancelWhen(request.cancellation()::isCancelled);
        var run = lane.read(sql.requests(), request.stream(), sql.options().isReadOnly());
        switch (run.advance()) {
            case Progress.Finished finished -> {
                var reply = new SqlReply.Answered(
                        finished.responses(),
                        VersionVector.EMPTY,
                        request.stream().isAutocommit());
                if (sql.isLast() && request.stream().isReading()) {
                    rollback();
                    request.stream().takenAway();
                }
                done(request);
                sql.replyTo().tell(reply);
            }
            case Progress.Moves moves -> {
                isReading = false;
                reports.tell(new Report(self, request, false, true));
            }
            case Progress.Committing committing -> throw unexpected(committing);
            case Progress.Lost lost -> throw unexpected(lost);
            case Progress.Fetched fetched -> throw unexpected(fetched);
        }
    }

    private void fetch(Fetch fetch) {
        var sql = fetch.sql();
        lane.cancelWhen(fetch.cancellation()::isCancelled);
        var run = cursor.map(Open::run)
                .orElseGet(() -> lane.read(
                        List.of(sql.batch().orElseThrow()),
                        fetch.stream(),
                        sql.options().isReadOnly()));
        switch (run.fetch(sql.maxEntryCount(), sql.maxSizeBytes())) {
            case Progress.Fetched fetched -> {
                cursor = fetched.page().isDone() ? Optional.empty() : Optional.of(new Open(run, fetch));
                done(fetch);
                sql.replyTo().tell(new SqlReply.Fetched(fetched.page()));
            }
            case Progress.Moves moves -> {
                cursor = Optional.empty();
                done(fetch);
                sql.replyTo().tell(new SqlReply.NoCursor());
            }
            case Progress.Finished finished -> throw unexpected(finished);
            case Progress.Committing committing -> throw unexpected(committing);
            case Progress.Lost lost -> throw unexpected(lost);
        }
    }

    private void closeCursor() throws SQLException {
        if (cursor.isPresent()) {
            var open = cursor.get();
            cursor = Optional.empty();
            open.run().abandon();
            done(open.begun());
        }
    }

    /** Told before the client is answered: its next request must find the stream where it was left. */
    private void done(Work work) {
        isReading = work.stream().isReading();
        reports.tell(new Report(self, work, isReading || cursor.isPresent(), false));
    }

    private static IllegalStateException unexpected(Progress progress) {
        return new IllegalStateException("a read gave " + progress);
    }

    /** Ends whatever the stream has open. */
    private void reset() throws SQLException {
        if (cursor.isPresent()) {
            cursor.get().run().abandon();
            cursor = Optional.empty();
        } else if (isReading) {
            rollback();
        }
        isReading = false;
    }

    private void rollback() throws SQLException {
        lane.cancelWhen(() -> false);
        try (var statement = connection.createStatement()) {
            statement.execute("ROLLBACK");
        }
    }
}
