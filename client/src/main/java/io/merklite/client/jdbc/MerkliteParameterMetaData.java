package io.merklite.client.jdbc;

import java.sql.JDBCType;
import java.sql.ParameterMetaData;
import java.sql.SQLException;

/** The parameters of a statement. SQLite gives them no types: each takes any value. */
final class MerkliteParameterMetaData implements ParameterMetaData {
    private final int count;

    MerkliteParameterMetaData(int count) {
        this.count = count;
    }

    private void check(int index) throws SQLException {
        if (index < 1 || index > count) {
            throw new SQLException("parameter " + index + " of " + count, SqlStates.WRONG_PARAMETER);
        }
    }

    @Override
    public int getParameterCount() {
        return count;
    }

    @Override
    public int isNullable(int index) throws SQLException {
        check(index);
        return parameterNullableUnknown;
    }

    @Override
    public boolean isSigned(int index) throws SQLException {
        check(index);
        return true;
    }

    @Override
    public int getPrecision(int index) throws SQLException {
        check(index);
        return 0;
    }

    @Override
    public int getScale(int index) throws SQLException {
        check(index);
        return 0;
    }

    @Override
    public int getParameterType(int index) throws SQLException {
        check(index);
        return JDBCType.VARCHAR.getVendorTypeNumber();
    }

    @Override
    public String getParameterTypeName(int index) throws SQLException {
        check(index);
        return "";
    }

    @Override
    public String getParameterClassName(int index) throws SQLException {
        check(index);
        return Object.class.getName();
    }

    @Override
    public int getParameterMode(int index) throws SQLException {
        check(index);
        return parameterModeIn;
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
