package io.merklite.schema.migrate;

import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.plan.Operation;
import io.merklite.schema.plan.OperationType;
import io.merklite.schema.text.SqlNames;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Counts what an operation would lose of the rows that are there now. */
final class Losses {
    private final SqliteConnection connection;

    Losses(SqliteConnection connection) {
        this.connection = connection;
    }

    /** For people: {@code 12 rows}, {@code 7 values of pay}; empty where no rows are lost. */
    List<String> of(Operation operation) throws SQLException {
        var table = operation.objectName();
        if (!exists(table)) {
            return List.of();
        }
        if (operation.type() == OperationType.DROP_TABLE) {
            return List.of(rowCount(table) + " rows");
        }
        return operation.type() == OperationType.REBUILD_TABLE ? valuesLost(operation) : List.of();
    }

    /** Stored columns that are not copied: they are dropped, or computed from now on. */
    private List<String> valuesLost(Operation rebuild) throws SQLException {
        var table = rebuild.objectName();
        var copies = rebuild.sql().stream()
                .filter(sql -> TableCopy.recognise(sql, table).isPresent())
                .toList();
        List<String> lost = new ArrayList<>();
        if (copies.isEmpty()) {
            return lost;
        }
        var kept = copies.stream()
                .flatMap(sql -> TableCopy.columnsRead(sql).stream())
                .map(SqlNames::fold)
                .toList();
        for (var column : storedColumns(table)) {
            if (!kept.contains(SqlNames.fold(column))) {
                var values = connection.queryLong(
                        "SELECT count(" + SqlNames.quote(column) + ") FROM main." + SqlNames.quote(table));
                lost.add(values + " values of " + column);
            }
        }
        return lost;
    }

    private List<String> storedColumns(String table) throws SQLException {
        return connection.query("SELECT name FROM pragma_table_info(?, 'main')", row -> row.getString(1), table);
    }

    boolean exists(String table) throws SQLException {
        return connection.queryLong(
                        "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE",
                        table)
                != 0;
    }

    long rowCount(String table) throws SQLException {
        return connection.queryLong("SELECT count(*) FROM main." + SqlNames.quote(table));
    }
}
