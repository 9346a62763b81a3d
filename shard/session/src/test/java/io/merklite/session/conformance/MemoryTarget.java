package io.merklite.session.conformance;

import com.google.gson.JsonObject;
import io.merklite.session.apply.ApplyOptions;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.apply.MemoryDatabase;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.catalog.TableLayout.Column;
import io.merklite.session.changeset.ChangesetBuilder;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.TableInfo;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The database in memory for a case: the tables and rows that SQLite makes of its schema and setup. */
final class MemoryTarget {
    /** Columns without a type, but for that of an integer key, and without any constraint but the key. */
    private static final Pattern PLAIN_TABLE = Pattern.compile(
            "CREATE TABLE \\w+\\s*\\((\\s*\\w+( INTEGER)?( PRIMARY KEY)?\\s*(,|(?=\\))))+"
                    + "(\\s*PRIMARY KEY\\s*\\([\\w\\s,]+\\)\\s*)?\\)( WITHOUT ROWID)?",
            Pattern.CASE_INSENSITIVE);

    private MemoryTarget() {}

    /** Whether the case is about plain tables, each with the columns that its changes have, and about nothing else. */
    static boolean fits(JsonObject vector) throws SQLException {
        var schema = VectorValues.strings(vector, "schema");
        if (!schema.stream().allMatch(sql -> PLAIN_TABLE.matcher(sql).matches())
                || !VectorValues.strings(vector, "before").isEmpty()
                || vector.has("after")
                || !vector.has("parsed")) {
            return false;
        }
        try (var connection = VectorValues.memoryDatabase(schema, List.of())) {
            for (var element : vector.getAsJsonArray("parsed")) {
                var table = element.getAsJsonObject();
                var layout =
                        TableLayout.read(connection, "main", table.get("table").getAsString());
                if (layout.isPresent()
                        && (!layout.get().hasKey()
                                || layout.get().columns().size()
                                        > table.get("columns").getAsInt())) {
                    return false;
                }
            }
        }
        return true;
    }

    static MemoryDatabase of(JsonObject vector) throws SQLException {
        var memory = new MemoryDatabase();
        var rows = new ChangesetBuilder();
        try (var connection = VectorValues.memoryDatabase(
                VectorValues.strings(vector, "schema"), VectorValues.strings(vector, "setup"))) {
            for (var name :
                    vector.getAsJsonObject("expect").getAsJsonObject("tables").keySet()) {
                var layout = TableLayout.read(connection, "main", name).orElseThrow();
                var table = new TableInfo(
                        layout.name(),
                        layout.columns().stream().map(Column::keyPosition).toList());
                memory.createTable(table);
                read(connection, layout).forEach(rows.table(table)::insert);
            }
        }
        memory.apply(rows.build().toByteArray(), ApplyOptions.DEFAULTS, ConflictHandler.ABORT);
        return memory;
    }

    private static List<List<ChangesetValue>> read(Connection connection, TableLayout layout) throws SQLException {
        List<List<ChangesetValue>> rows = new ArrayList<>();
        try (var statement = connection.createStatement();
                var result = statement.executeQuery("SELECT * FROM " + layout.qualifiedName())) {
            while (result.next()) {
                List<ChangesetValue> row = new ArrayList<>();
                for (var i = 1; i <= layout.columns().size(); i++) {
                    row.add(VectorValues.value(result, i));
                }
                rows.add(row);
            }
        }
        return rows;
    }
}
