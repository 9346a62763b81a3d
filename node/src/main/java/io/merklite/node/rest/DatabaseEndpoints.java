package io.merklite.node.rest;

import io.merklite.cluster.MerkliteNode;
import io.merklite.cluster.catalog.Catalog;
import io.merklite.cluster.replica.DatabaseStatus;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Access;
import io.merklite.node.http.Access.Right;
import io.merklite.node.http.Endpoints;
import io.merklite.sync.vector.VersionVector;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * {@code /v1/databases}: list, create, look at and drop databases, and see how they are.
 *
 * <table>
 *   <caption>Requests</caption>
 *   <tr><td>{@code GET /v1/databases?prefix=&after=&limit=}</td><td>names in order; needs {@code read} on the node</td></tr>
 *   <tr><td>{@code PUT /v1/databases/NAME}</td><td>201 if it is new, 200 if it is there; needs {@code admin} on it</td></tr>
 *   <tr><td>{@code GET /v1/databases/NAME}</td><td>200 or 404; needs {@code read}</td></tr>
 *   <tr><td>{@code DELETE /v1/databases/NAME?confirm=NAME}</td><td>409 without the confirmation; needs {@code admin}</td></tr>
 *   <tr><td>{@code GET /v1/databases/NAME/status}</td><td>version vector, merkle root, size, copies; needs {@code read}</td></tr>
 * </table>
 */
public final class DatabaseEndpoints implements Endpoints {
    private static final int MAX_LIMIT = 1000;
    private static final int DEFAULT_LIMIT = 100;

    private final MerkliteNode node;
    private final Access access;

    public DatabaseEndpoints(MerkliteNode node, Access access) {
        this.node = node;
        this.access = access;
    }

    @Override
    public Optional<CompletionStage<HttpResponse>> answer(HttpRequest http) {
        return RestRequest.of(http)
                .filter(request -> request.path().getFirst().equals("databases"))
                .flatMap(this::answer);
    }

    private Optional<CompletionStage<HttpResponse>> answer(RestRequest request) {
        return switch (request.path().size()) {
            case 1 -> request.method().equals("GET") ? Optional.of(list(request)) : Optional.empty();
            case 2 ->
                switch (request.method()) {
                    case "PUT" -> Optional.of(create(request));
                    case "GET" -> Optional.of(describe(request));
                    case "DELETE" -> Optional.of(drop(request));
                    default -> Optional.empty();
                };
            case 3 ->
                request.method().equals("GET") && request.path().get(2).equals("status")
                        ? Optional.of(status(request))
                        : Optional.empty();
            default -> Optional.empty();
        };
    }

    private CompletionStage<HttpResponse> list(RestRequest request) {
        request.require(access, RestRequest.NODE, Right.READ);
        var limit = request.number("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
        var prefix = request.parameter("prefix").orElse("");
        var after = request.parameter("after").orElse("");
        return node.catalog()
                .thenCompose(catalog -> catalog.list(prefix, after, limit))
                .thenApply(entries -> RestRequest.json(200, page(entries, limit)));
    }

    private static JsonWriter page(List<Catalog.Entry> entries, int limit) {
        var json = new JsonWriter(1024).beginObject().name("items").beginArray();
        entries.forEach(entry -> json.beginObject()
                .name("name")
                .value(entry.name())
                .name("createdAt")
                .value(entry.createdAt().toString())
                .endObject());
        json.endArray().name("next");
        if (entries.size() == limit) {
            json.value(entries.getLast().name());
        } else {
            json.nullValue();
        }
        return json.endObject();
    }

    private CompletionStage<HttpResponse> create(RestRequest request) {
        var name = request.database(1);
        request.require(access, name, Right.ADMIN);
        return node.catalog()
                .thenCompose(catalog -> catalog.create(name))
                .thenApply(isNew -> RestRequest.json(isNew ? 201 : 200, named(name)));
    }

    private CompletionStage<HttpResponse> describe(RestRequest request) {
        var name = request.database(1);
        request.require(access, name, Right.READ);
        return existing(name).thenApply(exists -> RestRequest.json(200, named(name)));
    }

    private CompletionStage<HttpResponse> drop(RestRequest request) {
        var name = request.database(1);
        request.require(access, name, Right.ADMIN);
        if (!request.parameter("confirm").equals(Optional.of(name))) {
            return CompletableFuture.failedFuture(RestRequest.refused(
                    409, "NOT_CONFIRMED", "dropping a database cannot be undone: confirm with ?confirm=" + name));
        }
        return node.catalog()
                .thenCompose(catalog -> catalog.drop(name))
                .thenCompose(dropped -> dropped
                        ? CompletableFuture.completedFuture(RestRequest.json(200, named(name)))
                        : CompletableFuture.failedFuture(unknown(name)));
    }

    private CompletionStage<HttpResponse> status(RestRequest request) {
        var name = request.database(1);
        request.require(access, name, Right.READ);
        return existing(name)
                .thenCompose(exists -> node.status(name))
                .thenApply(status -> RestRequest.json(200, written(status)));
    }

    private CompletionStage<Boolean> existing(String name) {
        return node.exists(name)
                .thenCompose(exists -> exists
                        ? CompletableFuture.completedFuture(true)
                        : CompletableFuture.failedFuture(unknown(name)));
    }

    private static RuntimeException unknown(String name) {
        return RestRequest.refused(404, "DATABASE_NOT_FOUND", "there is no database " + name + " here");
    }

    private static JsonWriter named(String name) {
        return new JsonWriter(64).beginObject().name("name").value(name).endObject();
    }

    private static JsonWriter written(DatabaseStatus status) {
        var json = new JsonWriter(512)
                .beginObject()
                .name("name")
                .value(status.database())
                .name("node")
                .value(status.node())
                .name("datacenter")
                .value(status.datacenter())
                .name("root")
                .value(hex(status.root()))
                .name("schema")
                .value(hex(status.schema()))
                .name("sizeBytes")
                .value(status.sizeBytes())
                .name("waitingTransactions")
                .value(status.waitingCount());
        write("vector", status.vector(), json);
        json.name("copies").beginArray();
        status.copies().forEach(copy -> {
            json.beginObject().name("peer").value(copy.peer());
            write("vector", copy.vector(), json);
            json.endObject();
        });
        return json.endArray().endObject();
    }

    /** Origins and how far each has come. */
    private static void write(String name, VersionVector vector, JsonWriter json) {
        json.name(name).beginObject();
        vector.seqs().forEach((origin, seq) -> json.name(origin.toString()).integerAsText(seq));
        json.endObject();
    }

    private static String hex(long value) {
        return String.format("%016x", value);
    }
}
