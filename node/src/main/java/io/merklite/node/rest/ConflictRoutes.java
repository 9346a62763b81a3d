package io.merklite.node.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Access.Right;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.database.RowEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Rows that lost in a merge: to be seen, brought back, or given up. */
final class ConflictRoutes {
    private static final int MAX_LIMIT = 1000;
    private static final int DEFAULT_LIMIT = 100;
    private static final String ID = "id";

    /** ?1 is a table or NULL, ?2 a time, ?3 and ?4 the place of the last entry of the page before. */
    private static final String SELECT = """
            SELECT id, kind, "table", columns, row, found_at FROM _merklite_conflicts
            WHERE (?1 IS NULL OR "table" = ?1 COLLATE NOCASE) AND found_at >= ?2 AND (found_at, id) > (?3, ?4)
            ORDER BY found_at, id LIMIT ?5
            """;

    private final RestApi.Parts parts;

    ConflictRoutes(RestApi.Parts parts) {
        this.parts = parts;
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", "/v1/databases/{name}/conflicts", Right.READ, this::list),
                Route.of("POST", "/v1/databases/{name}/conflicts/{id}/restore", Right.WRITE, this::restore),
                Route.of("DELETE", "/v1/databases/{name}/conflicts/{id}", Right.WRITE, this::discard));
    }

    private CompletionStage<HttpResponse> list(RestCall call) {
        var limit = call.number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
        var after = call.parameter("page").map(ConflictRoutes::readToken).orElse(Place.FIRST);
        var select = SqlStatement.of(
                SELECT,
                call.parameter("table").map(SqlValue::of).orElse(SqlValue.NULL),
                SqlValue.of(call.time("since").map(Instant::toEpochMilli).orElse(0L)),
                SqlValue.of(after.foundAt()),
                SqlValue.of(after.id()),
                SqlValue.of(limit + 1L));
        return AllOrNothing.run(parts.node().stream(call.database(), call.options(true)), List.of(select), true)
                .thenApplyAsync(
                        results -> page(
                                results.getFirst().rows().stream()
                                        .map(Entry::of)
                                        .toList(),
                                limit),
                        parts.executor());
    }

    /** Where an entry stands in the list. */
    private record Place(long foundAt, String id) {
        static final Place FIRST = new Place(-1, "");
    }

    private static Place readToken(String token) {
        try {
            var text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
            var space = text.indexOf(' ');
            return new Place(Long.parseLong(text.substring(0, Math.max(0, space))), text.substring(space + 1));
        } catch (IllegalArgumentException e) {
            throw RestCall.invalid("page", "the token that a page had as next");
        }
    }

    private static String token(Entry last) {
        var text = last.foundAt() + " " + last.id();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * A row of the ledger, as {@code io.merklite.sync.store.Conflicts} describes it.
     *
     * @param columns names, as a list in JSON
     * @param row a changeset that inserts the row; of a table without a primary key with one value more in front
     */
    private record Entry(String id, String kind, String table, String columns, SqlValue row, long foundAt) {
        static Entry of(List<SqlValue> row) {
            return new Entry(
                    text(row.get(0)),
                    text(row.get(1)),
                    text(row.get(2)),
                    text(row.get(3)),
                    row.get(4),
                    number(row.get(5)));
        }

        private static String text(SqlValue value) {
            return value instanceof SqlValue.Text(var text) ? text : "";
        }

        private static long number(SqlValue value) {
            return value instanceof SqlValue.Integer(var number) ? number : 0;
        }

        void write(JsonWriter json) {
            json.beginObject().name(ID).value(id);
            json.name("kind").value(kind);
            json.name("table").value(table);
            json.name("foundAt").value(Instant.ofEpochMilli(foundAt).toString());
            json.name("row").beginObject();
            if (row instanceof SqlValue.Blob blob) {
                values(json, blob);
            }
            json.endObject().endObject();
        }

        private void values(JsonWriter json, SqlValue.Blob blob) {
            var names = SqlBody.parse(columns.getBytes(StandardCharsets.UTF_8))
                    .valueStream()
                    .map(JsonNode::asText)
                    .toList();
            var events = RowEvent.of(Changeset.wrap(blob.toByteArray()));
            var values = events.isEmpty()
                    ? List.<Optional<SqlValue>>of()
                    : events.getFirst().newValues();
            var unnamed = values.size() - names.size();
            for (var i = 0; i < names.size() && unnamed >= 0; i++) {
                json.anyName(names.get(i));
                ValueJson.plain(json, values.get(i + unnamed).orElse(SqlValue.NULL));
            }
        }
    }

    private static HttpResponse page(List<Entry> entries, int limit) {
        var page = entries.subList(0, Math.min(limit, entries.size()));
        var json = new JsonWriter(1024).beginObject().name("items").beginArray();
        page.forEach(entry -> entry.write(json));
        json.endArray().name("next");
        if (entries.size() > limit) {
            json.value(token(page.getLast()));
        } else {
            json.nullValue();
        }
        return RestAnswer.json(200, json.endObject());
    }

    private CompletionStage<HttpResponse> restore(RestCall call) {
        return settled(
                call, parts.node().database(call.database()).restoreConflict(call.path(ID), call.flag("replace")));
    }

    private CompletionStage<HttpResponse> discard(RestCall call) {
        return settled(call, parts.node().database(call.database()).discardConflict(call.path(ID)));
    }

    private CompletionStage<HttpResponse> settled(RestCall call, CompletionStage<Void> settling) {
        return settling.thenCompose(done -> parts.node().status(call.database()))
                .thenApply(status -> RestAnswer.written(status.vector()));
    }
}
