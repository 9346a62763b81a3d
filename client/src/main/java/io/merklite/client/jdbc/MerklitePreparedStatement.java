package io.merklite.client.jdbc;

import io.merklite.client.Column;
import io.merklite.client.SqlStatement;
import io.merklite.client.hrana.StreamAnswer;
import io.merklite.client.jdbc.MerkliteConnection.GeneratedKeys;
import io.merklite.client.sql.JavaValues;
import io.merklite.client.sql.SqlText;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Blob;
import java.sql.Clob;
import java.sql.Date;
import java.sql.NClob;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.Ref;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.RowId;
import java.sql.SQLException;
import java.sql.SQLType;
import java.sql.SQLXML;
import java.sql.Time;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Calendar;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A statement with parameters. It is prepared nowhere: nodes keep compiled statements by their text.
 *
 * <p><b>Threading.</b> As its connection.
 */
final class MerklitePreparedStatement extends MerkliteStatement implements PreparedStatement {
    private final SqlText text;
    private final String sql;
    private final GeneratedKeys keys;
    private final List<Optional<SqlValue>> args = new ArrayList<>();
    private Optional<StreamAnswer.Described> description = Optional.empty();

    MerklitePreparedStatement(MerkliteConnection connection, int fetchSize, String sql, GeneratedKeys keys) {
        super(connection, fetchSize);
        this.text = SqlText.of(sql);
        this.sql = keys.addedTo(sql, text);
        this.keys = keys;
    }

    private void set(int index, SqlValue value) throws SQLException {
        requireOpen();
        if (index < 1) {
            throw new SQLException("parameter " + index + ", must be at least 1", SqlStates.WRONG_PARAMETER);
        }
        while (args.size() < index) {
            args.add(Optional.empty());
        }
        args.set(index - 1, Optional.of(value));
    }

    private SqlStatement bound() throws SQLException {
        List<SqlValue> values = new ArrayList<>();
        for (var arg : args) {
            if (arg.isEmpty()) {
                throw new SQLException("parameter " + (values.size() + 1) + " has no value", "07001");
            }
            values.add(arg.get());
        }
        return new SqlStatement(sql, values, Map.of());
    }

    // ---- execution --------------------------------------------------------------------------------------------------

    @Override
    public ResultSet executeQuery() throws SQLException {
        return rows(run(bound(), text, keys));
    }

    @Override
    public boolean execute() throws SQLException {
        return run(bound(), text, keys);
    }

    @Override
    public int executeUpdate() throws SQLException {
        return clamped(executeLargeUpdate());
    }

    @Override
    public long executeLargeUpdate() throws SQLException {
        return updated(run(bound(), text, keys));
    }

    @Override
    public void addBatch() throws SQLException {
        addBatch(bound());
    }

    @Override
    public long[] executeLargeBatch() throws SQLException {
        return runBatch(keys);
    }

    @Override
    public void clearParameters() throws SQLException {
        requireOpen();
        args.clear();
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    private StreamAnswer.Described described() throws SQLException {
        requireOpen();
        if (description.isEmpty()) {
            description = Optional.of(owner().session().describe(sql, owner().running(getQueryTimeout())));
        }
        return description.get();
    }

    @Override
    public @Nullable ResultSetMetaData getMetaData() throws SQLException {
        List<Column> columns = described().columns();
        return columns.isEmpty()
                ? null
                : new MerkliteResultSetMetaData(
                        columns,
                        columns.stream()
                                .map(column -> ColumnType.of(column.declaredType()))
                                .toList());
    }

    @Override
    public ParameterMetaData getParameterMetaData() throws SQLException {
        return new MerkliteParameterMetaData(described().parameters().size());
    }

    // ---- parameters -------------------------------------------------------------------------------------------------

    @Override
    public void setNull(int index, int type) throws SQLException {
        set(index, SqlValue.NULL);
    }

    @Override
    public void setNull(int index, int type, String typeName) throws SQLException {
        set(index, SqlValue.NULL);
    }

    @Override
    public void setBoolean(int index, boolean value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setByte(int index, byte value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setShort(int index, short value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setInt(int index, int value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setLong(int index, long value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setFloat(int index, float value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setDouble(int index, double value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setBigDecimal(int index, @Nullable BigDecimal value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setString(int index, @Nullable String value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setNString(int index, @Nullable String value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setBytes(int index, byte @Nullable [] value) throws SQLException {
        set(index, JavaValues.toSql(value));
    }

    @Override
    public void setDate(int index, @Nullable Date value) throws SQLException {
        set(index, DateTimes.toSql(value, Optional.empty()));
    }

    @Override
    public void setDate(int index, @Nullable Date value, @Nullable Calendar calendar) throws SQLException {
        set(index, DateTimes.toSql(value, Optional.ofNullable(calendar)));
    }

    @Override
    public void setTime(int index, @Nullable Time value) throws SQLException {
        set(index, DateTimes.toSql(value, Optional.empty()));
    }

    @Override
    public void setTime(int index, @Nullable Time value, @Nullable Calendar calendar) throws SQLException {
        set(index, DateTimes.toSql(value, Optional.ofNullable(calendar)));
    }

    @Override
    public void setTimestamp(int index, @Nullable Timestamp value) throws SQLException {
        set(index, DateTimes.toSql(value, Optional.empty()));
    }

    @Override
    public void setTimestamp(int index, @Nullable Timestamp value, @Nullable Calendar calendar) throws SQLException {
        set(index, DateTimes.toSql(value, Optional.ofNullable(calendar)));
    }

    @Override
    public void setObject(int index, @Nullable Object value) throws SQLException {
        switch (value) {
            case Blob blob -> setBlob(index, blob);
            case Clob clob -> setClob(index, clob);
            case java.util.Date date -> set(index, DateTimes.toSql(date, Optional.empty()));
            case InputStream stream -> setBinaryStream(index, stream);
            case Reader reader -> setCharacterStream(index, reader);
            case null, default -> {
                try {
                    set(index, JavaValues.toSql(value));
                } catch (IllegalArgumentException e) {
                    throw new SQLException(e.getMessage(), SqlStates.WRONG_VALUE, e);
                }
            }
        }
    }

    /** SQLite converts by the column's affinity, so the type that is asked for adds nothing. */
    @Override
    public void setObject(int index, @Nullable Object value, int type) throws SQLException {
        setObject(index, value);
    }

    @Override
    public void setObject(int index, @Nullable Object value, int type, int scaleOrLength) throws SQLException {
        setObject(index, value);
    }

    @Override
    public void setObject(int index, @Nullable Object value, @Nullable SQLType type) throws SQLException {
        setObject(index, value);
    }

    @Override
    public void setObject(int index, @Nullable Object value, @Nullable SQLType type, int scaleOrLength)
            throws SQLException {
        setObject(index, value);
    }

    // ---- streams ----------------------------------------------------------------------------------------------------

    private void setBytes(int index, @Nullable InputStream stream, long length) throws SQLException {
        if (stream == null) {
            set(index, SqlValue.NULL);
            return;
        }
        try {
            set(index, SqlValue.of(length < 0 ? stream.readAllBytes() : stream.readNBytes(Math.toIntExact(length))));
        } catch (IOException e) {
            throw new SQLException("reading a parameter", "58030", e);
        }
    }

    private void setText(int index, @Nullable Reader reader, long length) throws SQLException {
        if (reader == null) {
            set(index, SqlValue.NULL);
            return;
        }
        try {
            var content = new StringWriter();
            reader.transferTo(content);
            var all = content.toString();
            set(index, SqlValue.of(length < 0 ? all : all.substring(0, (int) Math.min(length, all.length()))));
        } catch (IOException e) {
            throw new SQLException("reading a parameter", "58030", e);
        }
    }

    @Override
    public void setBinaryStream(int index, @Nullable InputStream stream) throws SQLException {
        setBytes(index, stream, -1);
    }

    @Override
    public void setBinaryStream(int index, @Nullable InputStream stream, int length) throws SQLException {
        setBytes(index, stream, length);
    }

    @Override
    public void setBinaryStream(int index, @Nullable InputStream stream, long length) throws SQLException {
        setBytes(index, stream, length);
    }

    @Override
    public void setBlob(int index, @Nullable Blob blob) throws SQLException {
        setBytes(index, blob == null ? null : blob.getBinaryStream(), -1);
    }

    @Override
    public void setBlob(int index, @Nullable InputStream stream) throws SQLException {
        setBytes(index, stream, -1);
    }

    @Override
    public void setBlob(int index, @Nullable InputStream stream, long length) throws SQLException {
        setBytes(index, stream, length);
    }

    @Override
    public void setAsciiStream(int index, @Nullable InputStream stream) throws SQLException {
        setAsciiStream(index, stream, -1L);
    }

    @Override
    public void setAsciiStream(int index, @Nullable InputStream stream, int length) throws SQLException {
        setAsciiStream(index, stream, (long) length);
    }

    @Override
    public void setAsciiStream(int index, @Nullable InputStream stream, long length) throws SQLException {
        setText(index, stream == null ? null : new InputStreamReader(stream, StandardCharsets.US_ASCII), length);
    }

    @Override
    @Deprecated
    public void setUnicodeStream(int index, @Nullable InputStream stream, int length) throws SQLException {
        throw SqlStates.unsupported("a stream of UTF-16");
    }

    @Override
    public void setCharacterStream(int index, @Nullable Reader reader) throws SQLException {
        setText(index, reader, -1);
    }

    @Override
    public void setCharacterStream(int index, @Nullable Reader reader, int length) throws SQLException {
        setText(index, reader, length);
    }

    @Override
    public void setCharacterStream(int index, @Nullable Reader reader, long length) throws SQLException {
        setText(index, reader, length);
    }

    @Override
    public void setNCharacterStream(int index, @Nullable Reader reader) throws SQLException {
        setText(index, reader, -1);
    }

    @Override
    public void setNCharacterStream(int index, @Nullable Reader reader, long length) throws SQLException {
        setText(index, reader, length);
    }

    @Override
    public void setClob(int index, @Nullable Clob clob) throws SQLException {
        setText(index, clob == null ? null : clob.getCharacterStream(), -1);
    }

    @Override
    public void setClob(int index, @Nullable Reader reader) throws SQLException {
        setText(index, reader, -1);
    }

    @Override
    public void setClob(int index, @Nullable Reader reader, long length) throws SQLException {
        setText(index, reader, length);
    }

    @Override
    public void setNClob(int index, @Nullable NClob clob) throws SQLException {
        setClob(index, clob);
    }

    @Override
    public void setNClob(int index, @Nullable Reader reader) throws SQLException {
        setText(index, reader, -1);
    }

    @Override
    public void setNClob(int index, @Nullable Reader reader, long length) throws SQLException {
        setText(index, reader, length);
    }

    @Override
    public void setURL(int index, @Nullable URL value) throws SQLException {
        set(index, value == null ? SqlValue.NULL : SqlValue.of(value.toString()));
    }

    @Override
    public void setRef(int index, Ref value) throws SQLException {
        throw SqlStates.unsupported("a reference");
    }

    @Override
    public void setArray(int index, Array value) throws SQLException {
        throw SqlStates.unsupported("an array");
    }

    @Override
    public void setRowId(int index, RowId value) throws SQLException {
        throw SqlStates.unsupported("a row id that is no number");
    }

    @Override
    public void setSQLXML(int index, SQLXML value) throws SQLException {
        throw SqlStates.unsupported("an XML value");
    }
}
