package io.merklite.cluster.sql;

import io.merklite.session.catalog.RawRows;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteLimits;
import org.sqlite.core.CorePreparedStatement;
import org.sqlite.core.SafeStmtPtr;

/**
 * Statements of one connection: prepared ones by their text, and the clock that interrupts those that run for too long.
 *
 * <p>SQLite prepares a statement again by itself after a change of schema, but the driver keeps the columns of the first
 * time: so all are forgotten when the schema has changed.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
final class SqlStatements implements AutoCloseable {
    private static final int CAPACITY = 512;
    /** Of a value or a row, 64 MiB: what a statement makes of a few bytes would otherwise fill the memory of the node. */
    private static final int MAX_VALUE_BYTES = 64 << 20;
    /** Nothing interrupts SQLite while it compares a value with a pattern, which takes as long as both together. */
    private static final int MAX_PATTERN_BYTES = 1_000;
    /** About a millisecond of SQLite's machine. */
    private static final int INSTRUCTIONS_BETWEEN_CHECKS = 20_000;
    /** A line break keeps these apart from a client's statements with the same text. */
    private static final String SCHEMA_VERSION = "\nPRAGMA main.schema_version";

    private static final String LAST_INSERT_ROWID = "\nSELECT last_insert_rowid()";
    private static final String HAS_DEFERRED =
            "\nSELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND sql LIKE '%INITIALLY%DEFERRED%' LIMIT 1";

    private final Connection connection;
    private final InstantSource clock;
    private final StreamFunctions functions;
    private final Map<String, Prepared> bySql = new LinkedHashMap<>(16, 0.75f, true);
    private long schemaVersion = -1;
    private boolean hasDeferredForeignKeys;
    private Instant deadline = Instant.MAX;
    private BooleanSupplier isCancelled = () -> false;

    /** A statement that is ready to run. */
    static final class Prepared {
        private final String sql;
        private final PreparedStatement statement;
        private final int parameterCount;
        private final List<ResultColumn> columns;

        private Prepared(String sql, PreparedStatement statement) throws SQLException {
            this.sql = sql;
            this.statement = statement;
            var pointer = ((CorePreparedStatement) statement).pointer;
            this.columns = columns(pointer);
            this.parameterCount = statement.getParameterMetaData().getParameterCount();
        }

        private static List<ResultColumn> columns(SafeStmtPtr pointer) throws SQLException {
            int count = pointer.safeRunInt((db, handle) -> db.column_count(handle));
            List<ResultColumn> columns = new ArrayList<>(count);
            for (var i = 0; i < count; i++) {
                var column = i;
                var name = pointer.<String, SQLException>safeRun((db, handle) -> db.column_name(handle, column));
                var type = pointer.<String, SQLException>safeRun((db, handle) -> db.column_decltype(handle, column));
                columns.add(new ResultColumn(
                        StreamFunctions.columnName(name == null ? "" : name), Optional.ofNullable(type)));
            }
            return List.copyOf(columns);
        }

        PreparedStatement statement() {
            return statement;
        }

        int parameterCount() {
            return parameterCount;
        }

        List<ResultColumn> columns() {
            return columns;
        }
    }

    SqlStatements(Connection connection, InstantSource clock) throws SQLException {
        this.connection = connection;
        this.clock = clock;
        this.functions = new StreamFunctions(connection);
        var limited = (SQLiteConnection) connection;
        limited.setLimit(SQLiteLimits.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
        limited.setLimit(SQLiteLimits.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MAX_PATTERN_BYTES);
        ProgressHandler.setHandler(connection, INSTRUCTIONS_BETWEEN_CHECKS, new ProgressHandler() {
            @Override
            protected int progress() {
                return isCancelled.getAsBoolean() || clock.instant().isAfter(deadline) ? 1 : 0;
            }
        });
    }

    /** The statement with this text. Use it before the next call: it may be closed by then. */
    Prepared prepare(String sql) throws SQLException {
        var known = bySql.get(sql);
        if (known != null) {
            return known;
        }
        if (bySql.size() >= CAPACITY) {
            var eldest = bySql.entrySet().iterator();
            eldest.next().getValue().statement.close();
            eldest.remove();
        }
        var statement = connection.prepareStatement(sql);
        try {
            var prepared = new Prepared(sql, statement);
            bySql.put(sql, prepared);
            return prepared;
        } catch (SQLException e) {
            statement.close();
            throw e;
        }
    }

    /** The driver closes a statement that fails: it must not be used again. */
    void forget(Prepared prepared, Exception failure) {
        bySql.remove(prepared.sql);
        try {
            prepared.statement.close();
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
    }

    /** Runs a statement without parameters or rows. */
    void run(String sql) throws SQLException {
        var prepared = prepare(sql);
        try {
            prepared.statement.execute();
        } catch (SQLException e) {
            forget(prepared, e);
            throw e;
        }
    }

    private long number(String sql) throws SQLException {
        var prepared = prepare(sql);
        try {
            return RawRows.number(prepared.statement);
        } catch (SQLException e) {
            forget(prepared, e);
            throw e;
        }
    }

    /** Forgets everything if the schema is another than last time. */
    boolean followSchema() throws SQLException {
        var version = number(SCHEMA_VERSION);
        if (version == schemaVersion) {
            return false;
        }
        clear();
        schemaVersion = version;
        hasDeferredForeignKeys = number(HAS_DEFERRED) != 0;
        return true;
    }

    /** Forgets everything: the schema is being changed. */
    void clear() throws SQLException {
        schemaVersion = -1;
        var closing = List.copyOf(bySql.values());
        bySql.clear();
        for (var prepared : closing) {
            prepared.statement.close();
        }
    }

    /** Whether a table has a foreign key that is enforced only at COMMIT. */
    boolean hasDeferredForeignKeys() {
        return hasDeferredForeignKeys;
    }

    /** Whether a row has no parent. Reads the tables with foreign keys. */
    boolean violatesForeignKeys() throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("PRAGMA main.foreign_key_check")) {
            return rows.next();
        }
    }

    /** Whether a transaction is open on the connection. SQLite knows; the driver doesn't say, so one is begun to see. */
    boolean isTransactionOpen() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("BEGIN");
            statement.execute("ROLLBACK");
            return false;
        } catch (SQLException e) {
            if (SqlErrors.primaryCode(e) == SQLiteErrorCode.SQLITE_ERROR.code) {
                return true;
            }
            throw e;
        }
    }

    /**
     * Whether a statement could change the database: its program then begins a transaction that writes.
     */
    boolean wouldWrite(String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var program = statement.executeQuery("EXPLAIN " + sql)) {
            while (program.next()) {
                if (program.getString("opcode").equals("Transaction") && program.getInt("p2") != 0) {
                    return true;
                }
            }
            return false;
        }
    }

    /** Rows that the last INSERT, UPDATE or DELETE changed itself. */
    long changes() throws SQLException {
        return ((SQLiteConnection) connection).getDatabase().changes();
    }

    long lastInsertRowid() throws SQLException {
        return number(LAST_INSERT_ROWID);
    }

    /** What tells a statement of its stream's writes. */
    StreamFunctions functions() {
        return functions;
    }

    /** From now on a statement may run for this long. */
    void arm(Duration time) {
        deadline = clock.instant().plus(time);
    }

    /** What runs now may take as long as it needs. */
    void disarm() {
        deadline = Instant.MAX;
    }

    /** From now on statements are interrupted when {@code condition} holds. */
    void cancelWhen(BooleanSupplier condition) {
        isCancelled = condition;
    }

    @Override
    public void close() throws SQLException {
        ProgressHandler.clearHandler(connection);
        clear();
    }
}
