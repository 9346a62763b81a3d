package io.merklite.node.health;

import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Endpoints;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * {@code GET /health/live}, {@code /health/ready} (also as {@code /health} and {@code /ready}) and {@code /metrics}.
 *
 * <p>{@code /health/ready?caught-up} also waits for the copies that are open to have come to where their writers are.
 *
 * <p>Probes answer 200 or 503 with {@code {"status", "problems"}}.
 */
public final class ProbeEndpoints implements Endpoints {
    private final Health health;
    private final MetricsPage metrics;

    public ProbeEndpoints(Health health, MetricsPage metrics) {
        this.health = health;
        this.metrics = metrics;
    }

    @Override
    public Optional<CompletionStage<HttpResponse>> answer(HttpRequest request) {
        if (!request.method().equals(HttpMethods.GET)) {
            return Optional.empty();
        }
        return switch (request.getUri().path()) {
            case "/health", "/health/live" -> now(probe(health.live()));
            case "/ready", "/health/ready" ->
                now(probe(request.getUri().query().get("caught-up").isPresent() ? health.caughtUp() : health.ready()));
            case "/metrics" -> now(page(request));
            default -> Optional.empty();
        };
    }

    private static HttpResponse probe(Health.Verdict verdict) {
        var json = new JsonWriter(128)
                .beginObject()
                .name("status")
                .value(verdict.isGood() ? "ok" : "failing")
                .name("problems")
                .beginObject();
        verdict.problems().forEach((name, problem) -> json.name(name).value(problem));
        json.endObject().endObject();
        return HttpResponse.create()
                .withStatus(verdict.isGood() ? 200 : 503)
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, json.toByteString()));
    }

    private HttpResponse page(HttpRequest request) {
        var accept = request.getHeader("accept").map(HttpHeader::value).orElse("");
        var page = metrics.render(accept);
        return HttpResponse.create()
                .withEntity(HttpEntities.create(ContentTypes.parse(page.contentType()), page.body()));
    }

    private static Optional<CompletionStage<HttpResponse>> now(HttpResponse response) {
        return Optional.of(CompletableFuture.completedFuture(response));
    }
}
