package io.merklite.client.jdbc;

import io.merklite.client.Column;
import io.merklite.client.Result;
import io.merklite.client.Row;
import io.merklite.client.SqlStatement;
import io.merklite.client.jdbc.MerkliteConnection.GeneratedKeys;
import io.merklite.client.sql.SqlText;
import io.merklite.query.subscribe.SqlValue;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A statement.
 *
 * <p>With a fetch size above 0 its rows come as they are read, which is also how a statement with a time limit runs: the
 * node stops it when its reader goes away. A text of several statements runs whole, and gives no rows.
 *
 * <p><b>Threading.</b> As its connection.
 */
sealed class MerkliteStatement implements Statement permits MerklitePreparedStatement {
    private static final String KEY_COLUMN = "GENERATED_KEY";

    private final MerkliteConnection connection;
    private final List<SqlStatement> batch = new ArrayList<>();
    private volatile Optional<Running> running = Optional.empty();
    private volatile boolean isClosed;
    private Optional<MerkliteResultSet> result = Optional.empty();
    private List<Result> inserted = List.of();
    private long updateCount = -1;
    private int fetchSize;
    private int maxRows;
    private int timeoutSeconds;
    private boolean closesOnCompletion;
    private boolean isPoolable;

    MerkliteStatement(MerkliteConnection connection, int fetchSize) {
        this.connection = connection;
        this.fetchSize = fetchSize;
        connection.opened(this);
    }

    final MerkliteConnection owner() {
        return connection;
    }

    final void requireOpen() throws SQLException {
        if (isClosed()) {
            throw SqlStates.closed("statement");
        }
    }

    // ---- execution --------------------------------------------------------------------------------------------------

    /** Runs a statement; whether it gives rows. */
    final boolean run(SqlStatement statement, SqlText text, GeneratedKeys keys) throws SQLException {
        requireOpen();
        reset();
        var run = connection.running(timeoutSeconds);
        running = Optional.of(run);
        if (text.statementCount() > 1) {
            if (!statement.args().isEmpty()) {
                throw new SQLException(
                        "parameters for a text of several statements: prepare each of them by itself", "07001");
            }
            connection.session().sequence(statement.sql(), text, run);
            updateCount = 0;
            return false;
        }
        if (isReadAsItComes(text, run)) {
            var rows = connection.session().open(statement, text, run);
            RowSource source = fetchSize > 0 ? rows : rows.read(maxRows);
            run.executed();
            result = Optional.of(new MerkliteResultSet(this, source, maxRows));
            return true;
        }
        var answer = connection.session().execute(statement, text, run);
        run.executed();
        if (keys.isWanted() && text.isInserting()) {
            inserted = List.of(answer);
        }
        var givesRows = !answer.columns().isEmpty()
                && !(keys.isWanted() && !keys.columns().isEmpty());
        if (givesRows) {
            result = Optional.of(new MerkliteResultSet(this, RowSource.Buffered.of(answer), maxRows));
        }
        if (!givesRows || !text.isReading()) {
            updateCount = answer.affectedRowCount();
        }
        return givesRows;
    }

    /** So that the node stops when no more is wanted. What a connection wrote last only a whole request is answered with. */
    private boolean isReadAsItComes(SqlText text, Running run) {
        return text.isReading()
                && (fetchSize > 0 || maxRows > 0 || run.isLimited())
                && !text.hasWord("LAST_INSERT_ROWID")
                && !text.hasWord("CHANGES");
    }

    private void reset() throws SQLException {
        var earlier = result;
        result = Optional.empty();
        if (earlier.isPresent()) {
            earlier.get().close();
        }
        inserted = List.of();
        updateCount = -1;
    }

    private boolean run(String sql, GeneratedKeys keys) throws SQLException {
        requirePlain();
        var text = SqlText.of(sql);
        return run(SqlStatement.of(keys.addedTo(sql, text)), text, keys);
    }

    private void requirePlain() throws SQLException {
        if (this instanceof MerklitePreparedStatement) {
            throw new SQLException("a prepared statement runs its own SQL: call the method that takes none", "HY010");
        }
    }

    final ResultSet rows(boolean hasRows) throws SQLException {
        if (!hasRows) {
            throw new SQLException("the statement gives no rows", "07005");
        }
        return result.orElseThrow();
    }

    /** Rows that an insertion returns are beside the point here. */
    final long updated(boolean hasRows) throws SQLException {
        if (hasRows && updateCount < 0) {
            throw new SQLException("the statement gives rows", "07005");
        }
        return updateCount;
    }

    @Override
    public ResultSet executeQuery(String sql) throws SQLException {
        return rows(run(sql, GeneratedKeys.NONE));
    }

    @Override
    public boolean execute(String sql) throws SQLException {
        return run(sql, GeneratedKeys.NONE);
    }

    @Override
    public boolean execute(String sql, int autoGeneratedKeys) throws SQLException {
        return run(sql, GeneratedKeys.of(autoGeneratedKeys));
    }

    @Override
    public boolean execute(String sql, int[] columnIndexes) throws SQLException {
        return run(sql, GeneratedKeys.of(RETURN_GENERATED_KEYS));
    }

    @Override
    public boolean execute(String sql, String[] columnNames) throws SQLException {
        return run(sql, GeneratedKeys.columns(Arrays.asList(columnNames)));
    }

    @Override
    public int executeUpdate(String sql) throws SQLException {
        return clamped(executeLargeUpdate(sql));
    }

    @Override
    public int executeUpdate(String sql, int autoGeneratedKeys) throws SQLException {
        return clamped(executeLargeUpdate(sql, autoGeneratedKeys));
    }

    @Override
    public int executeUpdate(String sql, int[] columnIndexes) throws SQLException {
        return clamped(executeLargeUpdate(sql, columnIndexes));
    }

    @Override
    public int executeUpdate(String sql, String[] columnNames) throws SQLException {
        return clamped(executeLargeUpdate(sql, columnNames));
    }

    @Override
    public long executeLargeUpdate(String sql) throws SQLException {
        return updated(run(sql, GeneratedKeys.NONE));
    }

    @Override
    public long executeLargeUpdate(String sql, int autoGeneratedKeys) throws SQLException {
        return updated(run(sql, GeneratedKeys.of(autoGeneratedKeys)));
    }

    @Override
    public long executeLargeUpdate(String sql, int[] columnIndexes) throws SQLException {
        return updated(run(sql, GeneratedKeys.of(RETURN_GENERATED_KEYS)));
    }

    @Override
    public long executeLargeUpdate(String sql, String[] columnNames) throws SQLException {
        return updated(run(sql, GeneratedKeys.columns(Arrays.asList(columnNames))));
    }

    static int clamped(long count) {
        return (int) Math.min(count, Integer.MAX_VALUE);
    }

    // ---- batches ----------------------------------------------------------------------------------------------------

    @Override
    public void addBatch(String sql) throws SQLException {
        requireOpen();
        requirePlain();
        batch.add(SqlStatement.of(sql));
    }

    final void addBatch(SqlStatement statement) throws SQLException {
        requireOpen();
        batch.add(statement);
    }

    @Override
    public void clearBatch() throws SQLException {
        requireOpen();
        batch.clear();
    }

    @Override
    public int[] executeBatch() throws SQLException {
        return Arrays.stream(executeLargeBatch())
                .mapToInt(MerkliteStatement::clamped)
                .toArray();
    }

    @Override
    public long[] executeLargeBatch() throws SQLException {
        return runBatch(GeneratedKeys.NONE);
    }

    final long[] runBatch(GeneratedKeys keys) throws SQLException {
        requireOpen();
        reset();
        if (batch.isEmpty()) {
            return new long[0];
        }
        var statements = List.copyOf(batch);
        batch.clear();
        List<Result> done = new ArrayList<>();
        var run = connection.running(timeoutSeconds);
        running = Optional.of(run);
        try {
            connection
                    .session()
                    .batch(statements, SqlText.of(statements.getFirst().sql()), run, done);
        } catch (SQLException e) {
            // With autocommit on, nothing of it is there.
            var counts = connection.getAutoCommit() ? failed(statements.size()) : counts(done);
            throw new BatchUpdateException(e.getMessage(), e.getSQLState(), e.getErrorCode(), counts, e);
        }
        if (keys.isWanted()) {
            inserted = List.copyOf(done);
        }
        return counts(done);
    }

    private static long[] counts(List<Result> done) {
        return done.stream().mapToLong(Result::affectedRowCount).toArray();
    }

    private static long[] failed(int count) {
        var counts = new long[count];
        Arrays.fill(counts, EXECUTE_FAILED);
        return counts;
    }

    // ---- results ----------------------------------------------------------------------------------------------------

    @Override
    public @Nullable ResultSet getResultSet() throws SQLException {
        requireOpen();
        return result.orElse(null);
    }

    @Override
    public int getUpdateCount() throws SQLException {
        return clamped(getLargeUpdateCount());
    }

    @Override
    public long getLargeUpdateCount() throws SQLException {
        requireOpen();
        return updateCount;
    }

    /** There is one result at most. */
    @Override
    public boolean getMoreResults() throws SQLException {
        return getMoreResults(CLOSE_CURRENT_RESULT);
    }

    @Override
    public boolean getMoreResults(int which) throws SQLException {
        requireOpen();
        if (which != KEEP_CURRENT_RESULT && result.isPresent()) {
            result.get().close();
        }
        result = Optional.empty();
        updateCount = -1;
        return false;
    }

    /** What the last insertion returned, or the rowid of its last row. */
    @Override
    public ResultSet getGeneratedKeys() throws SQLException {
        requireOpen();
        List<Column> columns = List.of(new Column(KEY_COLUMN, Optional.of("INTEGER")));
        List<List<SqlValue>> rows = new ArrayList<>();
        for (var one : inserted) {
            if (one.columns().isEmpty()) {
                one.lastInsertRowid().ifPresent(rowid -> rows.add(List.of(SqlValue.of(rowid))));
            } else {
                columns = one.columns();
                rows.addAll(one.rows().stream().map(Row::values).toList());
            }
        }
        return new MerkliteResultSet(this, new RowSource.Buffered(columns, rows), 0);
    }

    /** A result was closed; that of an earlier execution ends nothing. */
    final void resultClosed() throws SQLException {
        if (closesOnCompletion && result.isPresent()) {
            close();
        }
    }

    // ---- settings ---------------------------------------------------------------------------------------------------

    @Override
    public void cancel() {
        running.ifPresent(Running::cancel);
    }

    @Override
    public void close() throws SQLException {
        if (isClosed) {
            return;
        }
        isClosed = true;
        if (result.isPresent()) {
            result.get().close();
        }
    }

    @Override
    public boolean isClosed() {
        return isClosed || connection.isClosed();
    }

    /** The connection is closed: what is read of it is given up. */
    final void abandon() {
        isClosed = true;
        result.ifPresent(MerkliteResultSet::abandon);
    }

    @Override
    public int getMaxFieldSize() throws SQLException {
        requireOpen();
        return 0;
    }

    @Override
    public void setMaxFieldSize(int max) throws SQLException {
        if (max != 0) {
            throw SqlStates.unsupported("a limit on fields");
        }
    }

    @Override
    public int getMaxRows() throws SQLException {
        requireOpen();
        return maxRows;
    }

    @Override
    public void setMaxRows(int max) throws SQLException {
        requireOpen();
        maxRows = notNegative("max rows", max);
    }

    @Override
    public long getLargeMaxRows() throws SQLException {
        return getMaxRows();
    }

    /** More than two billion rows come as if there were no limit. */
    @Override
    public void setLargeMaxRows(long max) throws SQLException {
        setMaxRows(max > Integer.MAX_VALUE ? 0 : (int) Math.max(max, -1));
    }

    private static int notNegative(String what, int number) throws SQLException {
        if (number < 0) {
            throw new SQLException(what + " " + number + ", must not be negative", SqlStates.WRONG_VALUE);
        }
        return number;
    }

    /** JDBC's escapes in braces are not translated. */
    @Override
    public void setEscapeProcessing(boolean enable) throws SQLException {
        requireOpen();
    }

    @Override
    public int getQueryTimeout() throws SQLException {
        requireOpen();
        return timeoutSeconds;
    }

    @Override
    public void setQueryTimeout(int seconds) throws SQLException {
        requireOpen();
        timeoutSeconds = notNegative("timeout", seconds);
    }

    @Override
    public @Nullable SQLWarning getWarnings() throws SQLException {
        requireOpen();
        return null;
    }

    @Override
    public void clearWarnings() throws SQLException {
        requireOpen();
    }

    @Override
    public void setCursorName(String name) throws SQLException {
        throw SqlStates.unsupported("a named cursor");
    }

    @Override
    public void setFetchDirection(int direction) throws SQLException {
        requireOpen();
    }

    @Override
    public int getFetchDirection() throws SQLException {
        requireOpen();
        return ResultSet.FETCH_FORWARD;
    }

    /** Above 0, the rows of the next execution come as they are read. */
    @Override
    public void setFetchSize(int rows) throws SQLException {
        requireOpen();
        fetchSize = notNegative("fetch size", rows);
    }

    @Override
    public int getFetchSize() throws SQLException {
        requireOpen();
        return fetchSize;
    }

    @Override
    public int getResultSetConcurrency() {
        return ResultSet.CONCUR_READ_ONLY;
    }

    @Override
    public int getResultSetType() {
        return fetchSize > 0 ? ResultSet.TYPE_FORWARD_ONLY : ResultSet.TYPE_SCROLL_INSENSITIVE;
    }

    @Override
    public int getResultSetHoldability() {
        return ResultSet.HOLD_CURSORS_OVER_COMMIT;
    }

    @Override
    public Connection getConnection() throws SQLException {
        requireOpen();
        return connection;
    }

    @Override
    public void setPoolable(boolean poolable) throws SQLException {
        requireOpen();
        isPoolable = poolable;
    }

    @Override
    public boolean isPoolable() throws SQLException {
        requireOpen();
        return isPoolable;
    }

    @Override
    public void closeOnCompletion() throws SQLException {
        requireOpen();
        closesOnCompletion = true;
    }

    @Override
    public boolean isCloseOnCompletion() throws SQLException {
        requireOpen();
        return closesOnCompletion;
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return Unwrapping.unwrap(this, type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return type.isInstance(this);
    }
}
