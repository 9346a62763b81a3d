package io.merklite.session.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetRow;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The JSON of the golden cases, as their README defines it. */
final class VectorValues {
    private VectorValues() {}

    static byte[] hex(JsonElement element) {
        return HexFormat.of().parseHex(element.getAsString());
    }

    static List<String> strings(JsonObject vector, String key) {
        List<String> strings = new ArrayList<>();
        if (vector.has(key) && !vector.get(key).isJsonNull()) {
            vector.getAsJsonArray(key).forEach(element -> strings.add(element.getAsString()));
        }
        return strings;
    }

    static Connection memoryDatabase(List<String> schema, List<String> setup) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        for (var sql : schema) {
            run(connection, sql);
        }
        for (var sql : setup) {
            run(connection, sql);
        }
        return connection;
    }

    /** Runs one statement, and reads its rows if it has any. */
    static void run(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            if (statement.execute(sql)) {
                try (var rows = statement.getResultSet()) {
                    while (rows.next()) {
                        rows.getObject(1);
                    }
                }
            }
        }
    }

    /** A change value as JSON. */
    static JsonElement json(ChangesetValue value) {
        return switch (value) {
            case ChangesetValue.Undefined undefined -> new JsonArray();
            case ChangesetValue.Null nothing -> JsonNull.INSTANCE;
            case ChangesetValue.Integer integer -> new JsonPrimitive(integer.value());
            case ChangesetValue.Real real -> {
                var object = new JsonObject();
                object.addProperty("real", "%016x".formatted(Double.doubleToRawLongBits(real.value())));
                yield object;
            }
            case ChangesetValue.Text text -> {
                var bytes = text.toByteArray();
                if (Arrays.equals(text.string().getBytes(StandardCharsets.UTF_8), bytes)) {
                    yield new JsonPrimitive(text.string());
                }
                var object = new JsonObject();
                object.addProperty("text_hex", HexFormat.of().formatHex(bytes));
                yield object;
            }
            case ChangesetValue.Blob blob -> {
                var object = new JsonObject();
                object.addProperty("hex", HexFormat.of().formatHex(blob.toByteArray()));
                yield object;
            }
        };
    }

    static JsonArray json(List<ChangesetValue> values) {
        var array = new JsonArray();
        values.forEach(value -> array.add(json(value)));
        return array;
    }

    /** The parsed form of a changeset: tables by name, changes by key bytes and operation. */
    static JsonArray parsed(byte[] changeset) {
        record Change(byte[] key, String op, JsonObject json) {}
        record Table(JsonObject json, List<Change> changes) {}
        Map<String, Table> tables = new TreeMap<>(
                Comparator.comparing(name -> name.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
        var cursor = new ChangesetCursor(changeset);
        while (cursor.next()) {
            var name = new String(cursor.tableName(), StandardCharsets.UTF_8);
            var table = tables.computeIfAbsent(name, absent -> new Table(header(cursor, name), new ArrayList<>()));
            table.changes().add(new Change(key(cursor), cursor.op().name(), change(cursor)));
        }
        var parsed = new JsonArray();
        for (var table : tables.values()) {
            table.changes()
                    .sort(Comparator.comparing(Change::key, Arrays::compareUnsigned)
                            .thenComparing(Change::op));
            var changes = new JsonArray();
            table.changes().forEach(change -> changes.add(change.json()));
            table.json().add("changes", changes);
            parsed.add(table.json());
        }
        return parsed;
    }

    private static JsonObject header(ChangesetCursor cursor, String name) {
        var header = new JsonObject();
        header.addProperty("table", name);
        header.addProperty("columns", cursor.columnCount());
        var key = new JsonArray();
        for (var i = 0; i < cursor.columnCount(); i++) {
            key.add(cursor.keyPosition(i));
        }
        header.add("pk", key);
        return header;
    }

    private static byte[] key(ChangesetCursor cursor) {
        var writer = new ChangesetWriter();
        for (var i = 0; i < cursor.columnCount(); i++) {
            if (cursor.keyPosition(i) != 0) {
                writer.value(cursor.oldType(i) != 0 ? cursor.oldValue(i) : cursor.newValue(i));
            }
        }
        return writer.toByteArray();
    }

    /** In a patchset an UPDATE has one record. */
    private static JsonObject change(ChangesetCursor cursor) {
        var change = json(cursor.row());
        if (cursor.patchset() && cursor.op() == ChangeOp.UPDATE) {
            change.remove("old");
            var record = new JsonArray();
            for (var i = 0; i < cursor.columnCount(); i++) {
                record.add(json(cursor.keyPosition(i) != 0 ? cursor.oldValue(i) : cursor.newValue(i)));
            }
            change.add("new", record);
        }
        return change;
    }

    /** A change as JSON: {@code old} is left out for INSERT, {@code new} for DELETE. */
    static JsonObject json(ChangesetRow row) {
        var json = new JsonObject();
        json.addProperty("op", row.op().name());
        json.addProperty("indirect", row.indirect() ? 1 : 0);
        switch (row.op()) {
            case INSERT -> json.add("new", json(row.newValues()));
            case DELETE -> json.add("old", json(row.oldValues()));
            case UPDATE -> {
                json.add("old", json(row.oldValues()));
                json.add("new", json(row.newValues()));
            }
        }
        return json;
    }

    /** Rows of a table as a sorted list of texts, for comparing as a multiset. */
    static List<String> rows(Connection connection, String table) throws SQLException {
        return rows(connection, table, "");
    }

    static List<String> rows(Connection connection, String table, String where) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (var statement = connection.createStatement();
                var result =
                        statement.executeQuery("SELECT * FROM main.\"" + table.replace("\"", "\"\"") + '"' + where)) {
            var count = result.getMetaData().getColumnCount();
            while (result.next()) {
                var row = new JsonArray();
                for (var i = 1; i <= count; i++) {
                    row.add(json(value(result, i)));
                }
                rows.add(row.toString());
            }
        }
        rows.sort(Comparator.naturalOrder());
        return rows;
    }

    /** A value of a row as it is stored. */
    static ChangesetValue value(ResultSet row, int column) throws SQLException {
        return switch (row.getObject(column)) {
            case null -> ChangesetValue.NULL;
            case Integer integer -> new ChangesetValue.Integer(integer);
            case Long integer -> new ChangesetValue.Integer(integer);
            case Double real -> new ChangesetValue.Real(real);
            case byte[] blob -> ChangesetValue.Blob.copyOf(blob);
            case String text when text.indexOf('\uFFFD') >= 0 -> ChangesetValue.Text.copyOf(row.getBytes(column));
            case String text -> ChangesetValue.Text.of(text);
            default -> throw new IllegalStateException("a value of another class");
        };
    }

    static List<String> expectedRows(JsonArray expected) {
        List<String> rows = new ArrayList<>();
        expected.forEach(row -> rows.add(row.toString()));
        rows.sort(Comparator.naturalOrder());
        return rows;
    }

    static Map<String, List<String>> tables(JsonObject expected) {
        Map<String, List<String>> tables = new LinkedHashMap<>();
        expected.entrySet()
                .forEach(entry ->
                        tables.put(entry.getKey(), expectedRows(entry.getValue().getAsJsonArray())));
        return tables;
    }
}
