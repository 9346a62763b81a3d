package io.merklite.cluster.sql;

import io.merklite.query.subscribe.SqlValue;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.sqlite.core.Codes;
import org.sqlite.core.CorePreparedStatement;

/** A statement that has begun to run, and is read row by row. Forgotten by the connection if it fails. */
final class RunningStatement {
    private static final long ROW_OVERHEAD_BYTES = 16;
    private static final long VALUE_OVERHEAD_BYTES = 8;
    /** Arguments above this are not kept bound until the statement is used again. */
    private static final long KEPT_ARGUMENTS_BYTES = 4_096;

    private final SqlStatements statements;
    private final AnalysedStatement statement;
    private final SqlStatements.Prepared prepared;
    private final boolean forgetsArguments;
    private final @Nullable ResultSet rows;
    private long rowBytes;
    private long rowCount;

    private RunningStatement(
            SqlStatements statements,
            AnalysedStatement statement,
            SqlStatements.Prepared prepared,
            boolean forgetsArguments,
            @Nullable ResultSet rows) {
        this.statements = statements;
        this.statement = statement;
        this.prepared = prepared;
        this.forgetsArguments = forgetsArguments;
        this.rows = rows;
    }

    /**
     * Runs a statement up to its first row.
     *
     * @param isShared whether others may change the schema between two statements of this connection
     */
    static RunningStatement start(
            SqlStatements statements, AnalysedStatement statement, SqlStatement arguments, boolean isShared)
            throws SqlFailure, SQLException {
        while (true) {
            var prepared = statements.prepare(statement.sql());
            var values = SqlParameters.values(statement, arguments, prepared.parameterCount());
            try {
                bind(prepared.statement(), values);
                var hasRows = prepared.statement().execute();
                // Only now the snapshot is fixed, so only now it is certain that the columns are those of this schema.
                if (hasRows && isShared && statements.followSchema()) {
                    continue;
                }
                return new RunningStatement(
                        statements,
                        statement,
                        prepared,
                        sizeBytes(values) > KEPT_ARGUMENTS_BYTES,
                        hasRows ? prepared.statement().getResultSet() : null);
            } catch (SQLException e) {
                statements.forget(prepared, e);
                throw e;
            }
        }
    }

    private static void bind(PreparedStatement statement, List<SqlValue> values) throws SQLException {
        for (var i = 0; i < values.size(); i++) {
            var index = i + 1;
            switch (values.get(i)) {
                case SqlValue.Null nothing -> statement.setNull(index, Types.NULL);
                case SqlValue.Integer integer -> statement.setLong(index, integer.value());
                case SqlValue.Real real -> statement.setDouble(index, real.value());
                case SqlValue.Text text -> statement.setString(index, text.value());
                case SqlValue.Blob blob -> statement.setBytes(index, blob.toByteArray());
            }
        }
    }

    static long sizeBytes(List<SqlValue> values) {
        var size = 0L;
        for (var value : values) {
            size += VALUE_OVERHEAD_BYTES
                    + switch (value) {
                        case SqlValue.Null nothing -> 0;
                        case SqlValue.Integer integer -> Long.BYTES;
                        case SqlValue.Real real -> Double.BYTES;
                        case SqlValue.Text text -> text.value().length();
                        case SqlValue.Blob blob -> blob.view().remaining();
                    };
        }
        return size;
    }

    List<ResultColumn> columns() {
        return prepared.columns();
    }

    /** Size of the row that {@link #row} gave last. */
    long rowBytes() {
        return rowBytes;
    }

    long rowCount() {
        return rowCount;
    }

    /** Goes to the next row; false at the end. */
    boolean next() throws SQLException {
        if (rows == null) {
            return false;
        }
        try {
            var hasRow = rows.next();
            rowCount += hasRow ? 1 : 0;
            return hasRow;
        } catch (SQLException e) {
            statements.forget(prepared, e);
            throw e;
        }
    }

    /** The row that {@link #next} went to. */
    List<SqlValue> row() throws SQLException {
        var count = prepared.columns().size();
        List<SqlValue> values = new ArrayList<>(count);
        for (var i = 1; i <= count; i++) {
            values.add(value(i));
        }
        rowBytes = ROW_OVERHEAD_BYTES + sizeBytes(values);
        return values;
    }

    private SqlValue value(int column) throws SQLException {
        if (rows == null) {
            throw new IllegalStateException("a row of a statement without rows");
        }
        return switch (rows.getObject(column)) {
            case null -> isBlob(column) ? SqlValue.of(new byte[0]) : SqlValue.NULL;
            case Integer integer -> SqlValue.of(integer.longValue());
            case Long integer -> SqlValue.of(integer.longValue());
            case Double real -> SqlValue.of(real.doubleValue());
            case String text -> SqlValue.of(text);
            case byte[] bytes -> SqlValue.of(bytes);
            case Object other ->
                throw new IllegalStateException(
                        "the driver gave a " + other.getClass().getName());
        };
    }

    /** The driver gives no object for an empty blob. */
    private boolean isBlob(int column) throws SQLException {
        var pointer = ((CorePreparedStatement) prepared.statement()).pointer;
        return pointer.safeRunInt((db, handle) -> db.column_type(handle, column - 1)) == Codes.SQLITE_BLOB;
    }

    /** Ends it, whether or not all rows were read. */
    void close() throws SQLException {
        if (rows != null) {
            rows.close();
        }
        if (forgetsArguments) {
            prepared.statement().clearParameters();
        }
    }

    /** Of rows that it changed; once it has been closed, and before anything else runs. */
    long affectedRowCount() throws SQLException {
        return statement.isCounted() ? statements.changes() : 0;
    }

    /** Of the last row that it inserted. */
    OptionalLong lastInsertRowid() throws SQLException {
        return statement.isInsert() && !statement.isExplain()
                ? OptionalLong.of(statements.lastInsertRowid())
                : OptionalLong.empty();
    }
}
