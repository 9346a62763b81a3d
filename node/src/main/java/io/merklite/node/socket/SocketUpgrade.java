package io.merklite.node.socket;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.impl.engine.server.UpgradeToOtherProtocolResponseHeader;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.http.javadsl.model.ws.WebSocketUpgrade;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** A request to go on as a WebSocket. */
public final class SocketUpgrade {
    private final WebSocketUpgrade upgrade;

    private SocketUpgrade(WebSocketUpgrade upgrade) {
        this.upgrade = upgrade;
    }

    /** What the request wants to be upgraded to, if it does. */
    public static Optional<SocketUpgrade> of(HttpRequest request) {
        return request.getAttribute(AttributeKeys.webSocketUpgrade).map(SocketUpgrade::new);
    }

    /** The subprotocols that the client offers, its favourite first. */
    public List<String> offered() {
        List<String> offered = new ArrayList<>();
        upgrade.getRequestedProtocols().forEach(offered::add);
        return offered;
    }

    /**
     * The answer that makes it one.
     *
     * @param subprotocol as the client spells it; empty for none
     * @param sessions what is said on it
     * @param maxMessageSizeBytes a larger message closes it with 1009
     * @param pingInterval a peer that has answered no ping until the next is dropped
     */
    public HttpResponse accept(
            String subprotocol,
            Function<Socket, SocketSession> sessions,
            int maxMessageSizeBytes,
            Duration pingInterval,
            InstantSource clock) {
        return handleBytes(
                upgrade,
                subprotocol,
                Flow.fromGraph(new SocketStage(sessions, maxMessageSizeBytes, pingInterval, clock)));
    }

    /**
     * The answer of Pekko HTTP to the upgrade, with {@code bytes} in the place of its own framing. The header that carries the
     * handler is internal to Pekko HTTP; this is the one place that knows it.
     */
    @SuppressWarnings("unchecked") // a handler's materialized value is of no interest to anybody
    private static HttpResponse handleBytes(
            WebSocketUpgrade upgrade, String subprotocol, Flow<ByteString, ByteString, NotUsed> bytes) {
        Flow<Message, Message, NotUsed> unused = Flow.fromSinkAndSource(Sink.ignore(), Source.empty());
        var response = subprotocol.isEmpty()
                ? upgrade.handleMessagesWith(unused)
                : upgrade.handleMessagesWith(unused, subprotocol);
        var handler = (org.apache.pekko.stream.scaladsl.Flow<ByteString, ByteString, Object>)
                (org.apache.pekko.stream.scaladsl.Flow<ByteString, ByteString, ?>) bytes.asScala();
        List<HttpHeader> headers = new ArrayList<>();
        for (HttpHeader header : response.getHeaders()) {
            headers.add(
                    header instanceof UpgradeToOtherProtocolResponseHeader
                            ? UpgradeToOtherProtocolResponseHeader.apply(handler)
                            : header);
        }
        return response.withHeaders(headers);
    }
}
