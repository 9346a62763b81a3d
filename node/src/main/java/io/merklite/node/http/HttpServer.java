package io.merklite.node.http;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.HttpsConnectionContext;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bound port and all that answers on it.
 *
 * <p>An answer takes as long as its statements do, which have limits of their own; so the server itself has none for
 * answers, only those for connections on which nothing moves, and for heads that do not come to their end ({@link
 * HeadDeadline}).
 */
public final class HttpServer {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

    /** Of one connection: what comes before the answer waits in the network. */
    private static final int REQUESTS_AT_ONCE = 1;

    private final ServerBinding binding;

    private HttpServer(ServerBinding binding) {
        this.binding = binding;
    }

    /**
     * Binds the port, and answers each request by the first of {@code endpoints} that knows its path. Fails if the port
     * can't be bound.
     *
     * @param tls how connections are secured; plain if there is none
     */
    public static CompletionStage<HttpServer> bind(
            ActorSystem<?> system,
            HttpSettings settings,
            Optional<HttpsConnectionContext> tls,
            List<Endpoints> endpoints) {
        var answers = new Answers(List.copyOf(endpoints), settings);
        var builder = Http.get(system)
                .newServerAt(settings.host(), settings.port())
                .withSettings(serverSettings(system, settings));
        var server = tls.map(builder::enableHttps).orElse(builder);
        return server.bindFlow(connection(answers, settings)).thenApply(binding -> {
            LOG.info("http server listens address={}", binding.localAddress());
            return new HttpServer(binding);
        });
    }

    /** Where it listens, with the port that was taken. */
    public InetSocketAddress address() {
        return binding.localAddress();
    }

    /** Takes no more connections, gives requests that run {@code grace} to be answered, then closes all connections. */
    public CompletionStage<Done> stop(Duration grace) {
        return binding.terminate(grace).thenApply(terminated -> Done.getInstance());
    }

    private static Flow<HttpRequest, HttpResponse, NotUsed> connection(Answers answers, HttpSettings settings) {
        var deadline = new HeadDeadline(settings.headTimeout(), settings.idleTimeout());
        return BidiFlow.fromGraph(deadline)
                .join(Flow.<HttpRequest>create().mapAsync(REQUESTS_AT_ONCE, answers::answer));
    }

    private static ServerSettings serverSettings(ActorSystem<?> system, HttpSettings settings) {
        var defaults = ServerSettings.create(system.settings().config());
        // Headers stay text but for those of the protocol: parsing them all costs more than the few that are looked at.
        var parsing = defaults.getParserSettings()
                .withModeledHeaderParsing(false)
                .withIllegalHeaderWarnings(false)
                .withMaxContentLength(settings.maxRequestSizeBytes());
        var timeouts = defaults.getTimeouts()
                .withIdleTimeout(finite(settings.idleTimeout()))
                .withRequestTimeout(scala.concurrent.duration.Duration.Inf());
        return defaults.withParserSettings(parsing)
                .withTimeouts(timeouts)
                .withServerHeader(Optional.empty())
                .withRawRequestUriHeader(true)
                .withPipeliningLimit(REQUESTS_AT_ONCE)
                .withMaxConnections(settings.maxConnections())
                .withBacklog(settings.backlog());
    }

    private static scala.concurrent.duration.Duration finite(Duration duration) {
        return scala.concurrent.duration.Duration.fromNanos(duration.toNanos());
    }

    /** What is answered to a request, with all that every answer has. */
    private static final class Answers {
        /** Made by the HTTP server itself. */
        private static final String RAW_URI = "Raw-Request-URI";

        private final List<Endpoints> endpoints;
        private final Cors cors;
        private final Compression compression;

        Answers(List<Endpoints> endpoints, HttpSettings settings) {
            this.endpoints = endpoints;
            cors = new Cors(settings.corsOrigins());
            compression = new Compression(settings.compressAboveBytes());
        }

        CompletionStage<HttpResponse> answer(HttpRequest request) {
            var preflight = cors.preflight(request);
            if (preflight.isPresent()) {
                return CompletableFuture.completedFuture(preflight.get());
            }
            return endpointsAnswer(request)
                    .exceptionally(failure -> failed(request, failure))
                    .thenApply(response -> cors.allow(request, compression.compress(request, response)));
        }

        private CompletionStage<HttpResponse> endpointsAnswer(HttpRequest request) {
            if (hasDotSegment(rawPath(request))) {
                return CompletableFuture.completedFuture(new Refusal(
                                400,
                                "PATH_INVALID",
                                "a path has no '.' and '..' among its segments: a proxy may have judged another one")
                        .toResponse());
            }
            try {
                for (var some : endpoints) {
                    var answer = some.answer(request);
                    if (answer.isPresent()) {
                        return answer.get();
                    }
                }
            } catch (RuntimeException e) {
                return CompletableFuture.failedFuture(e);
            }
            return CompletableFuture.completedFuture(new Refusal(
                            404,
                            "NOT_FOUND",
                            "nothing is served at this path: databases are at /db/NAME/, the interface of the node at /v1")
                    .toResponse());
        }

        /** As it was sent, with encoded dots as dots: the parsed one has its dot segments resolved. */
        private static String rawPath(HttpRequest request) {
            var raw = request.getHeader(RAW_URI)
                    .map(HttpHeader::value)
                    .orElseGet(() -> request.getUri().getPathString());
            var query = raw.indexOf('?');
            var path = query < 0 ? raw : raw.substring(0, query);
            return path.replace("%2e", ".").replace("%2E", ".");
        }

        private static boolean hasDotSegment(String path) {
            for (var begin = 0; begin >= 0 && begin < path.length(); ) {
                var end = path.indexOf('/', begin);
                var length = (end < 0 ? path.length() : end) - begin;
                if ((length == 1 && path.charAt(begin) == '.') || (length == 2 && path.startsWith("..", begin))) {
                    return true;
                }
                begin = end < 0 ? path.length() : end + 1;
            }
            return false;
        }

        private static HttpResponse failed(HttpRequest request, Throwable failure) {
            var cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (cause instanceof RefusedException refused) {
                return refused.refusal().toResponse();
            }
            LOG.error(
                    "request failed method={} path={}: report this as a bug",
                    request.method().value(),
                    request.getUri().getPathString(),
                    cause);
            return new Refusal(500, "INTERNAL_ERROR", "the node failed to answer: its log says why").toResponse();
        }
    }
}
