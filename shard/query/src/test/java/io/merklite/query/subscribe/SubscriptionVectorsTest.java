package io.merklite.query.subscribe;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.merklite.query.QueryException;
import io.merklite.query.transpile.Transpiler;
import io.merklite.query.transpile.functions.DeepFunctions;
import io.merklite.testkit.Vectors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The shared cases. Their master, replica or database is one connection here, whose changes are found by comparing. */
@Tag("vectors")
class SubscriptionVectorsTest {
    @Test
    void subscriptionsReportWhatTheReferenceReportsOrBetter() throws IOException {
        Vectors.runWithFile("subscriptions", (file, vector) -> {
            var schema = file.getAsJsonObject("schemas")
                    .getAsJsonObject(vector.get("schema").getAsString());
            try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                    var subscriptions = new Subscriptions(connection)) {
                new Run(connection, subscriptions, vector.has("via")).check(schema, vector);
            }
        });
    }

    /** One case. */
    private static final class Run {
        private final Connection connection;
        private final Subscriptions subscriptions;
        private final boolean isDatabase;
        private final List<Report> reports = new ArrayList<>();

        Run(Connection connection, Subscriptions subscriptions, boolean isDatabase) {
            this.connection = connection;
            this.subscriptions = subscriptions;
            this.isDatabase = isDatabase;
        }

        void check(JsonObject schema, JsonObject vector) throws SQLException {
            if (isDatabase) {
                DeepFunctions.register(connection);
            }
            execute(schema.getAsJsonArray("ddl"));
            execute(schema.getAsJsonArray("seed"));
            subscriptions.subscribe(plain(vector.get("query").getAsString()), reports::add);
            subscriptions.notifyTables(Set.of());
            var initial = vector.getAsJsonObject("initial");
            assertThat(reports).hasSize(1);
            assertRows(initial.getAsJsonArray("rows"), reports.getFirst().rows());
            if (initial.has("columns")) {
                assertThat(reports.getFirst().columns()).isEqualTo(texts(initial.getAsJsonArray("columns")));
            }
            for (var step : vector.getAsJsonArray("steps")) {
                checkStep(step.getAsJsonObject());
            }
        }

        private void checkStep(JsonObject step) throws SQLException {
            reports.clear();
            var runBefore = subscriptions.evaluationCount();
            var expected = step.getAsJsonObject("expect");
            var failed = false;
            try {
                run(step);
            } catch (SQLException | QueryException e) {
                failed = true;
            }
            assertThat(failed).as("error in %s", step).isEqualTo(expected.has("error"));
            assertThat(reports)
                    .as("reports after %s", step)
                    .hasSize(expected.get("fires").getAsBoolean() ? 1 : 0);
            if (expected.has("rows")) {
                assertRows(expected.getAsJsonArray("rows"), reports.getFirst().rows());
            }
            if (expected.has("query_not_run")) {
                assertThat(subscriptions.evaluationCount())
                        .as("queries run in %s", step)
                        .isEqualTo(runBefore);
            }
        }

        private void run(JsonObject step) throws SQLException {
            var isRaw = step.has("raw") && step.get("raw").getAsBoolean();
            if (step.has("batch")) {
                List<RowChange> changes = new ArrayList<>();
                for (var part : step.getAsJsonArray("batch")) {
                    changes.addAll(executeAndCompare(part.getAsJsonArray()));
                }
                subscriptions.notifyChanges(changes);
            } else if (isRaw) {
                execute(step.getAsJsonArray("sql"));
            } else {
                var changes = executeAndCompare(step.getAsJsonArray("sql"));
                if (!changes.isEmpty()) {
                    subscriptions.notifyChanges(changes);
                }
            }
            if (step.has("notify")) {
                var tables = texts(step.getAsJsonArray("notify"));
                if (tables.isEmpty()) {
                    subscriptions.notifyEverything();
                } else {
                    subscriptions.notifyTables(tables);
                }
            }
        }

        private List<RowChange> executeAndCompare(JsonArray statements) throws SQLException {
            var before = TableSnapshot.of(connection);
            execute(statements);
            return before.changesTo(TableSnapshot.of(connection));
        }

        private void execute(JsonArray statements) throws SQLException {
            try (var statement = connection.createStatement()) {
                for (var sql : statements) {
                    statement.executeUpdate(plain(sql.getAsString()));
                }
            }
        }

        /** What SQLite runs; a Database takes the dialect. */
        private String plain(String sql) {
            return isDatabase ? Transpiler.toSql(sql) : sql;
        }
    }

    private static List<String> texts(JsonArray array) {
        return array.asList().stream().map(JsonElement::getAsString).toList();
    }

    private static void assertRows(JsonArray expected, List<List<SqlValue>> rows) {
        assertThat(rows).as("rows, expected %s", expected).hasSize(expected.size());
        for (var i = 0; i < rows.size(); i++) {
            var cells = expected.get(i).getAsJsonArray();
            assertThat(rows.get(i)).as("row, expected %s", cells).hasSize(cells.size());
            for (var j = 0; j < cells.size(); j++) {
                assertCell(cells.get(j), rows.get(i).get(j));
            }
        }
    }

    private static void assertCell(JsonElement expected, SqlValue value) {
        if (expected.isJsonNull()) {
            assertThat(value).isEqualTo(SqlValue.NULL);
        } else if (expected.isJsonPrimitive() && expected.getAsJsonPrimitive().isNumber()) {
            assertThat(value).isEqualTo(SqlValue.of(expected.getAsLong()));
        } else if (expected.isJsonPrimitive()) {
            assertThat(value).isEqualTo(SqlValue.of(expected.getAsString()));
        } else {
            assertTagged(expected.getAsJsonObject(), value);
        }
    }

    private static void assertTagged(JsonObject expected, SqlValue value) {
        var tag = expected.keySet().iterator().next();
        switch (tag) {
            case "real" ->
                assertThat(value).isEqualTo(SqlValue.of(expected.get(tag).getAsDouble()));
            case "hex" ->
                assertThat(value)
                        .isEqualTo(SqlValue.of(
                                HexFormat.of().parseHex(expected.get(tag).getAsString())));
            case "xml" -> assertThat(content(value)).isEqualTo(expected.get(tag).getAsString());
            case "json" ->
                assertThat(inOrder(JsonParser.parseString(content(value))))
                        .isEqualTo(
                                inOrder(JsonParser.parseString(expected.get(tag).getAsString())));
            case "valid_json" -> JsonParser.parseString(content(value));
            default -> throw new AssertionError("cell " + expected);
        }
    }

    private static String content(SqlValue value) {
        return switch (value) {
            case SqlValue.Text(String text) -> text;
            case SqlValue.Blob blob -> new String(blob.toByteArray(), StandardCharsets.UTF_8);
            default -> throw new AssertionError("structured value " + value);
        };
    }

    /** JSON with its members in order, and numbers by value. */
    private static Object inOrder(JsonElement json) {
        if (json.isJsonObject()) {
            return json.getAsJsonObject().entrySet().stream()
                    .map(member -> Map.entry(member.getKey(), inOrder(member.getValue())))
                    .toList();
        }
        if (json.isJsonArray()) {
            return json.getAsJsonArray().asList().stream()
                    .map(SubscriptionVectorsTest::inOrder)
                    .toList();
        }
        return json.isJsonPrimitive() && json.getAsJsonPrimitive().isNumber() ? json.getAsDouble() : json.toString();
    }
}
