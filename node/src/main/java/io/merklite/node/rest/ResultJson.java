package io.merklite.node.rest;

import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.Locale;

/**
 * Results in the shape that users of rqlite know: {@code columns}, {@code types}, {@code values}; with {@code ?associative} {@code
 * types} and {@code rows} by column. Times are in seconds, as there.
 */
final class ResultJson {
    private static final double MICROS_PER_SECOND = 1e6;

    private final boolean isAssociative;

    ResultJson(boolean isAssociative) {
        this.isAssociative = isAssociative;
    }

    /** What a query gave. */
    void rows(JsonWriter json, StatementResult result) {
        json.beginObject();
        table(json, result);
        end(json, result);
    }

    /** What a write did, with the rows that it returned if it returned any. */
    void written(JsonWriter json, StatementResult result) {
        json.beginObject();
        if (!result.columns().isEmpty()) {
            table(json, result);
        }
        result.lastInsertRowid().ifPresent(rowid -> json.name("last_insert_id").value(rowid));
        json.name("rows_affected").value(result.affectedRowCount());
        end(json, result);
    }

    void failed(JsonWriter json, SqlError error) {
        json.beginObject().name("error").value(error.message());
        json.name("code").value(error.code()).endObject();
    }

    private static void end(JsonWriter json, StatementResult result) {
        json.name("time").value(result.durationMicros() / MICROS_PER_SECOND).endObject();
    }

    private void table(JsonWriter json, StatementResult result) {
        if (isAssociative) {
            associative(json, result);
            return;
        }
        json.name("columns").beginArray();
        result.columns().forEach(column -> json.value(column.name()));
        json.endArray().name("types").beginArray();
        for (var i = 0; i < result.columns().size(); i++) {
            json.value(type(result, i));
        }
        json.endArray().name("values").beginArray();
        result.rows().forEach(row -> values(json, row));
        json.endArray();
    }

    static void values(JsonWriter json, List<SqlValue> row) {
        json.beginArray();
        row.forEach(value -> ValueJson.plain(json, value));
        json.endArray();
    }

    private static void associative(JsonWriter json, StatementResult result) {
        List<ResultColumn> columns = result.columns();
        json.name("types").beginObject();
        for (var i = 0; i < columns.size(); i++) {
            json.anyName(columns.get(i).name()).value(type(result, i));
        }
        json.endObject().name("rows").beginArray();
        for (var row : result.rows()) {
            json.beginObject();
            for (var i = 0; i < columns.size(); i++) {
                json.anyName(columns.get(i).name());
                ValueJson.plain(json, row.get(i));
            }
            json.endObject();
        }
        json.endArray();
    }

    /** As declared; of an expression, that of the first row's value. */
    private static String type(StatementResult result, int index) {
        return result.columns()
                .get(index)
                .declaredType()
                .orElseGet(() -> result.rows().isEmpty()
                        ? ""
                        : storageClass(result.rows().getFirst().get(index)))
                .toLowerCase(Locale.ROOT);
    }

    private static String storageClass(SqlValue value) {
        return switch (value) {
            case SqlValue.Null none -> "";
            case SqlValue.Integer integer -> "integer";
            case SqlValue.Real real -> "real";
            case SqlValue.Text text -> "text";
            case SqlValue.Blob blob -> "blob";
        };
    }
}
