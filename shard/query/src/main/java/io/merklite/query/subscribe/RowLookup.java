package io.merklite.query.subscribe;

import io.merklite.query.subscribe.WatchedTable.TableId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Reads rows by their primary key, to complete updates that carry only what has changed. */
final class RowLookup {
    private final Connection connection;
    private final Map<TableId, Select> selects = new HashMap<>();

    RowLookup(Connection connection) {
        this.connection = connection;
    }

    /** A prepared look-up of some columns. */
    private record Select(BitSet columns, PreparedStatement statement) {}

    /**
     * Reads some columns of the row of a table of {@code main} with this key.
     *
     * @param columns which ones, by index
     * @param row gets the values at their columns' indexes
     * @return whether there is one such row, and no other
     */
    boolean find(WatchedTable table, List<SqlValue> key, BitSet columns, SqlValue[] row) throws SQLException {
        var statement = statement(table, columns);
        JdbcValues.bind(statement, key);
        try (var rows = statement.executeQuery()) {
            if (!rows.next()) {
                return false;
            }
            var position = 1;
            for (var column = columns.nextSetBit(0); column >= 0; column = columns.nextSetBit(column + 1)) {
                row[column] = JdbcValues.read(rows, position++);
            }
            return !rows.next();
        }
    }

    private PreparedStatement statement(WatchedTable table, BitSet columns) throws SQLException {
        var known = selects.get(table.id());
        if (known != null && known.columns().equals(columns)) {
            return known.statement();
        }
        if (known != null) {
            known.statement().close();
        }
        var statement = connection.prepareStatement(select(table, columns));
        selects.put(table.id(), new Select((BitSet) columns.clone(), statement));
        return statement;
    }

    private static String select(WatchedTable table, BitSet columns) {
        var list = columns.stream()
                .mapToObj(column -> Names.quote(table.columns().get(column).name()))
                .collect(Collectors.joining(", "));
        var key = table.keyColumns().stream()
                .map(column -> Names.quote(table.columns().get(column).name()) + " IS ?")
                .collect(Collectors.joining(" AND "));
        return "SELECT " + list + " FROM main." + Names.quote(table.id().name()) + " WHERE " + key;
    }

    /** Closes what is open. May be used again. */
    void close() throws SQLException {
        for (var select : selects.values()) {
            select.statement().close();
        }
        selects.clear();
    }
}
