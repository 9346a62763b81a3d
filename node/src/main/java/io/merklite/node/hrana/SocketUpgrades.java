package io.merklite.node.hrana;

import io.merklite.cluster.Databases;
import io.merklite.node.http.Access;
import io.merklite.node.http.HttpSettings;
import io.merklite.node.http.Refusal;
import io.merklite.node.socket.SocketUpgrade;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Turns requests for an upgrade into WebSockets on which Hrana is spoken. */
final class SocketUpgrades {
    private final Databases databases;
    private final Access access;
    private final HranaSettings settings;
    private final HttpSettings http;
    private final Wire wire;
    private final InstantSource clock;
    private final HranaMetrics metrics;

    SocketUpgrades(
            Databases databases,
            Access access,
            HranaSettings settings,
            HttpSettings http,
            Wire wire,
            InstantSource clock,
            HranaMetrics metrics) {
        this.databases = databases;
        this.access = access;
        this.settings = settings;
        this.http = http;
        this.wire = wire;
        this.clock = clock;
        this.metrics = metrics;
    }

    /** Answers a request for an upgrade: with it, or with why not. */
    CompletionStage<HttpResponse> connect(SocketUpgrade upgrade, Targets.SocketTarget target) {
        var offered = upgrade.offered();
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
                .exists(target.database())
                .thenApply(exists -> exists
                        ? connected(upgrade, choice.get(), target)
                        : Targets.unknownDatabase().refusal().toResponse());
    }

    private HttpResponse connected(SocketUpgrade upgrade, Subprotocol.Choice choice, Targets.SocketTarget target) {
        var isProtobuf = choice.subprotocol().isProtobuf();
        return upgrade.accept(
                choice.spelling(),
                socket -> new HranaSocket(
                        socket,
                        peer -> new Conversation(
                                target,
                                choice.subprotocol().version(),
                                wire.decoder(isProtobuf),
                                databases,
                                access,
                                settings,
                                clock,
                                metrics,
                                peer),
                        wire.encoder(isProtobuf),
                        isProtobuf,
                        target.isToldBookmarks(),
                        http.maxRequestSizeBytes()),
                http.maxRequestSizeBytes(),
                settings.pingInterval(),
                clock);
    }
}
