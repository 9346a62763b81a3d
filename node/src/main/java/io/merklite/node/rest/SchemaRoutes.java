package io.merklite.node.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Access.Right;
import io.merklite.node.http.Bookmark;
import io.merklite.schema.plan.MigrationPlan;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.util.ByteString;

/** The schema of a database: what it is, and what another would take. */
final class SchemaRoutes {
    private static final ContentType SQL = ContentTypes.parse("text/sql;charset=UTF-8");

    private final RestApi.Parts parts;
    private final SchemaChange schemas;

    SchemaRoutes(RestApi.Parts parts) {
        this.parts = parts;
        this.schemas = new SchemaChange(parts);
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", "/v1/databases/{name}/schema", Right.READ, this::read),
                Route.of("PUT", "/v1/databases/{name}/schema", Right.WRITE, this::migrate),
                Route.of("POST", "/v1/databases/{name}/schema/plan", Right.READ, this::plan));
    }

    private CompletionStage<HttpResponse> read(RestCall call) {
        return schemas.present(call.database(), call.options(true)).thenApply(present -> {
            var schema = present.schema();
            if (call.accepts("text/sql") || call.accepts("text/plain")) {
                return HttpResponse.create().withEntity(HttpEntities.create(SQL, ByteString.fromString(schema.ddl())));
            }
            var json = new JsonWriter(1024).beginObject().name("name").value(call.database());
            json.name("fingerprint").value(schema.hash());
            json.name("schema").value(schema.ddl()).endObject();
            return RestAnswer.json(200, json);
        });
    }

    private CompletionStage<HttpResponse> migrate(RestCall call) {
        Set<SchemaChange.Risk> allowed = call.list("allow").stream()
                .map(SchemaChange.Risk::of)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(SchemaChange.Risk.class)));
        var name = call.database();
        var options = call.options(false);
        return wanted(call)
                .thenCompose(schemas::parse)
                .thenCompose(schema -> schemas.migrate(name, options, schema, allowed))
                .thenApply(migrated -> {
                    var json = new JsonWriter(1024).beginObject().name("name").value(name);
                    json.name("fingerprint").value(migrated.schema().hash());
                    json.name("bookmark").value(Bookmark.encode(migrated.bookmark()));
                    write(json, migrated.plan());
                    return RestAnswer.at(migrated.bookmark(), RestAnswer.json(200, json.endObject()));
                });
    }

    private CompletionStage<HttpResponse> plan(RestCall call) {
        var name = call.database();
        return wanted(call)
                .thenCompose(schemas::parse)
                .thenCombine(schemas.present(name, call.options(true)), (schema, present) -> {
                    var plan = MigrationPlan.between(present.schema(), schema);
                    var json = new JsonWriter(1024).beginObject().name("name").value(name);
                    json.name("fingerprint").value(present.schema().hash());
                    json.name("wantedFingerprint").value(schema.hash());
                    write(json, plan);
                    return RestAnswer.json(200, json.endObject());
                });
    }

    private static void write(JsonWriter json, MigrationPlan plan) {
        json.name("risks").beginArray();
        SchemaChange.Risk.of(plan).forEach(risk -> json.value(risk.id()));
        json.endArray().name("operations").beginArray();
        for (var operation : plan.operations()) {
            json.beginObject().name("type").value(operation.type().jsonName());
            json.name("object").value(operation.objectName());
            json.name("description").value(operation.description());
            json.name("risks").beginArray();
            SchemaChange.Risk.of(operation).forEach(risk -> json.value(risk.id()));
            json.endArray().name("sql").beginArray();
            operation.sql().forEach(json::value);
            json.endArray().endObject();
        }
        json.endArray().name("warnings").beginArray();
        plan.warnings().forEach(warning -> json.value(warning.message()));
        json.endArray();
    }

    /** SQL as it is, or as the {@code schema} of an object. */
    private CompletionStage<String> wanted(RestCall call) {
        return parts.bodies().of(call.request()).thenApply(body -> {
            var text = new String(body, StandardCharsets.UTF_8);
            if (!text.stripLeading().startsWith("{")) {
                return text;
            }
            return Optional.of(SqlBody.parse(body).path("schema"))
                    .filter(JsonNode::isTextual)
                    .map(JsonNode::asText)
                    .orElseThrow(() -> RestCall.refused(
                            400, "BODY_INVALID", "the body must be SQL, or an object whose \"schema\" is SQL"));
        });
    }
}
