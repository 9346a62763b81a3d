package io.merklite.client.jdbc;

import io.merklite.client.Column;
import io.merklite.client.sql.JavaValues;
import io.merklite.query.subscribe.SqlValue;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringReader;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Blob;
import java.sql.Clob;
import java.sql.Date;
import java.sql.JDBCType;
import java.sql.NClob;
import java.sql.Ref;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.RowId;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.SQLXML;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Calendar;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.sql.rowset.serial.SerialBlob;
import javax.sql.rowset.serial.SerialClob;
import org.jspecify.annotations.Nullable;

/**
 * Rows. Those that came whole can be scrolled; those that come as they are read go forward only.
 *
 * <p><b>Threading.</b> As its connection.
 */
final class MerkliteResultSet extends ReadOnlyResultSet {
    private final MerkliteStatement statement;
    private final RowSource source;
    private final int maxRows;
    private final List<Column> columns;
    private final Map<String, Integer> byLabel = new TreeMap<>();
    private Optional<List<SqlValue>> current = Optional.empty();
    private Optional<List<SqlValue>> ahead = Optional.empty();
    private int position;
    private boolean isAfterLast;
    private boolean isClosed;
    private boolean wasNull;
    private int fetchSize;

    /** @param maxRows how many are given at most; 0 for all */
    MerkliteResultSet(MerkliteStatement statement, RowSource source, int maxRows) {
        this.statement = statement;
        this.source = source;
        this.maxRows = maxRows;
        this.columns = source.columns();
        for (var i = columns.size(); i > 0; i--) {
            byLabel.put(columns.get(i - 1).name().toLowerCase(Locale.ROOT), i);
        }
    }

    private void requireOpen() throws SQLException {
        if (isClosed) {
            throw SqlStates.closed("result");
        }
    }

    // ---- movement ---------------------------------------------------------------------------------------------------

    @Override
    public boolean next() throws SQLException {
        requireOpen();
        if (isAfterLast) {
            return false;
        }
        if (source instanceof RowSource.Buffered) {
            return moveTo(position + 1);
        }
        current = maxRows > 0 && position >= maxRows ? Optional.empty() : ahead.isPresent() ? ahead : source.next();
        ahead = Optional.empty();
        position++;
        isAfterLast = current.isEmpty();
        return !isAfterLast;
    }

    /** Of rows that came whole. */
    private boolean moveTo(int row) throws SQLException {
        requireOpen();
        var rows = scrollable();
        position = Math.clamp(row, 0, count(rows) + 1);
        isAfterLast = position > count(rows);
        current = position > 0 && !isAfterLast ? Optional.of(rows.row(position - 1)) : Optional.empty();
        return current.isPresent();
    }

    private int count(RowSource.Buffered rows) {
        return maxRows > 0 ? Math.min(maxRows, rows.rowCount()) : rows.rowCount();
    }

    private RowSource.Buffered scrollable() throws SQLException {
        if (source instanceof RowSource.Buffered buffered) {
            return buffered;
        }
        throw new SQLException("a streamed result goes forward only: set the fetch size to 0", "HY106");
    }

    @Override
    public boolean previous() throws SQLException {
        return moveTo(position - 1);
    }

    @Override
    public boolean first() throws SQLException {
        return moveTo(1);
    }

    @Override
    public boolean last() throws SQLException {
        return moveTo(count(scrollable()));
    }

    @Override
    public boolean absolute(int row) throws SQLException {
        return moveTo(row >= 0 ? row : count(scrollable()) + 1 + row);
    }

    @Override
    public boolean relative(int rows) throws SQLException {
        return moveTo(position + rows);
    }

    @Override
    public void beforeFirst() throws SQLException {
        moveTo(0);
    }

    @Override
    public void afterLast() throws SQLException {
        moveTo(count(scrollable()) + 1);
    }

    @Override
    public boolean isBeforeFirst() throws SQLException {
        requireOpen();
        return position == 0 && hasNext();
    }

    @Override
    public boolean isAfterLast() throws SQLException {
        requireOpen();
        return isAfterLast && position > 1;
    }

    @Override
    public boolean isFirst() throws SQLException {
        requireOpen();
        return position == 1 && !isAfterLast;
    }

    @Override
    public boolean isLast() throws SQLException {
        requireOpen();
        return current.isPresent() && !hasNext();
    }

    private boolean hasNext() throws SQLException {
        if (source instanceof RowSource.Buffered rows) {
            return position < count(rows);
        }
        if (maxRows > 0 && position >= maxRows) {
            return false;
        }
        if (ahead.isEmpty()) {
            ahead = source.next();
        }
        return ahead.isPresent();
    }

    @Override
    public int getRow() throws SQLException {
        requireOpen();
        return current.isPresent() ? position : 0;
    }

    @Override
    public void close() throws SQLException {
        if (isClosed) {
            return;
        }
        isClosed = true;
        source.close();
        statement.resultClosed();
    }

    @Override
    public boolean isClosed() {
        return isClosed;
    }

    /** The connection is closed: nothing is read any more. */
    void abandon() {
        isClosed = true;
        if (source instanceof RowSource.Streamed streamed) {
            streamed.abandon();
        }
    }

    // ---- values -----------------------------------------------------------------------------------------------------

    private SqlValue value(int index) throws SQLException {
        requireOpen();
        if (index < 1 || index > columns.size()) {
            throw new SQLException("column " + index + " of " + columns.size(), SqlStates.WRONG_PARAMETER);
        }
        if (current.isEmpty()) {
            throw new SQLException(
                    position == 0 ? "before the first row: call next()" : "behind the last row", "24000");
        }
        var value = current.get().get(index - 1);
        wasNull = value instanceof SqlValue.Null;
        return value;
    }

    private interface Conversion<T> {
        @Nullable
        T convert(SqlValue value);
    }

    private <T> @Nullable T converted(int index, Conversion<T> conversion) throws SQLException {
        var value = value(index);
        try {
            return conversion.convert(value);
        } catch (IllegalArgumentException e) {
            throw new SQLDataException(
                    "column '" + columns.get(index - 1).name() + "': " + e.getMessage(), SqlStates.WRONG_VALUE, e);
        }
    }

    /** Null for NULL. */
    private <T> @Nullable T as(int index, Class<T> type) throws SQLException {
        return converted(index, value -> type.cast(JavaValues.toJava(value, type)));
    }

    @Override
    public boolean wasNull() throws SQLException {
        requireOpen();
        return wasNull;
    }

    @Override
    public int findColumn(String label) throws SQLException {
        requireOpen();
        var index = byLabel.get(label.toLowerCase(Locale.ROOT));
        if (index == null) {
            throw new SQLException("no column '" + label + "'", SqlStates.WRONG_PARAMETER);
        }
        return index;
    }

    @Override
    public @Nullable String getString(int index) throws SQLException {
        return JavaValues.text(value(index));
    }

    @Override
    public @Nullable String getNString(int index) throws SQLException {
        return getString(index);
    }

    @Override
    public boolean getBoolean(int index) throws SQLException {
        var value = as(index, Boolean.class);
        return value != null && value;
    }

    @Override
    public byte getByte(int index) throws SQLException {
        var value = as(index, Byte.class);
        return value == null ? 0 : value;
    }

    @Override
    public short getShort(int index) throws SQLException {
        var value = as(index, Short.class);
        return value == null ? 0 : value;
    }

    @Override
    public int getInt(int index) throws SQLException {
        var value = as(index, Integer.class);
        return value == null ? 0 : value;
    }

    @Override
    public long getLong(int index) throws SQLException {
        var value = as(index, Long.class);
        return value == null ? 0 : value;
    }

    @Override
    public float getFloat(int index) throws SQLException {
        var value = as(index, Float.class);
        return value == null ? 0 : value;
    }

    @Override
    public double getDouble(int index) throws SQLException {
        var value = as(index, Double.class);
        return value == null ? 0 : value;
    }

    @Override
    public @Nullable BigDecimal getBigDecimal(int index) throws SQLException {
        return as(index, BigDecimal.class);
    }

    @Override
    @Deprecated
    public @Nullable BigDecimal getBigDecimal(int index, int scale) throws SQLException {
        var value = as(index, BigDecimal.class);
        return value == null ? null : value.setScale(scale, RoundingMode.HALF_EVEN);
    }

    @Override
    public byte @Nullable [] getBytes(int index) throws SQLException {
        return as(index, byte[].class);
    }

    @Override
    public @Nullable Date getDate(int index) throws SQLException {
        return getDate(index, null);
    }

    @Override
    public @Nullable Date getDate(int index, @Nullable Calendar calendar) throws SQLException {
        return converted(
                index,
                value -> value instanceof SqlValue.Null ? null : DateTimes.date(value, Optional.ofNullable(calendar)));
    }

    @Override
    public @Nullable Time getTime(int index) throws SQLException {
        return getTime(index, null);
    }

    @Override
    public @Nullable Time getTime(int index, @Nullable Calendar calendar) throws SQLException {
        return converted(
                index,
                value -> value instanceof SqlValue.Null ? null : DateTimes.time(value, Optional.ofNullable(calendar)));
    }

    @Override
    public @Nullable Timestamp getTimestamp(int index) throws SQLException {
        return getTimestamp(index, null);
    }

    @Override
    public @Nullable Timestamp getTimestamp(int index, @Nullable Calendar calendar) throws SQLException {
        return converted(
                index,
                value -> value instanceof SqlValue.Null
                        ? null
                        : DateTimes.timestamp(value, Optional.ofNullable(calendar)));
    }

    /** By the value's own class, but a column declared as BOOLEAN gives truth values for 0 and 1. */
    @Override
    public @Nullable Object getObject(int index) throws SQLException {
        var value = value(index);
        var isBoolean = ColumnType.of(columns.get(index - 1).declaredType()).type() == JDBCType.BOOLEAN;
        return isBoolean && value instanceof SqlValue.Integer number && (number.value() == 0 || number.value() == 1)
                ? (Object) (number.value() == 1)
                : JavaValues.natural(value);
    }

    @Override
    public @Nullable Object getObject(int index, Map<String, Class<?>> types) throws SQLException {
        if (types != null && !types.isEmpty()) {
            throw SqlStates.unsupported("a map of types");
        }
        return getObject(index);
    }

    @Override
    public <T> @Nullable T getObject(int index, Class<T> type) throws SQLException {
        Object value;
        if (type == Timestamp.class || type == java.util.Date.class) {
            value = getTimestamp(index);
        } else if (type == Date.class) {
            value = getDate(index);
        } else if (type == Time.class) {
            value = getTime(index);
        } else if (type == Blob.class) {
            value = getBlob(index);
        } else if (type == Clob.class) {
            value = getClob(index);
        } else {
            return as(index, type);
        }
        return type.cast(value);
    }

    // ---- values as streams ------------------------------------------------------------------------------------------

    @Override
    public @Nullable InputStream getBinaryStream(int index) throws SQLException {
        var bytes = getBytes(index);
        return bytes == null ? null : new ByteArrayInputStream(bytes);
    }

    @Override
    public @Nullable InputStream getAsciiStream(int index) throws SQLException {
        var text = getString(index);
        return text == null ? null : new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    @Deprecated
    public @Nullable InputStream getUnicodeStream(int index) throws SQLException {
        throw SqlStates.unsupported("a stream of UTF-16");
    }

    @Override
    public @Nullable Reader getCharacterStream(int index) throws SQLException {
        var text = getString(index);
        return text == null ? null : new StringReader(text);
    }

    @Override
    public @Nullable Reader getNCharacterStream(int index) throws SQLException {
        return getCharacterStream(index);
    }

    @Override
    public @Nullable Blob getBlob(int index) throws SQLException {
        var bytes = getBytes(index);
        return bytes == null ? null : new SerialBlob(bytes);
    }

    @Override
    public @Nullable Clob getClob(int index) throws SQLException {
        var text = getString(index);
        return text == null ? null : new SerialClob(text.toCharArray());
    }

    @Override
    public @Nullable URL getURL(int index) throws SQLException {
        var text = getString(index);
        try {
            return text == null ? null : URI.create(text).toURL();
        } catch (MalformedURLException | IllegalArgumentException e) {
            throw new SQLDataException("a text that is no URL", SqlStates.WRONG_VALUE, e);
        }
    }

    @Override
    public NClob getNClob(int index) throws SQLException {
        throw SqlStates.unsupported("an NCLOB");
    }

    @Override
    public SQLXML getSQLXML(int index) throws SQLException {
        throw SqlStates.unsupported("an XML value");
    }

    @Override
    public Array getArray(int index) throws SQLException {
        throw SqlStates.unsupported("an array");
    }

    @Override
    public Ref getRef(int index) throws SQLException {
        throw SqlStates.unsupported("a reference");
    }

    @Override
    public RowId getRowId(int index) throws SQLException {
        throw SqlStates.unsupported("a row id that is no number");
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    /** An expression has the type of its value in the row that is current, or in the first of those that came whole. */
    @Override
    public ResultSetMetaData getMetaData() throws SQLException {
        requireOpen();
        var row = current.or(() -> source instanceof RowSource.Buffered rows && rows.rowCount() > 0
                ? Optional.of(rows.row(0))
                : Optional.empty());
        var types = new ArrayList<ColumnType>();
        for (var column : columns) {
            var index = types.size();
            types.add(
                    column.declaredType().isPresent()
                            ? ColumnType.of(column.declaredType())
                            : row.map(values -> ColumnType.of(values.get(index)))
                                    .orElseGet(() -> ColumnType.of(Optional.empty())));
        }
        return new MerkliteResultSetMetaData(columns, types);
    }

    @Override
    public Statement getStatement() throws SQLException {
        requireOpen();
        return statement;
    }

    @Override
    public int getType() {
        return source instanceof RowSource.Buffered ? TYPE_SCROLL_INSENSITIVE : TYPE_FORWARD_ONLY;
    }

    @Override
    public int getConcurrency() {
        return CONCUR_READ_ONLY;
    }

    @Override
    public int getHoldability() {
        return ResultSet.HOLD_CURSORS_OVER_COMMIT;
    }

    @Override
    public boolean rowUpdated() {
        return false;
    }

    @Override
    public boolean rowInserted() {
        return false;
    }

    @Override
    public boolean rowDeleted() {
        return false;
    }

    @Override
    public void setFetchDirection(int direction) throws SQLException {
        requireOpen();
    }

    @Override
    public int getFetchDirection() {
        return FETCH_FORWARD;
    }

    /** A hint that has no effect here: the network's own windows decide how much is under way. */
    @Override
    public void setFetchSize(int rows) {
        fetchSize = rows;
    }

    @Override
    public int getFetchSize() {
        return fetchSize;
    }

    @Override
    public @Nullable SQLWarning getWarnings() {
        return null;
    }

    @Override
    public void clearWarnings() throws SQLException {
        requireOpen();
    }

    @Override
    public String getCursorName() throws SQLException {
        throw SqlStates.unsupported("a named cursor");
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
