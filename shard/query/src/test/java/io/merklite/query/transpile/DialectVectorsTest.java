package io.merklite.query.transpile;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.merklite.query.QueryException.MalformedQuery;
import io.merklite.testkit.Vectors;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The golden cases of the dialect, which were recorded from the reference. */
@Tag("vectors")
class DialectVectorsTest {
    @Test
    void goldenCasesHold() throws Exception {
        Vectors.runWithFile("sqldeep", DialectVectorsTest::check);
    }

    private static void check(JsonObject file, JsonObject vector) throws SQLException {
        var expected = vector.getAsJsonObject("expect");
        var orError = vector.has("or_error") && vector.get("or_error").getAsBoolean();
        try (var database = DialectDatabase.open()) {
            if (vector.has("setup")) {
                var setup = vector.get("setup").getAsString();
                statements(file.getAsJsonObject("setups"), setup).forEach(database::execute);
            }
            statements(vector, "extra_setup").forEach(database::execute);
            List<List<Object>> rows;
            try {
                rows = database.rows(translated(vector));
            } catch (MalformedQuery e) {
                checkRefusal(expected, e, orError);
                return;
            } catch (DialectDatabase.Refused e) {
                assertThat(orError || isError(expected, "sqlite"))
                        .as("SQLite refused the SQL: " + e.getMessage())
                        .isTrue();
                return;
            }
            assertThat(expected.has("rows"))
                    .as("rows " + rows + ", expected " + expected)
                    .isTrue();
            checkRows(expected.getAsJsonArray("rows"), rows, vector.has("array_order_free"));
        }
    }

    private static String translated(JsonObject vector) {
        var query = vector.get("query").getAsString();
        return vector.has("foreign_keys")
                ? Transpiler.toSql(query, foreignKeys(vector.getAsJsonArray("foreign_keys")))
                : Transpiler.toSql(query);
    }

    private static List<ForeignKey> foreignKeys(JsonArray keys) {
        List<ForeignKey> foreignKeys = new ArrayList<>();
        for (var element : keys) {
            var key = element.getAsJsonObject();
            List<ForeignKey.ColumnPair> columns = new ArrayList<>();
            for (var pair : key.getAsJsonArray("columns")) {
                columns.add(new ForeignKey.ColumnPair(
                        pair.getAsJsonArray().get(0).getAsString(),
                        pair.getAsJsonArray().get(1).getAsString()));
            }
            foreignKeys.add(
                    new ForeignKey(key.get("from").getAsString(), key.get("to").getAsString(), columns));
        }
        return foreignKeys;
    }

    private static List<String> statements(JsonObject vector, String name) {
        List<String> statements = new ArrayList<>();
        if (vector.has(name)) {
            vector.getAsJsonArray(name).forEach(statement -> statements.add(statement.getAsString()));
        }
        return statements;
    }

    private static boolean isError(JsonObject expected, String kind) {
        return expected.has("error") && expected.get("error").getAsString().equals(kind);
    }

    /** The line is firm; another column is worth a line in the log. */
    private static void checkRefusal(JsonObject expected, MalformedQuery refusal, boolean orError) {
        assertThat(refusal.remedy()).isNotBlank();
        if (isError(expected, "transpile")) {
            assertThat(refusal.line()).isEqualTo(expected.get("line").getAsInt());
            if (refusal.column() != expected.get("col").getAsInt()) {
                System.out.println("column " + refusal.column() + ", expected " + expected + ": " + refusal);
            }
        } else {
            assertThat(orError || isError(expected, "sqlite"))
                    .as("refused: " + refusal)
                    .isTrue();
        }
    }

    private static void checkRows(JsonArray expected, List<List<Object>> rows, boolean orderFree) {
        assertThat(rows).as("rows").hasSize(expected.size());
        for (var index = 0; index < rows.size(); index++) {
            var cells = expected.get(index).getAsJsonArray();
            assertThat(rows.get(index)).as("row " + index).hasSize(cells.size());
            for (var column = 0; column < cells.size(); column++) {
                checkCell(cells.get(column), rows.get(index).get(column), orderFree);
            }
        }
    }

    private static void checkCell(JsonElement expected, Object actual, boolean orderFree) {
        if (expected.isJsonNull()) {
            assertThat(actual).isNull();
        } else if (expected.isJsonPrimitive()) {
            if (expected.getAsJsonPrimitive().isString()) {
                assertThat(actual).isEqualTo(expected.getAsString());
            } else {
                assertThat(actual).isInstanceOf(Number.class);
                assertThat(((Number) actual).longValue()).isEqualTo(expected.getAsLong());
            }
        } else {
            checkTypedCell(expected.getAsJsonObject(), actual, orderFree);
        }
    }

    private static void checkTypedCell(JsonObject expected, Object actual, boolean orderFree) {
        if (expected.has("real")) {
            assertThat(actual).isInstanceOf(Double.class);
            assertThat((Double) actual).isEqualTo(expected.get("real").getAsDouble());
        } else if (expected.has("json")) {
            var text = JsonTexts.text(actual);
            assertThat(JsonTexts.isSame(expected.get("json").getAsString(), text, orderFree))
                    .as(text + " is " + expected)
                    .isTrue();
        } else if (expected.has("xml")) {
            assertThat(JsonTexts.text(actual)).isEqualTo(expected.get("xml").getAsString());
        } else if (expected.has("hex")) {
            assertThat(actual).isInstanceOf(byte[].class);
            assertThat(java.util.HexFormat.of().formatHex((byte[]) actual))
                    .isEqualToIgnoringCase(expected.get("hex").getAsString());
        } else {
            assertThat(expected.has("valid_json")).as("cell " + expected).isTrue();
            JsonTexts.parse(JsonTexts.text(actual));
        }
    }
}
