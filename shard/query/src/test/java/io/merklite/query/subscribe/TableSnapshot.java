package io.merklite.query.subscribe;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The rows of all tables with a primary key, at one moment. Two of them give the net changes between, as a changeset would
 * carry them: an UPDATE has its key, and old and new values of what changed.
 */
final class TableSnapshot {
    private final Map<String, Rows> tables = new LinkedHashMap<>();

    private record Rows(List<String> columns, List<Integer> key, Map<List<SqlValue>, List<SqlValue>> byKey) {}

    private TableSnapshot() {}

    static TableSnapshot of(Connection connection) throws SQLException {
        var snapshot = new TableSnapshot();
        List<String> names = new ArrayList<>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT name FROM main.sqlite_schema WHERE type = 'table'"
                        + " AND rootpage > 0 AND name NOT LIKE 'sqlite#_%' ESCAPE '#'")) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        for (var name : names) {
            snapshot.read(connection, name);
        }
        return snapshot;
    }

    private void read(Connection connection, String name) throws SQLException {
        List<String> columns = new ArrayList<>();
        List<Integer> key = new ArrayList<>();
        try (var query = connection.prepareStatement(
                "SELECT name, pk FROM pragma_table_xinfo(?, 'main') WHERE hidden = 0 ORDER BY cid")) {
            query.setString(1, name);
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    if (rows.getInt(2) > 0) {
                        key.add(columns.size());
                    }
                    columns.add(rows.getString(1));
                }
            }
        }
        if (key.isEmpty()) {
            return;
        }
        var list = columns.stream().map(Names::quote).collect(Collectors.joining(", "));
        Map<List<SqlValue>, List<SqlValue>> byKey = new LinkedHashMap<>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT " + list + " FROM main." + Names.quote(name))) {
            for (var row : QueryResult.read(rows).rows()) {
                byKey.put(key.stream().map(row::get).toList(), row);
            }
        }
        tables.put(name, new Rows(columns, key, byKey));
    }

    /** What makes {@code later} of this. */
    List<RowChange> changesTo(TableSnapshot later) {
        List<RowChange> changes = new ArrayList<>();
        later.tables.forEach((name, now) -> {
            var before = Optional.ofNullable(tables.get(name))
                    .filter(rows -> rows.columns().equals(now.columns()))
                    .map(Rows::byKey)
                    .orElse(Map.of());
            before.forEach((key, row) -> {
                if (!now.byKey().containsKey(key)) {
                    changes.add(RowChange.delete(name, row));
                }
            });
            now.byKey().forEach((key, row) -> {
                var old = before.get(key);
                if (old == null) {
                    changes.add(RowChange.insert(name, row));
                } else if (!old.equals(row)) {
                    changes.add(update(name, now.key(), old, row));
                }
            });
        });
        return changes;
    }

    private static RowChange update(String name, List<Integer> key, List<SqlValue> old, List<SqlValue> now) {
        List<Optional<SqlValue>> oldValues = new ArrayList<>(Collections.nCopies(old.size(), Optional.empty()));
        List<Optional<SqlValue>> newValues = new ArrayList<>(oldValues);
        for (var i = 0; i < old.size(); i++) {
            var isChanged = !old.get(i).equals(now.get(i));
            if (isChanged) {
                newValues.set(i, Optional.of(now.get(i)));
            }
            if (isChanged || key.contains(i)) {
                oldValues.set(i, Optional.of(old.get(i)));
            }
        }
        return RowChange.update(name, oldValues, newValues);
    }
}
