package io.merklite.session.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.merklite.session.SessionException;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.capture.Session;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The suites {@code capture-*}. */
final class CaptureCases {
    private static final Pattern SCHEMA_CHANGE = Pattern.compile("\\s*ALTER\\b.*", Pattern.CASE_INSENSITIVE);

    private CaptureCases() {}

    static void check(JsonObject vector) throws Exception {
        var expected = vector.getAsJsonObject("expect");
        try (var connection = VectorValues.memoryDatabase(List.of(), List.of())) {
            for (var name : VectorValues.strings(vector, "attach")) {
                VectorValues.run(connection, "ATTACH ':memory:' AS " + name);
            }
            prepare(connection, vector);
            var before = tables(connection);
            try (var session = open(connection, vector)) {
                work(connection, session, vector);
                // The one feature that capture by triggers declines: the log goes with the transaction it was made in.
                var mayDecline = hasTag(vector, "rollback-past-start");
                var wasEmpty = isEmpty(session, expected, mayDecline);
                try {
                    checkResult(session, vector, expected, wasEmpty);
                } catch (SessionException.Misuse e) {
                    assertThat(mayDecline).as(String.valueOf(e.getMessage())).isTrue();
                }
            }
            if (expected.has("changeset") && !isFalse(vector, "roundtrip")) {
                checkRoundTrip(vector, before, tables(connection));
            }
        }
    }

    private static void prepare(Connection connection, JsonObject vector) throws SQLException {
        for (var sql : VectorValues.strings(vector, "schema")) {
            VectorValues.run(connection, sql);
        }
        for (var sql : VectorValues.strings(vector, "setup")) {
            VectorValues.run(connection, sql);
        }
    }

    static Session open(Connection connection, JsonObject vector) {
        var options = vector.has("session") && vector.get("session").isJsonObject()
                ? vector.getAsJsonObject("session")
                : new JsonObject();
        var schema = options.has("schema") ? options.get("schema").getAsString() : "main";
        var session = options.has("rowid") && options.get("rowid").getAsBoolean()
                ? Session.openWithRowidKeys(connection, schema)
                : Session.open(connection, schema);
        if (options.has("tables")) {
            VectorValues.strings(options, "tables").forEach(session::attach);
        } else if (options.has("filter")) {
            var accepted = Set.copyOf(VectorValues.strings(options, "filter"));
            session.attachMatching(accepted::contains);
        } else {
            session.attachAll();
        }
        return session;
    }

    private static void work(Connection connection, Session session, JsonObject vector) throws SQLException {
        for (var step : vector.getAsJsonArray("workload")) {
            if (step.isJsonPrimitive()) {
                execute(connection, session, step.getAsString());
            } else {
                work(connection, session, vector, step.getAsJsonObject());
            }
        }
    }

    private static void work(Connection connection, Session session, JsonObject vector, JsonObject step)
            throws SQLException {
        if (step.has("enable")) {
            session.enable(step.get("enable").getAsBoolean());
        } else if (step.has("indirect")) {
            session.indirect(step.get("indirect").getAsBoolean());
        } else if (step.has("attach")) {
            session.attach(step.get("attach").getAsString());
        } else if (step.has("take")) {
            var taken = step.getAsJsonObject("take");
            compare(vector, session.changeset().toByteArray(), VectorValues.hex(taken.get("changeset")));
            compare(vector, session.patchset().toByteArray(), VectorValues.hex(taken.get("patchset")));
        } else {
            var sql = step.get("sql").getAsString();
            try {
                execute(connection, session, sql);
            } catch (SQLException | SessionException e) {
                return;
            }
            throw new AssertionError(sql + " should have failed with " + step.get("fails"));
        }
    }

    private static void execute(Connection connection, Session session, String sql) throws SQLException {
        if (SCHEMA_CHANGE.matcher(sql).matches()) {
            session.executeSchemaChange(sql);
        } else {
            VectorValues.run(connection, sql);
        }
    }

    /** Asking may fail for the reason that the case is about. */
    private static boolean isEmpty(Session session, JsonObject expected, boolean mayDecline) {
        try {
            return session.isEmpty();
        } catch (SessionException e) {
            assertThat(expected.has("error") || mayDecline)
                    .as(String.valueOf(e.getMessage()))
                    .isTrue();
            return false;
        }
    }

    private static void checkResult(Session session, JsonObject vector, JsonObject expected, boolean wasEmpty) {
        if (expected.has("error")) {
            try {
                session.changeset();
            } catch (SessionException e) {
                assertThat(e.resultCode()).isEqualTo(17);
                return;
            }
            throw new AssertionError("asking for the changeset should have failed with " + expected.get("error"));
        }
        var changeset = session.changeset();
        if (expected.has("one_of")) {
            assertThat(expected.getAsJsonArray("one_of")).contains(parsed(vector, changeset.toByteArray()));
        } else {
            compare(vector, changeset.toByteArray(), expected);
            if (expected.has("patchset")) {
                compare(vector, session.patchset().toByteArray(), VectorValues.hex(expected.get("patchset")));
            }
            if (expected.has("inverse")) {
                compare(vector, changeset.invert().toByteArray(), VectorValues.hex(expected.get("inverse")));
            }
        }
        if (expected.has("is_empty") && expected.get("is_empty").getAsBoolean()) {
            assertThat(wasEmpty).as("is_empty").isTrue();
        }
        if (!changeset.isEmpty()) {
            assertThat(wasEmpty).as("is_empty with changes").isFalse();
        }
    }

    private static void compare(JsonObject vector, byte[] actual, JsonObject expected) {
        if (expected.has("parsed")) {
            assertThat(parsed(vector, actual)).isEqualTo(withoutFlags(vector, expected.getAsJsonArray("parsed")));
        }
        if (expected.has("changeset")) {
            compare(vector, actual, VectorValues.hex(expected.get("changeset")));
        }
    }

    private static void compare(JsonObject vector, byte[] actual, byte[] expected) {
        assertThat(parsed(vector, actual)).isEqualTo(parsed(vector, expected));
    }

    static JsonArray parsed(JsonObject vector, byte[] changeset) {
        return withoutFlags(vector, VectorValues.parsed(changeset));
    }

    /** The indirect flag of triggers and foreign key actions can't be seen without native help. */
    private static JsonArray withoutFlags(JsonObject vector, JsonArray parsed) {
        if (!hasTag(vector, "indirect-by-trigger") && !hasTag(vector, "indirect-by-fk")) {
            return parsed;
        }
        var copy = parsed.deepCopy();
        for (var table : copy) {
            for (JsonElement change : table.getAsJsonObject().getAsJsonArray("changes")) {
                change.getAsJsonObject().remove("indirect");
            }
        }
        return copy;
    }

    private static boolean hasTag(JsonObject vector, String tag) {
        return VectorValues.strings(vector, "tags").contains(tag);
    }

    private static boolean isFalse(JsonObject vector, String key) {
        return vector.has(key) && !vector.get(key).getAsBoolean();
    }

    /** Rows of all tables with a key, but for those with a NULL in it. */
    private static Map<String, List<String>> tables(Connection connection) throws SQLException {
        Map<String, List<String>> tables = new HashMap<>();
        for (var entry : keys(connection).entrySet()) {
            tables.put(entry.getKey(), VectorValues.rows(connection, entry.getKey(), " WHERE " + entry.getValue()));
        }
        return tables;
    }

    /** Table name to the condition that its key has no NULL. */
    private static Map<String, String> keys(Connection connection) throws SQLException {
        Map<String, String> keys = new HashMap<>();
        try (var query = connection.createStatement();
                var rows = query.executeQuery("""
                        SELECT t.name, group_concat('"' || replace(c.name, '"', '""') || '" IS NOT NULL', ' AND ')
                        FROM pragma_table_list t, pragma_table_info(t.name, 'main') c
                        WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND c.pk
                        GROUP BY t.name
                        """)) {
            while (rows.next()) {
                keys.put(rows.getString(1), rows.getString(2));
            }
        }
        return keys;
    }

    private static void checkRoundTrip(
            JsonObject vector, Map<String, List<String>> before, Map<String, List<String>> after) throws SQLException {
        var expected = vector.getAsJsonObject("expect");
        for (var kind : List.of("changeset", "patchset")) {
            try (var replica = VectorValues.memoryDatabase(List.of(), List.of());
                    var applier = new ChangesetApplier(replica)) {
                prepare(replica, vector);
                dropTriggers(replica, "main");
                dropTriggers(replica, "temp");
                VectorValues.run(replica, "PRAGMA foreign_keys = OFF");
                applier.apply(VectorValues.hex(expected.get(kind)), ConflictHandler.ABORT);
                assertThat(known(tables(replica), before)).as(kind).isEqualTo(known(after, before));
                if (kind.equals("changeset")) {
                    applier.apply(VectorValues.hex(expected.get("inverse")), ConflictHandler.ABORT);
                    assertThat(tables(replica)).as("inverse").isEqualTo(before);
                }
            }
        }
    }

    /** Tables that were there before. */
    private static Map<String, List<String>> known(Map<String, List<String>> tables, Map<String, List<String>> before) {
        var kept = new HashMap<>(tables);
        kept.keySet().retainAll(before.keySet());
        return kept;
    }

    private static void dropTriggers(Connection connection, String schema) throws SQLException {
        List<String> drops = new ArrayList<>();
        try (var query = connection.createStatement();
                var rows = query.executeQuery("SELECT name FROM " + schema + ".sqlite_schema WHERE type = 'trigger'")) {
            while (rows.next()) {
                drops.add("DROP TRIGGER " + schema + ".\"" + rows.getString(1).replace("\"", "\"\"") + '"');
            }
        }
        for (var sql : drops) {
            VectorValues.run(connection, sql);
        }
    }
}
