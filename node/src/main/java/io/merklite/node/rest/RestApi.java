package io.merklite.node.rest;

import io.merklite.cluster.MerkliteNode;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.health.Health;
import io.merklite.node.http.Access;
import io.merklite.node.http.Access.Right;
import io.merklite.node.http.BearerToken;
import io.merklite.node.http.Endpoints;
import io.merklite.node.http.HttpSettings;
import io.merklite.node.http.RequestBody;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.Materializer;

/**
 * All that is answered below {@code /v1}.
 *
 * <p>Paths that are none of its own are left to others: {@code /v1/execute} and {@code /v1/batch} are Hrana's.
 * <b>Threading.</b> Thread-safe; nothing blocks.
 */
public final class RestApi implements Endpoints {
    /** What stands for the node where a right on a database is asked for. No database can be called so. */
    private static final String NODE = "*";

    private static final String PREFIX = "/v1";
    private static final Duration BODY_TIMEOUT = Duration.ofMinutes(1);

    private final Access access;
    private final List<Route> routes = new ArrayList<>();
    private final OpenApi description = OpenApi.load();

    private RestApi(
            MerkliteNode node,
            Access access,
            HttpSettings http,
            RestSettings settings,
            Health health,
            InstantSource clock,
            String version) {
        this.access = access;
        var parts = Parts.of(node, http, settings, clock);
        routes.add(new Route("GET", PREFIX, Optional.empty(), call -> now(index())));
        routes.add(new Route("GET", "/v1/openapi.json", Optional.empty(), call -> now(description.answer())));
        routes.addAll(new ClusterRoutes(parts, health, version).routes());
        routes.addAll(new DatabaseRoutes(parts).routes());
        routes.addAll(new SchemaRoutes(parts).routes());
        routes.addAll(new SqlRoutes(parts).routes());
        routes.addAll(new ConflictRoutes(parts).routes());
        routes.addAll(new FeedRoutes(parts).routes());
        routes.addAll(new SnapshotRoutes(parts).routes());
        routes.addAll(new ImportRoutes(parts).routes());
    }

    /**
     * What routes work with.
     *
     * @param node the node
     * @param system its actor system
     * @param settings limits
     * @param clock the wall clock
     * @param bodies reads bodies up to the server's limit
     * @param materializer runs streams
     * @param executor for what takes a moment
     * @param blocking for what waits for a disk
     */
    record Parts(
            MerkliteNode node,
            ActorSystem<?> system,
            RestSettings settings,
            InstantSource clock,
            RequestBody bodies,
            Materializer materializer,
            Executor executor,
            Executor blocking) {
        static Parts of(MerkliteNode node, HttpSettings http, RestSettings settings, InstantSource clock) {
            var system = node.system();
            var materializer = Materializer.createMaterializer(system);
            return new Parts(
                    node,
                    system,
                    settings,
                    clock,
                    new RequestBody(http.maxRequestSizeBytes(), BODY_TIMEOUT, materializer),
                    materializer,
                    system.executionContext(),
                    system.dispatchers().lookup(DispatcherSelector.blocking()));
        }
    }

    /**
     * The interface of {@code node}.
     *
     * @param health what {@code /v1/status} tells of it
     * @param version of the program
     */
    public static RestApi create(
            MerkliteNode node,
            Access access,
            HttpSettings http,
            RestSettings settings,
            Health health,
            InstantSource clock,
            String version) {
        return new RestApi(node, access, http, settings, health, clock, version);
    }

    List<Route> routes() {
        return List.copyOf(routes);
    }

    @Override
    public Optional<CompletionStage<HttpResponse>> answer(HttpRequest request) {
        var raw = request.getUri().getPathString();
        if (!raw.equals(PREFIX) && !raw.startsWith(PREFIX + "/")) {
            return Optional.empty();
        }
        var path = Route.segments(raw).stream().map(RestApi::decoded).toList();
        List<String> methods = new ArrayList<>();
        for (var route : routes) {
            var parameters = route.match(path);
            if (parameters.isPresent()) {
                if (route.method().equals(request.method().value())) {
                    return Optional.of(answer(route, request, parameters.get()));
                }
                methods.add(route.method());
            }
        }
        return methods.isEmpty() ? Optional.empty() : Optional.of(now(notAllowed(methods)));
    }

    private static String decoded(String segment) {
        try {
            return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return segment; // a name that nothing here has
        }
    }

    private CompletionStage<HttpResponse> answer(
            Route route, HttpRequest request, java.util.Map<String, String> parameters) {
        CompletionStage<HttpResponse> answer;
        var isPretty = false;
        try {
            var call = new RestCall(request, parameters);
            isPretty = call.flag("pretty");
            route.right().ifPresent(right -> require(call, right));
            answer = route.handler().answer(call);
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        var told = answer.exceptionally(failure -> RestFailures.refusal(failure).toResponse());
        return isPretty ? told.thenApply(RestApi::pretty) : told;
    }

    private void require(RestCall call, Right right) {
        var token = call.header("authorization").flatMap(BearerToken::of);
        switch (access.authorize(token, call.isOfDatabase() ? call.database() : NODE, right)) {
            case Access.Decision.Allowed allowed -> {}
            case Access.Decision.Unauthenticated(var code, var message) -> throw RestCall.refused(401, code, message);
            case Access.Decision.Forbidden(var message) -> throw RestCall.refused(403, "ACCESS_DENIED", message);
        }
    }

    private static HttpResponse pretty(HttpResponse response) {
        return response.entity() instanceof HttpEntity.Strict strict
                        && strict.getContentType().equals(ContentTypes.APPLICATION_JSON)
                ? response.withEntity(HttpEntities.create(
                        ContentTypes.APPLICATION_JSON,
                        PrettyJson.indented(strict.getData().toArrayUnsafe())))
                : response;
    }

    private static HttpResponse notAllowed(List<String> methods) {
        var allowed = String.join(", ", methods);
        return RestCall.refused(405, "METHOD_NOT_ALLOWED", "this path takes " + allowed + " only")
                .refusal()
                .toResponse()
                .addHeader(RawHeader.create("Allow", allowed));
    }

    private HttpResponse index() {
        var json = new JsonWriter(2048).beginObject().name("items").beginArray();
        for (var route : routes) {
            json.beginObject().name("method").value(route.method());
            json.name("path").value(route.template());
            json.name("right")
                    .value(route.right()
                            .map(right -> right.name().toLowerCase(java.util.Locale.ROOT))
                            .orElse("none"));
            json.name("summary").value(description.summary(route.method(), route.template()));
            json.endObject();
        }
        return RestAnswer.json(200, json.endArray().name("next").nullValue().endObject());
    }

    private static CompletionStage<HttpResponse> now(HttpResponse response) {
        return CompletableFuture.completedFuture(response);
    }
}
