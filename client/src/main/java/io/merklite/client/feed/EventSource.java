package io.merklite.client.feed;

import io.merklite.client.ClientException.OutcomeUnknown;
import io.merklite.client.ClientException.Refused;
import io.merklite.client.http.LineFeed;
import io.merklite.client.http.NodeHttp;
import io.merklite.client.http.NodeReply;
import io.merklite.client.http.NodeRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/**
 * The events of one feed, over as many connections as it takes.
 *
 * <p><b>Invariant.</b> Each connection but the first asks for what is behind the last event that was passed on whole.
 */
final class EventSource<T> implements LineFeed.Source<T> {
    private final NodeHttp http;
    private final Meaning<T> meaning;
    private final ServerEvent.Parser parser = new ServerEvent.Parser();
    private int failureCount;

    /** What a feed asks for, and what its events are. */
    interface Meaning<T> {
        /** What to ask for, to begin or to resume behind {@code lastId}. */
        NodeRequest request(Optional<String> lastId);

        /** A node has answered. */
        void opened(Map<String, String> headers);

        /** Passes on what an event is; an exception ends the feed. */
        void event(ServerEvent event, Consumer<T> out);

        /** Whether the refusal of a resumption means that it must begin anew. */
        boolean beginsAnew(Refused why);
    }

    EventSource(NodeHttp http, Meaning<T> meaning) {
        this.http = http;
        this.meaning = meaning;
    }

    @Override
    public CompletableFuture<Flow.Publisher<List<ByteBuffer>>> open() {
        parser.restart();
        var request = meaning.request(parser.lastId());
        Map<String, String> headers = new LinkedHashMap<>(request.headers());
        headers.put("accept", "text/event-stream");
        parser.lastId().ifPresent(id -> headers.put("last-event-id", id));
        return http.send(request.withHeaders(headers).streamed(), BodyHandlers.ofPublisher())
                .thenApply(this::opened);
    }

    private Flow.Publisher<List<ByteBuffer>> opened(NodeReply<Flow.Publisher<List<ByteBuffer>>> reply) {
        meaning.opened(reply.headers());
        return reply.body();
    }

    @Override
    public void line(byte[] line, Consumer<T> out) {
        parser.line(line).ifPresent(event -> {
            failureCount = 0;
            meaning.event(event, out);
        });
    }

    /** Whatever ended it but a refusal: a feed has no end of its own. */
    @Override
    public LineFeed.Next ended(Optional<Throwable> failure) {
        if (failure.isPresent() && failure.get() instanceof Refused refused && !meaning.beginsAnew(refused)) {
            return new LineFeed.Next.Fail(refused);
        }
        if (failure.isPresent() && failure.get() instanceof OutcomeUnknown unknown) {
            return new LineFeed.Next.Fail(unknown);
        }
        var pause = http.pause(failureCount++);
        var asked = parser.retry().orElse(Duration.ZERO);
        return new LineFeed.Next.Again(asked.compareTo(pause) > 0 ? asked : pause);
    }

    @Override
    public void close() {
        // The connection is ended by whoever holds it.
    }
}
