package io.merklite.session.catalog;

import io.merklite.session.changeset.ChangesetWriter;
import java.sql.Connection;
import java.sql.SQLException;

/** Internal: the default of a column, evaluated now. */
public final class DefaultValue {
    private DefaultValue() {}

    /** The value in the changeset format, with the column's affinity; NULL if the column has no default. */
    public static byte[] evaluate(Connection connection, TableLayout.Column column) throws SQLException {
        var out = new ChangesetWriter();
        var sql = column.defaultSql().orElse("NULL");
        var type = column.declaredType().isEmpty() ? "BLOB" : column.declaredType();
        // A column of a table in memory applies the affinity that the real column would.
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE TEMP TABLE _merklite_default(v " + type + " DEFAULT (" + sql + "))");
            try {
                statement.execute("INSERT INTO temp._merklite_default DEFAULT VALUES");
                try (var query = connection.prepareStatement("SELECT v FROM temp._merklite_default")) {
                    RawRows.forEach(query, true, row -> row.write(0, out));
                }
            } finally {
                statement.execute("DROP TABLE temp._merklite_default");
            }
        }
        return out.toByteArray();
    }
}
