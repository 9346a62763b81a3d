package io.merklite.node.hrana;

import io.merklite.cluster.Databases;
import io.merklite.node.http.Access;
import io.merklite.node.http.HttpSettings;
import io.merklite.node.http.Refusal;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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

/** Turns requests for an upgrade into WebSockets on which Hrana is spoken. */
final class SocketUpgrades {
    private final Databases databases;
    private final Access access;
    private final HranaSettings settings;
    private final HttpSettings http;
    private final Wire wire;
    private final InstantSource clock;

    SocketUpgrades(
            Databases databases,
            Access access,
            HranaSettings settings,
            HttpSettings http,
            Wire wire,
            InstantSource clock) {
        this.databases = databases;
        this.access = access;
        this.settings = settings;
        this.http = http;
        this.wire = wire;
        this.clock = clock;
    }

    /** What the request wants to be upgraded to, if it does. */
    static Optional<WebSocketUpgrade> upgrade(HttpRequest request) {
        return request.getAttribute(AttributeKeys.webSocketUpgrade);
    }

    /** Answers a request for an upgrade: with it, or with why not. */
    CompletionStage<HttpResponse> connect(WebSocketUpgrade upgrade, String database) {
        List<String> offered = new ArrayList<>();
        upgrade.getRequestedProtocols().forEach(offered::add);
        var choice = offered.isEmpty()
                ? Optional.of(new Subprotocol.Choice(Subprotocol.HRANA1, ""))
                : Subprotocol.choose(offered);
        if (choice.isEmpty()) {
            return CompletableFuture.completedFuture(new Refusal(
                            400,
                            "SUBPROTOCOL_UNKNOWN",
                            "offer one of hrana3-protobuf, hrana3, hrana2, hrana1 as subprotocol")
                    .toResponse());
        }
        return databases
                .exists(database)
                .thenApply(exists -> exists
                        ? connected(upgrade, choice.get(), database)
                        : Targets.unknownDatabase().refusal().toResponse());
    }

    private HttpResponse connected(WebSocketUpgrade upgrade, Subprotocol.Choice choice, String database) {
        var isProtobuf = choice.subprotocol().isProtobuf();
        var stage = new WebSocketStage(
                peer -> new Conversation(
                        database,
                        choice.subprotocol().version(),
                        wire.decoder(isProtobuf),
                        databases,
                        access,
                        settings,
                        peer),
                wire.encoder(isProtobuf),
                isProtobuf,
                http.maxRequestSizeBytes(),
                settings.pingInterval(),
                clock);
        return handleBytes(upgrade, choice.spelling(), Flow.fromGraph(stage));
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
