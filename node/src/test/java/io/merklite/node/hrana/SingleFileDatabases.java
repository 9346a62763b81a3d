package io.merklite.node.hrana;

import io.merklite.cluster.ClusterException;
import io.merklite.cluster.Databases;
import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepCondition;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteException;
import org.sqlite.core.CoreStatement;

/**
 * Databases as files of one folder, a connection of SQLite for each stream: what a node does without a cluster, as plainly as it can
 * be said. Writers wait for each other in SQLite's busy handler.
 */
final class SingleFileDatabases implements Databases, AutoCloseable {
    private static final Origin ORIGIN = new Origin(1);

    private final Path folder;
    private final Set<String> names = ConcurrentHashMap.newKeySet();
    private final ExecutorService executor = Executors.newCachedThreadPool();
    final AtomicInteger openConnections = new AtomicInteger();
    final AtomicInteger interrupts = new AtomicInteger();

    SingleFileDatabases(Path folder) {
        this.folder = folder;
    }

    SingleFileDatabases create(String name) {
        names.add(name);
        return this;
    }

    @Override
    public CompletionStage<Boolean> exists(String database) {
        return CompletableFuture.completedFuture(names.contains(database));
    }

    @Override
    public SqlStream stream(String database, StreamOptions options) {
        return new FileStream(database, options);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }

    @FunctionalInterface
    private interface Task<T> {
        T run() throws SQLException;
    }

    private final class FileStream implements SqlStream {
        private final String database;
        private final StreamOptions options;
        private CompletableFuture<?> last = CompletableFuture.completedFuture(null);
        private volatile Connection connection;
        private volatile boolean isClosed;
        private final AtomicInteger runs = new AtomicInteger();

        FileStream(String database, StreamOptions options) {
            this.database = database;
            this.options = options;
        }

        private synchronized <T> CompletableFuture<T> enqueue(Task<T> task) {
            var next = last.handleAsync(
                    (before, failure) -> {
                        try {
                            return task.run();
                        } catch (SQLException e) {
                            throw new IllegalStateException(e);
                        }
                    },
                    executor);
            last = next;
            return next;
        }

        @Override
        public CompletionStage<List<SqlResponse>> runOnce(RequestKey key, List<SqlRequest> requests, boolean isLast) {
            return run(requests, isLast);
        }

        @Override
        public CompletionStage<Optional<List<SqlResponse>>> recall(RequestKey key) {
            return CompletableFuture.completedFuture(Optional.empty());
        }

        @Override
        public CompletionStage<List<SqlResponse>> run(List<SqlRequest> requests, boolean isLast) {
            return enqueue(() -> {
                List<SqlResponse> responses = new ArrayList<>();
                for (var request : requests) {
                    responses.add(respond(request));
                }
                runs.incrementAndGet();
                if (isLast) {
                    disconnect();
                }
                return responses;
            });
        }

        @Override
        public CompletionStage<SqlCursor> open(SqlRequest.Batch batch) {
            return enqueue(() -> {
                connect();
                return new FileCursor(batch);
            });
        }

        @Override
        public VersionVector bookmark() {
            return VersionVector.EMPTY.with(ORIGIN, runs.get());
        }

        @Override
        public CompletionStage<Void> close() {
            isClosed = true;
            interrupt();
            return enqueue(() -> {
                disconnect();
                return null;
            });
        }

        void interrupt() {
            var open = connection;
            if (open != null) {
                try {
                    interrupts.incrementAndGet();
                    ((SQLiteConnection) open).getDatabase().interrupt();
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        private void connect() throws SQLException {
            if (!names.contains(database)) {
                throw new ClusterException.NoDatabase(database);
            }
            if (isClosed) {
                throw new IllegalStateException("the stream is closed");
            }
            if (connection == null) {
                connection = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve(database + ".db"));
                openConnections.incrementAndGet();
                try (var statement = connection.createStatement()) {
                    statement.execute("PRAGMA busy_timeout=30000");
                    statement.execute("PRAGMA journal_mode=WAL");
                    statement.execute("PRAGMA synchronous=OFF");
                    statement.execute("PRAGMA foreign_keys=ON");
                }
            }
        }

        private void disconnect() throws SQLException {
            if (connection != null) {
                connection.close();
                connection = null;
                openConnections.decrementAndGet();
            }
        }

        private SqlResponse respond(SqlRequest request) throws SQLException {
            connect();
            return switch (request) {
                case SqlRequest.Batch batch -> batch(batch);
                case SqlRequest.Sequence(var sql) -> sequence(sql);
                case SqlRequest.Describe(var sql) -> describe(sql);
                case SqlRequest.Autocommit autocommit -> new SqlResponse.AutocommitIs(isAutocommit());
            };
        }

        private SqlResponse batch(SqlRequest.Batch batch) throws SQLException {
            List<StepOutcome> outcomes = new ArrayList<>();
            for (var step : batch.steps()) {
                if (step.condition().isPresent() && !holds(step.condition().get(), outcomes)) {
                    outcomes.add(StepOutcome.Skipped.SKIPPED);
                    continue;
                }
                try {
                    outcomes.add(new StepOutcome.Done(execute(step.statement())));
                } catch (StatementFailure e) {
                    outcomes.add(new StepOutcome.Failed(e.error));
                }
            }
            return new SqlResponse.BatchDone(outcomes);
        }

        private SqlResponse sequence(String sql) {
            try {
                for (var statement : SqlScanner.statements(sql)) {
                    execute(new SqlStatement(statement, List.of(), List.of(), false));
                }
                return SqlResponse.SequenceDone.SEQUENCE_DONE;
            } catch (StatementFailure e) {
                return new SqlResponse.Refused(e.error);
            }
        }

        private SqlResponse describe(String sql) {
            try {
                var text = one(sql);
                var verb = SqlScanner.verb(text);
                try (var prepared = prepare(text)) {
                    return new SqlResponse.Described(
                            SqlScanner.parameters(text),
                            columns(prepared),
                            verb.equals("EXPLAIN"),
                            List.of("SELECT", "EXPLAIN", "VALUES", "BEGIN", "COMMIT", "ROLLBACK")
                                    .contains(verb));
                }
            } catch (StatementFailure e) {
                return new SqlResponse.Refused(e.error);
            } catch (SQLException e) {
                return new SqlResponse.Refused(failure(e).error);
            }
        }

        /** SQLite tells only by what it allows. */
        private boolean isAutocommit() throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.execute("BEGIN DEFERRED");
                statement.execute("ROLLBACK");
                return true;
            } catch (SQLiteException e) {
                return false;
            }
        }

        private boolean holds(StepCondition condition, List<StepOutcome> outcomes) throws SQLException {
            return switch (condition) {
                case StepCondition.Succeeded(var step) -> outcomes.get(step) instanceof StepOutcome.Done;
                case StepCondition.Failed(var step) -> outcomes.get(step) instanceof StepOutcome.Failed;
                case StepCondition.Not(var inner) -> !holds(inner, outcomes);
                case StepCondition.IsAutocommit is -> isAutocommit();
                case StepCondition.All(var all) -> {
                    var isTrue = true;
                    for (var each : all) {
                        isTrue &= holds(each, outcomes);
                    }
                    yield isTrue;
                }
                case StepCondition.Any(var any) -> {
                    var isTrue = false;
                    for (var each : any) {
                        isTrue |= holds(each, outcomes);
                    }
                    yield isTrue;
                }
            };
        }

        private StatementResult execute(SqlStatement statement) {
            try (var prepared = bound(statement)) {
                List<ResultColumn> columns = columns(prepared);
                List<List<SqlValue>> rows = new ArrayList<>();
                var rowCount = 0L;
                if (prepared.execute()) {
                    try (var result = prepared.getResultSet()) {
                        while (result.next()) {
                            rowCount++;
                            if (statement.wantRows()) {
                                rows.add(row(result, columns.size()));
                            }
                        }
                    }
                }
                var affected = affected(statement.sql());
                return new StatementResult(columns, rows, affected, rowid(statement.sql()), rowCount, affected, 10);
            } catch (SQLException e) {
                throw failure(e);
            }
        }

        private PreparedStatement bound(SqlStatement statement) throws SQLException {
            var sql = one(statement.sql());
            var verb = SqlScanner.verb(sql);
            if (options.isReadOnly()
                    && List.of("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")
                            .contains(verb)) {
                throw new StatementFailure("SQLITE_READONLY", "attempt to write a readonly database");
            }
            if (List.of("ATTACH", "DETACH").contains(verb)) {
                throw new StatementFailure("SQL_PARSE_ERROR", "ATTACH is not allowed");
            }
            var prepared = prepare(sql);
            var parameters = SqlScanner.parameters(sql);
            var bound = new boolean[parameters.size()];
            if (statement.args().size() > parameters.size()) {
                throw new StatementFailure("ARGS_INVALID", "more arguments than parameters");
            }
            for (var i = 0; i < statement.args().size(); i++) {
                set(prepared, i + 1, statement.args().get(i));
                bound[i] = true;
            }
            for (var i = 0; i < parameters.size(); i++) {
                var name = parameters.get(i).orElse("");
                for (var arg : statement.namedArgs()) {
                    if (name.equals(arg.name())
                            || (!name.isEmpty() && name.substring(1).equals(arg.name()))) {
                        set(prepared, i + 1, arg.value());
                        bound[i] = true;
                    }
                }
                if (!bound[i] && !verb.equals("EXPLAIN")) {
                    throw new StatementFailure("ARGS_INVALID", "parameter " + (i + 1) + " has no value");
                }
            }
            return prepared;
        }

        private PreparedStatement prepare(String sql) {
            try {
                return connection.prepareStatement(sql);
            } catch (SQLException e) {
                throw failure(e);
            }
        }

        private long affected(String sql) throws SQLException {
            return switch (SqlScanner.verb(sql)) {
                case "INSERT", "REPLACE", "UPDATE", "DELETE" ->
                    ((SQLiteConnection) connection).getDatabase().changes();
                default -> 0;
            };
        }

        private OptionalLong rowid(String sql) throws SQLException {
            if (!List.of("INSERT", "REPLACE").contains(SqlScanner.verb(sql))) {
                return OptionalLong.empty();
            }
            try (var statement = connection.createStatement();
                    var result = statement.executeQuery("SELECT last_insert_rowid()")) {
                return OptionalLong.of(result.getLong(1));
            }
        }

        private final class FileCursor implements SqlCursor {
            private final SqlRequest.Batch batch;
            private final List<StepOutcome> outcomes = new ArrayList<>();
            private PreparedStatement prepared;
            private ResultSet rows;
            private int columnCount;
            private volatile boolean isEnded;

            FileCursor(SqlRequest.Batch batch) {
                this.batch = batch;
            }

            @Override
            public CompletionStage<Page> fetch(int maxEntryCount, int maxSizeBytes) {
                return enqueue(() -> {
                    List<CursorEntry> entries = new ArrayList<>();
                    while (entries.size() < maxEntryCount
                            && !isEnded
                            && outcomes.size() < batch.steps().size()) {
                        step(entries);
                    }
                    isEnded = isEnded || outcomes.size() == batch.steps().size();
                    return new Page(entries, isEnded);
                });
            }

            private void step(List<CursorEntry> entries) throws SQLException {
                var index = outcomes.size();
                var step = batch.steps().get(index);
                try {
                    if (prepared == null) {
                        if (step.condition().isPresent()
                                && !holds(step.condition().get(), outcomes)) {
                            outcomes.add(StepOutcome.Skipped.SKIPPED);
                            return;
                        }
                        prepared = bound(step.statement());
                        var columns = columns(prepared);
                        columnCount = columns.size();
                        entries.add(new CursorEntry.StepBegun(index, columns));
                        rows = prepared.execute() ? prepared.getResultSet() : null;
                        return;
                    }
                    if (rows != null && rows.next()) {
                        if (step.statement().wantRows()) {
                            entries.add(new CursorEntry.Row(row(rows, columnCount)));
                        }
                        return;
                    }
                    prepared.close();
                    prepared = null;
                    entries.add(new CursorEntry.StepEnded(
                            affected(step.statement().sql()),
                            rowid(step.statement().sql())));
                    outcomes.add(new StepOutcome.Done(
                            new StatementResult(List.of(), List.of(), 0, OptionalLong.empty(), 0, 0, 0)));
                } catch (StatementFailure | SQLException e) {
                    var error = e instanceof StatementFailure known ? known.error : failure((SQLException) e).error;
                    entries.add(new CursorEntry.StepFailed(index, error));
                    outcomes.add(new StepOutcome.Failed(error));
                    if (prepared != null) {
                        prepared.close();
                        prepared = null;
                    }
                }
            }

            @Override
            public CompletionStage<Void> close() {
                if (!isEnded) {
                    isEnded = true;
                    interrupt();
                }
                return enqueue(() -> {
                    if (prepared != null) {
                        prepared.close();
                        prepared = null;
                    }
                    return null;
                });
            }
        }
    }

    private static String one(String sql) {
        var statements = SqlScanner.statements(sql);
        if (statements.size() != 1) {
            throw new StatementFailure(
                    statements.isEmpty() ? "SQL_NO_STATEMENT" : "SQL_MANY_STATEMENTS", "exactly one statement, please");
        }
        return statements.getFirst();
    }

    private static void set(PreparedStatement prepared, int index, SqlValue value) throws SQLException {
        switch (value) {
            case SqlValue.Null none -> prepared.setObject(index, null);
            case SqlValue.Integer(var integer) -> prepared.setLong(index, integer);
            case SqlValue.Real(var real) -> prepared.setDouble(index, real);
            case SqlValue.Text(var text) -> prepared.setString(index, text);
            case SqlValue.Blob blob -> prepared.setBytes(index, blob.toByteArray());
        }
    }

    private static List<ResultColumn> columns(PreparedStatement prepared) throws SQLException {
        return ((CoreStatement) prepared).pointer.safeRun((db, pointer) -> {
            List<ResultColumn> columns = new ArrayList<>();
            for (var i = 0; i < db.column_count(pointer); i++) {
                columns.add(new ResultColumn(
                        db.column_name(pointer, i), Optional.ofNullable(db.column_decltype(pointer, i))));
            }
            return columns;
        });
    }

    private static List<SqlValue> row(ResultSet result, int columnCount) throws SQLException {
        List<SqlValue> row = new ArrayList<>(columnCount);
        for (var i = 1; i <= columnCount; i++) {
            row.add(
                    switch (result.getObject(i)) {
                        case null -> SqlValue.NULL;
                        case Integer integer -> SqlValue.of(integer.longValue());
                        case Long integer -> SqlValue.of(integer);
                        case Double real -> SqlValue.of(real);
                        case byte[] blob -> SqlValue.of(blob);
                        case Object text -> SqlValue.of(text.toString());
                    });
        }
        return row;
    }

    private static StatementFailure failure(SQLException e) {
        var message = e.getMessage();
        var text = message.substring(message.lastIndexOf(" (") + 2, message.length() - 1);
        if (!(e instanceof SQLiteException sqlite)) {
            return new StatementFailure("SQLITE_UNKNOWN", message);
        }
        var primary = sqlite.getResultCode().code & 0xFF;
        var code = switch (primary) {
            case 1 ->
                text.contains("syntax error") || text.contains("no such column") ? "SQL_INPUT_ERROR" : "SQLITE_UNKNOWN";
            case 5 -> "SQLITE_BUSY";
            case 8 -> "SQLITE_READONLY";
            case 9 -> "SQLITE_INTERRUPT";
            case 19 -> "SQLITE_CONSTRAINT";
            case 20 -> "SQLITE_MISMATCH";
            default -> sqlite.getResultCode().name();
        };
        return new StatementFailure(code, "SQLite error: " + text);
    }

    private static final class StatementFailure extends RuntimeException {
        private final transient SqlError error;

        StatementFailure(String code, String message) {
            super(message);
            error = new SqlError(code, message);
        }
    }
}
