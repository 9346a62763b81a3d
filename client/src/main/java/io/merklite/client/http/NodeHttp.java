package io.merklite.client.http;

import com.fasterxml.jackson.core.JsonToken;
import io.merklite.client.ClientException.Malformed;
import io.merklite.client.ClientException.Refused;
import io.merklite.client.ClientSettings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * Internal: HTTP to the nodes of one database: tokens, bookmarks, keys, failover.
 *
 * <p><b>Threading.</b> Thread-safe; nothing blocks. Answers come on threads of the JDK's HTTP client.
 */
public final class NodeHttp implements AutoCloseable {
    /** What reads must see at least; several lines for several bookmarks. */
    static final String AFTER = "merklite-after";

    static final String BOOKMARK = "merklite-bookmark";
    static final String ACKNOWLEDGEMENT = "merklite-ack";
    static final String READ_LEVEL = "merklite-level";
    static final String KEY = "merklite-idempotency-key";
    static final String FEATURES = "merklite-features";
    private static final String KEYS_FEATURE = "idempotency";

    private final ClientSettings settings;
    private final HttpClient http;
    private final Endpoints endpoints;
    private final Bookmarks bookmarks = new Bookmarks();
    private volatile boolean isClosed;

    /** What a node sent: what was asked for, or why not. */
    sealed interface Answer<T> {
        record Given<T>(T body) implements Answer<T> {}

        record NotGiven<T>(Refused why) implements Answer<T> {}
    }

    public NodeHttp(ClientSettings settings) {
        this.settings = settings;
        this.endpoints = new Endpoints(settings.endpoints());
        var builder = HttpClient.newBuilder()
                .connectTimeout(settings.connectTimeout())
                .followRedirects(HttpClient.Redirect.NEVER);
        settings.ssl().ifPresent(builder::sslContext);
        this.http = builder.build();
        probe();
    }

    public ClientSettings settings() {
        return settings;
    }

    public Bookmarks bookmarks() {
        return bookmarks;
    }

    /** All endpoints with what is known of them. */
    public List<KnownEndpoint> endpoints() {
        return endpoints.all();
    }

    /** The path of the database, for its protocol. */
    public String databasePath() {
        return "db/" + settings.database() + "/";
    }

    /**
     * Asks, where it is safe more than once, until the time for that is over.
     *
     * @param handler of the body of a success
     * @return fails with {@link Refused}, {@code Unreachable} or {@code OutcomeUnknown}. Cancelling it cancels the request.
     */
    public <T> CompletableFuture<NodeReply<T>> send(NodeRequest request, BodyHandler<T> handler) {
        if (isClosed) {
            throw new IllegalStateException("the client of " + settings.database() + " is closed");
        }
        probe();
        return new Exchange<>(this, request, handler).begin();
    }

    /** The same with the body as bytes. */
    public CompletableFuture<NodeReply<byte[]>> send(NodeRequest request) {
        return send(request, BodyHandlers.ofByteArray());
    }

    Instant now() {
        return settings.clock().instant();
    }

    Optional<KnownEndpoint> next(Collection<KnownEndpoint> tried, Optional<KnownEndpoint> sameDatacenterAs) {
        return endpoints.next(
                now(),
                tried,
                endpoint -> sameDatacenterAs
                        .map(first -> endpoint.knowsKeys()
                                && first.endpoint()
                                        .datacenter()
                                        .equals(endpoint.endpoint().datacenter()))
                        .orElse(true));
    }

    /** Random bits of a version 4 UUID. */
    String newKey() {
        var random = settings.random();
        var most = (random.nextLong() & ~0xf000L) | 0x4000L;
        var least = (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
        return new UUID(most, least).toString();
    }

    /** A pause before attempt {@code count}: random, up to a limit that doubles to 2 s. */
    public Duration pause(int count) {
        var limit = Math.min(2_000L, 50L << Math.min(count, 10));
        return Duration.ofMillis(1 + settings.random().nextLong(limit));
    }

    // ---- one attempt ------------------------------------------------------------------------------------------------

    <T> CompletableFuture<Received<T>> attempt(
            NodeRequest request,
            KnownEndpoint endpoint,
            Optional<String> key,
            List<String> after,
            BodyHandler<T> handler) {
        var builder = HttpRequest.newBuilder(endpoint.endpoint().address().resolve(request.path()))
                .version(version(endpoint.endpoint().address()))
                .method(
                        request.method(),
                        request.body().map(BodyPublishers::ofString).orElseGet(BodyPublishers::noBody));
        request.body().ifPresent(body -> builder.header("content-type", "application/json"));
        if (!request.isStreamed()) {
            builder.timeout(settings.requestTimeout());
        }
        settings.token().get().ifPresent(token -> builder.header("authorization", "Bearer " + token));
        after.forEach(bookmark -> builder.header(AFTER, bookmark));
        builder.header(ACKNOWLEDGEMENT, settings.acknowledgement().id());
        builder.header(READ_LEVEL, settings.readLevel().id());
        key.ifPresent(value -> builder.header(KEY, value));
        request.headers().forEach(builder::header);
        return sent(builder.build(), handler);
    }

    /** Over plain text an upgrade to HTTP/2 is more than servers expect; over TLS it is agreed on in the handshake. */
    private static HttpClient.Version version(URI address) {
        return address.getScheme().equals("https") ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1;
    }

    /**
     * An answer, when it has come.
     *
     * @param headers of it
     * @param answer what it is
     */
    record Received<T>(HttpHeaders headers, Answer<T> answer) {}

    /**
     * Sends a request. What is returned completes where the body does, on a thread of the client's own: the JDK would complete
     * it in the common pool, where a program may have blocked every thread with calls that wait for this very answer.
     */
    private <T> CompletableFuture<Received<T>> sent(HttpRequest request, BodyHandler<T> handler) {
        var received = new CompletableFuture<Received<T>>();
        var sending = http.sendAsync(request, info -> {
            BodySubscriber<Answer<T>> body = info.statusCode() / 100 == 2
                    ? BodySubscribers.mapping(handler.apply(info), Answer.Given::new)
                    : BodySubscribers.mapping(
                            BodySubscribers.ofByteArray(),
                            bytes -> new Answer.NotGiven<T>(refusal(info.statusCode(), bytes)));
            var unused = body.getBody().whenComplete((answer, failure) -> {
                if (failure == null) {
                    received.complete(new Received<>(info.headers(), answer));
                } else {
                    received.completeExceptionally(failure);
                }
            });
            return body;
        });
        var unused = sending.whenComplete((response, failure) -> {
            if (failure != null) {
                received.completeExceptionally(failure);
            }
        });
        var unusedToo = received.whenComplete((answer, failure) -> {
            if (received.isCancelled()) {
                sending.cancel(true);
            }
        });
        return received;
    }

    /** A body {@code {"message", "code"}}, or whatever else came. */
    private static Refused refusal(int status, byte[] bytes) {
        var fields = new TreeMap<String, String>();
        try {
            Json.read("an error", bytes, parser -> {
                Json.object(parser, name -> {
                    if (parser.currentToken() == JsonToken.VALUE_STRING) {
                        fields.put(name, parser.getText());
                    }
                    return false;
                });
                return fields;
            });
        } catch (Malformed e) {
            var text = new String(bytes, StandardCharsets.UTF_8).strip();
            return new Refused(status, Optional.empty(), text.substring(0, Math.min(text.length(), 300)));
        }
        return new Refused(
                status, Optional.ofNullable(fields.get("code")), fields.getOrDefault("message", "no message"));
    }

    <T> NodeReply<T> accepted(KnownEndpoint endpoint, HttpHeaders received, List<String> after, T body) {
        seen(endpoint, received);
        received.firstValue(BOOKMARK).ifPresent(bookmark -> bookmarks.answered(after, bookmark));
        Map<String, String> headers = new TreeMap<>();
        received.map().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
        return new NodeReply<>(endpoint, headers, body);
    }

    void seen(KnownEndpoint endpoint, HttpHeaders received) {
        endpoint.answered(received.firstValue(FEATURES)
                .map(features -> Arrays.stream(features.split(",", -1))
                        .map(String::strip)
                        .anyMatch(KEYS_FEATURE::equals))
                .orElse(false));
    }

    // ---- distances --------------------------------------------------------------------------------------------------

    /** Measures the distance of endpoints where it is not known, or too old. A failed measurement marks them down. */
    private void probe() {
        var now = now();
        for (var endpoint : endpoints.all()) {
            if (endpoint.claimProbe(now, settings.probeInterval())) {
                measure(endpoint);
            }
        }
    }

    private void measure(KnownEndpoint endpoint) {
        var address = endpoint.endpoint().address();
        var request = HttpRequest.newBuilder(address.resolve(databasePath() + "v3"))
                .version(version(address))
                .timeout(settings.connectTimeout())
                .GET()
                .build();
        // The first exchange opens the connection; the second is a round trip.
        http.sendAsync(request, BodyHandlers.discarding())
                .thenCompose(first -> {
                    var begun = now();
                    return http.sendAsync(request, BodyHandlers.discarding()).thenAccept(second -> {
                        endpoint.measured(Duration.between(begun, now()));
                        seen(endpoint, second.headers());
                    });
                })
                .exceptionally(failure -> {
                    endpoint.failed(now());
                    return null;
                });
    }

    /** Ends connections; answers under way fail. */
    @Override
    public void close() {
        isClosed = true;
        http.shutdownNow();
    }

    /** For a WebSocket to the same nodes. */
    public HttpClient client() {
        return http;
    }
}
