package io.merklite.schema.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A database's structure and rows in the form of the golden cases, read with PRAGMAs alone. */
public final class StoredSchema {
    private static final String NOT_OURS =
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_sqlift\\_%'"
                    + " ESCAPE '\\' AND name NOT LIKE '\\_merklite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_sqlpipe\\_%' ESCAPE '\\'";

    private StoredSchema() {}

    /** Everything but the libraries' own tables. */
    public static JsonObject read(Connection connection) throws SQLException {
        var root = new JsonObject();
        var tables = new JsonObject();
        var indexes = new JsonObject();
        for (var name : names(connection, "table")) {
            tables.add(name, table(connection, name));
            for (var row :
                    rows(connection, "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?)", name)) {
                var origin = row.get(2).getAsString();
                if (!origin.equals("pk")) {
                    var index = index(connection, name, row);
                    var label = origin.equals("u")
                            ? "(unique " + name + ": " + join(index.getAsJsonArray("columns")) + ")"
                            : row.get(0).getAsString();
                    indexes.add(label, index);
                }
            }
        }
        root.add("tables", tables);
        root.add("indexes", indexes);
        root.add("views", strings(names(connection, "view")));
        root.add("triggers", strings(names(connection, "trigger")));
        return root;
    }

    /** All definitions, one after the other. */
    public static String definitions(Connection connection) throws SQLException {
        var text = new StringBuilder();
        for (var row : rows(connection, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")) {
            text.append(row.getFirst().getAsString()).append('\n');
        }
        return text.toString();
    }

    /** The first value of a query. */
    public static long number(Connection connection, String sql) throws SQLException {
        return rows(connection, sql).getFirst().getFirst().getAsLong();
    }

    /** With sorted members and without those that are empty, false or missing. */
    static JsonElement canonical(JsonElement element, boolean ignoresCase) {
        if (element.isJsonObject()) {
            Map<String, JsonElement> sorted = new TreeMap<>();
            element.getAsJsonObject().entrySet().forEach(entry -> {
                var value = canonical(entry.getValue(), ignoresCase);
                if (!isEmpty(value) || entry.getKey().equals("type")) {
                    sorted.put(ignoresCase ? lower(entry.getKey()) : entry.getKey(), value);
                }
            });
            var object = new JsonObject();
            sorted.forEach(object::add);
            return object;
        }
        if (element.isJsonArray()) {
            var array = new JsonArray();
            element.getAsJsonArray().forEach(item -> array.add(canonical(item, ignoresCase)));
            return array;
        }
        return element.isJsonPrimitive() && element.getAsJsonPrimitive().isString() && ignoresCase
                ? new JsonPrimitive(lower(element.getAsString()))
                : element;
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    private static boolean isEmpty(JsonElement value) {
        return value.isJsonNull()
                || (value.isJsonArray() && value.getAsJsonArray().isEmpty())
                || (value.isJsonObject() && value.getAsJsonObject().isEmpty())
                || (value.isJsonPrimitive() && value.getAsString().equals("false"))
                || (value.isJsonPrimitive() && value.getAsString().isEmpty());
    }

    private static JsonObject table(Connection connection, String name) throws SQLException {
        var table = new JsonObject();
        var columns = new JsonArray();
        for (var row : rows(
                connection,
                "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?)",
                name)) {
            var column = new JsonObject();
            column.add("name", row.get(0));
            column.addProperty("type", row.get(1).getAsString().toUpperCase(Locale.ROOT));
            column.addProperty("notnull", row.get(2).getAsInt() != 0);
            column.add("default", row.get(3));
            if (row.get(4).getAsInt() != 0) {
                column.add("pk", row.get(4));
            }
            var hidden = row.get(5).getAsInt();
            column.addProperty("generated", hidden == 2 ? "virtual" : hidden == 3 ? "stored" : "");
            columns.add(column);
        }
        table.add("columns", columns);
        table.add("foreign_keys", foreignKeys(connection, name));
        var storage = rows(connection, "SELECT wr, strict FROM pragma_table_list(?) WHERE schema = 'main'", name)
                .getFirst();
        table.addProperty("without_rowid", storage.get(0).getAsInt() != 0);
        table.addProperty("strict", storage.get(1).getAsInt() != 0);
        var rows = new JsonArray();
        var order = columns.size() > 1 ? "1, 2" : "1";
        rows(connection, "SELECT * FROM " + quote(name) + " ORDER BY " + order).forEach(row -> {
            var cells = new JsonArray();
            row.forEach(cells::add);
            rows.add(cells);
        });
        table.add("rows", rows);
        return table;
    }

    private static JsonArray foreignKeys(Connection connection, String name) throws SQLException {
        Map<Integer, JsonObject> byId = new TreeMap<>();
        for (var row : rows(
                connection,
                "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list(?)"
                        + " ORDER BY id, seq",
                name)) {
            var key = byId.computeIfAbsent(row.get(0).getAsInt(), id -> {
                var made = new JsonObject();
                made.add("from", new JsonArray());
                made.add("to", new JsonArray());
                made.add("table", row.get(1));
                made.add("on_update", row.get(4));
                made.add("on_delete", row.get(5));
                return made;
            });
            key.getAsJsonArray("from").add(row.get(2));
            key.getAsJsonArray("to").add(row.get(3));
        }
        var keys = new JsonArray();
        byId.values().stream()
                .sorted(Comparator.comparing(key -> key.get("from").toString()))
                .forEach(keys::add);
        return keys;
    }

    private static JsonObject index(Connection connection, String table, List<JsonElement> row) throws SQLException {
        var index = new JsonObject();
        index.addProperty("table", table);
        var columns = new JsonArray();
        for (var column : rows(
                connection,
                "SELECT name FROM pragma_index_info(?) ORDER BY seqno",
                row.get(0).getAsString())) {
            columns.add(
                    column.getFirst().isJsonNull()
                            ? "<expr>"
                            : column.getFirst().getAsString());
        }
        index.add("columns", columns);
        index.addProperty("unique", row.get(1).getAsInt() != 0);
        index.addProperty("partial", row.get(3).getAsInt() != 0);
        return index;
    }

    private static String join(JsonArray names) {
        return String.join(
                ", ", names.asList().stream().map(JsonElement::getAsString).toList());
    }

    private static List<String> names(Connection connection, String type) throws SQLException {
        return rows(
                        connection,
                        "SELECT name FROM sqlite_schema WHERE type = '" + type + "'" + NOT_OURS + " ORDER BY name")
                .stream()
                .map(row -> row.getFirst().getAsString())
                .toList();
    }

    private static JsonArray strings(List<String> values) {
        var array = new JsonArray();
        values.forEach(array::add);
        return array;
    }

    private static String quote(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    private static List<List<JsonElement>> rows(Connection connection, String sql, String... values)
            throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            for (var i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            try (var result = statement.executeQuery()) {
                List<List<JsonElement>> rows = new ArrayList<>();
                while (result.next()) {
                    List<JsonElement> cells = new ArrayList<>();
                    for (var i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                        cells.add(cell(result.getObject(i)));
                    }
                    rows.add(cells);
                }
                return rows;
            }
        }
    }

    private static JsonElement cell(Object value) {
        return switch (value) {
            case null -> JsonNull.INSTANCE;
            case Integer number -> new JsonPrimitive((long) number);
            case Long number -> new JsonPrimitive(number);
            case Double number -> tagged("real", new JsonPrimitive(number));
            case byte[] blob -> tagged("hex", new JsonPrimitive(HexFormat.of().formatHex(blob)));
            default -> new JsonPrimitive(value.toString());
        };
    }

    private static JsonObject tagged(String tag, JsonElement value) {
        var object = new JsonObject();
        object.add(tag, value);
        return object;
    }
}
