package io.merklite.node.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.merklite.cluster.catalog.Catalog;
import io.merklite.cluster.replica.DatabaseStatus;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Access.Right;
import io.merklite.node.http.Bookmark;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.schema.structure.Schema;
import io.merklite.sync.vector.VersionVector;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Which databases there are, and how they are. */
final class DatabaseRoutes {
    private static final int MAX_LIMIT = 1000;
    private static final int DEFAULT_LIMIT = 100;
    private static final String SCHEMA = "schema";

    private final RestApi.Parts parts;
    private final SchemaChange schemas;

    DatabaseRoutes(RestApi.Parts parts) {
        this.parts = parts;
        this.schemas = new SchemaChange(parts);
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", "/v1/databases", Right.READ, this::list),
                Route.of("PUT", "/v1/databases/{name}", Right.ADMIN, this::create),
                Route.of("GET", "/v1/databases/{name}", Right.READ, this::inspect),
                Route.of("DELETE", "/v1/databases/{name}", Right.ADMIN, this::drop),
                Route.of("GET", "/v1/databases/{name}/status", Right.READ, this::status));
    }

    private CompletionStage<HttpResponse> list(RestCall call) {
        var limit = call.number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
        var prefix = call.parameter("prefix").orElse("");
        var after = call.parameter("after").map(DatabaseRoutes::readToken).orElse("");
        return parts.node()
                .catalog()
                .thenCompose(catalog -> catalog.list(prefix, after, limit + 1))
                .thenApply(entries -> page(entries, limit));
    }

    private static HttpResponse page(List<Catalog.Entry> entries, int limit) {
        var page = entries.subList(0, Math.min(limit, entries.size()));
        var json = new JsonWriter(1024).beginObject().name("items").beginArray();
        page.forEach(entry -> write(json, entry));
        json.endArray().name("next");
        if (entries.size() > limit) {
            json.value(token(page.getLast().name()));
        } else {
            json.nullValue();
        }
        return RestAnswer.json(200, json.endObject());
    }

    private static String token(String last) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(last.getBytes(StandardCharsets.UTF_8));
    }

    private static String readToken(String token) {
        try {
            return new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw RestCall.invalid("after", "the token that a page had as next");
        }
    }

    private static void write(JsonWriter json, Catalog.Entry entry) {
        json.beginObject().name("name").value(entry.name());
        json.name("createdAt").value(entry.createdAt().toString()).endObject();
    }

    // ---- one of them

    /** A schema that is wrong makes no database, so it is read first. */
    private CompletionStage<HttpResponse> create(RestCall call) {
        var name = call.database();
        return parts.bodies()
                .of(call.request())
                .thenCompose(body -> wantedSchema(body)
                        .<CompletionStage<Optional<Schema>>>map(
                                ddl -> schemas.parse(ddl).thenApply(Optional::of))
                        .orElse(CompletableFuture.completedFuture(Optional.empty())))
                .thenCompose(schema -> create(name, schema));
    }

    private static Optional<String> wantedSchema(byte[] body) {
        var text = new String(body, StandardCharsets.UTF_8);
        if (text.isBlank()) {
            return Optional.empty();
        }
        var json = SqlBody.parse(body);
        json.fieldNames().forEachRemaining(field -> {
            if (!field.equals(SCHEMA)) {
                throw RestCall.refused(
                        400, "BODY_INVALID", "a database is made from a \"schema\", not from \"" + field + "\"");
            }
        });
        if (!json.isObject()
                || !(json.path(SCHEMA).isMissingNode() || json.path(SCHEMA).isTextual())) {
            throw RestCall.refused(
                    400, "BODY_INVALID", "the body must be an object whose \"schema\" is SQL, or nothing");
        }
        return Optional.of(json.path(SCHEMA)).filter(JsonNode::isTextual).map(JsonNode::asText);
    }

    private CompletionStage<HttpResponse> create(String name, Optional<Schema> schema) {
        return parts.node().create(name).thenCompose(isNew -> {
            CompletionStage<VersionVector> made = schema.isEmpty()
                    ? CompletableFuture.completedFuture(VersionVector.EMPTY)
                    : isNew
                            ? schemas.migrate(
                                            name,
                                            StreamOptions.DEFAULTS,
                                            schema.get(),
                                            EnumSet.noneOf(SchemaChange.Risk.class))
                                    .thenApply(SchemaChange.Migrated::bookmark)
                            : requireEqual(name, schema.get());
            return made.thenCompose(bookmark -> entry(name).thenApply(entry -> created(isNew, entry, bookmark)));
        });
    }

    private CompletionStage<VersionVector> requireEqual(String name, Schema wanted) {
        return schemas.present(name, StreamOptions.DEFAULTS).thenApply(present -> {
            if (!present.schema().hash().equals(wanted.hash())) {
                throw RestCall.refused(
                        409,
                        "SCHEMA_DIFFERS",
                        "there is a database of this name with another schema: migrate it by PUT " + name + "/schema");
            }
            return present.bookmark();
        });
    }

    private static HttpResponse created(boolean isNew, Catalog.Entry entry, VersionVector bookmark) {
        var json = new JsonWriter(256).beginObject().name("name").value(entry.name());
        json.name("createdAt").value(entry.createdAt().toString());
        json.name("bookmark").value(Bookmark.encode(bookmark)).endObject();
        return RestAnswer.at(bookmark, RestAnswer.json(isNew ? 201 : 200, json));
    }

    private CompletionStage<Catalog.Entry> entry(String name) {
        return parts.node()
                .catalog()
                .thenCompose(catalog -> catalog.find(name))
                .thenApply(entry -> entry.orElseThrow(DatabaseRoutes::unknown));
    }

    static RuntimeException unknown() {
        return RestCall.refused(
                404, "DATABASE_NOT_FOUND", "there is no database of this name: create it, or correct the URL");
    }

    private CompletionStage<HttpResponse> inspect(RestCall call) {
        var name = call.database();
        return entry(name).thenCombine(existing(parts, name), (entry, status) -> {
            var json = new JsonWriter(512).beginObject().name("name").value(name);
            json.name("createdAt").value(entry.createdAt().toString());
            json.name("sizeBytes").value(status.sizeBytes());
            json.name("schemaFingerprint").value(RestAnswer.hex(status.schema()));
            json.name("root").value(RestAnswer.hex(status.root()));
            json.name("bookmark").value(Bookmark.encode(status.vector())).endObject();
            return RestAnswer.json(200, json);
        });
    }

    private CompletionStage<HttpResponse> drop(RestCall call) {
        var name = call.database();
        if (!call.parameter("confirm").equals(Optional.of(name))) {
            throw RestCall.refused(
                    409, "NOT_CONFIRMED", "dropping a database can't be undone: confirm with ?confirm=" + name);
        }
        return parts.node().drop(name).thenApply(wasThere -> {
            if (!wasThere) {
                throw unknown();
            }
            return RestAnswer.json(
                    200,
                    new JsonWriter(64).beginObject().name("name").value(name).endObject());
        });
    }

    // ---- status

    /** How a database is that must be there: a writer is not asked for one that isn't, since it would not answer. */
    static CompletionStage<DatabaseStatus> existing(RestApi.Parts parts, String name) {
        return parts.node()
                .exists(name)
                .thenCompose(exists -> exists ? parts.node().status(name) : CompletableFuture.failedFuture(unknown()));
    }

    private CompletionStage<HttpResponse> status(RestCall call) {
        var name = call.database();
        return existing(parts, name)
                .thenCompose(status ->
                        conflictCount(name).thenApply(conflicts -> RestAnswer.json(200, written(status, conflicts))));
    }

    private CompletionStage<Long> conflictCount(String name) {
        return parts.node()
                .database(name)
                .query("SELECT count(*) FROM _merklite_conflicts")
                .thenApply(rows -> rows.getFirst().getFirst() instanceof SqlValue.Integer(var count) ? count : 0L);
    }

    private static JsonWriter written(DatabaseStatus status, long conflicts) {
        var json = new JsonWriter(512).beginObject().name("name").value(status.database());
        json.name("node").value(status.node());
        json.name("datacenter").value(status.datacenter());
        json.name("root").value(RestAnswer.hex(status.root()));
        json.name("schemaFingerprint").value(RestAnswer.hex(status.schema()));
        json.name("sizeBytes").value(status.sizeBytes());
        json.name("waitingTransactionCount").value(status.waitingCount());
        json.name("conflictCount").value(conflicts);
        json.name("bookmark").value(Bookmark.encode(status.vector()));
        json.name("vector");
        RestAnswer.vector(json, status.vector());
        json.name("copies").beginArray();
        status.copies().forEach(copy -> {
            json.beginObject().name("peer").value(copy.peer());
            json.name("lagTransactionCount").value(missing(status.vector(), copy.vector()));
            json.name("vector");
            RestAnswer.vector(json, copy.vector());
            json.endObject();
        });
        return json.endArray().endObject();
    }

    /** How many transactions the writer has that a copy, as far as the writer was told, has not. */
    private static long missing(VersionVector writer, VersionVector copy) {
        var count = 0L;
        for (var seq : writer.seqs().entrySet()) {
            count += Math.max(0, seq.getValue() - copy.seq(seq.getKey()));
        }
        return count;
    }
}
