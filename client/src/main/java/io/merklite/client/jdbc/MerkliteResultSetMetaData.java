package io.merklite.client.jdbc;

import io.merklite.client.Column;
import java.sql.JDBCType;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.List;

/** The columns of a result. The protocol tells their names and declared types, not the tables that they come from. */
final class MerkliteResultSetMetaData implements ResultSetMetaData {
    private static final int DISPLAY_SIZE = 40;

    private final List<Column> columns;
    private final List<ColumnType> types;

    MerkliteResultSetMetaData(List<Column> columns, List<ColumnType> types) {
        this.columns = List.copyOf(columns);
        this.types = List.copyOf(types);
    }

    private Column column(int index) throws SQLException {
        if (index < 1 || index > columns.size()) {
            throw new SQLException("column " + index + " of " + columns.size(), SqlStates.WRONG_PARAMETER);
        }
        return columns.get(index - 1);
    }

    private ColumnType type(int index) throws SQLException {
        column(index);
        return types.get(index - 1);
    }

    @Override
    public int getColumnCount() {
        return columns.size();
    }

    @Override
    public boolean isAutoIncrement(int index) throws SQLException {
        column(index);
        return false;
    }

    @Override
    public boolean isCaseSensitive(int index) throws SQLException {
        column(index);
        return true;
    }

    @Override
    public boolean isSearchable(int index) throws SQLException {
        column(index);
        return true;
    }

    @Override
    public boolean isCurrency(int index) throws SQLException {
        column(index);
        return false;
    }

    @Override
    public int isNullable(int index) throws SQLException {
        column(index);
        return columnNullableUnknown;
    }

    @Override
    public boolean isSigned(int index) throws SQLException {
        return switch (type(index).type()) {
            case TINYINT, SMALLINT, BIGINT, DOUBLE, NUMERIC -> true;
            default -> false;
        };
    }

    @Override
    public int getColumnDisplaySize(int index) throws SQLException {
        var precision = type(index).precision();
        return precision > 0 ? precision : DISPLAY_SIZE;
    }

    @Override
    public String getColumnLabel(int index) throws SQLException {
        return column(index).name();
    }

    @Override
    public String getColumnName(int index) throws SQLException {
        return column(index).name();
    }

    @Override
    public String getSchemaName(int index) throws SQLException {
        column(index);
        return "";
    }

    @Override
    public int getPrecision(int index) throws SQLException {
        return type(index).precision();
    }

    @Override
    public int getScale(int index) throws SQLException {
        return type(index).scale();
    }

    @Override
    public String getTableName(int index) throws SQLException {
        column(index);
        return "";
    }

    @Override
    public String getCatalogName(int index) throws SQLException {
        column(index);
        return "";
    }

    @Override
    public int getColumnType(int index) throws SQLException {
        return type(index).type().getVendorTypeNumber();
    }

    @Override
    public String getColumnTypeName(int index) throws SQLException {
        var type = type(index);
        return type.name().isEmpty() && type.type() == JDBCType.VARCHAR ? "TEXT" : type.name();
    }

    @Override
    public boolean isReadOnly(int index) throws SQLException {
        column(index);
        return true;
    }

    @Override
    public boolean isWritable(int index) throws SQLException {
        column(index);
        return false;
    }

    @Override
    public boolean isDefinitelyWritable(int index) throws SQLException {
        column(index);
        return false;
    }

    @Override
    public String getColumnClassName(int index) throws SQLException {
        return type(index).className();
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
