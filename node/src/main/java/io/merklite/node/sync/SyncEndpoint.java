package io.merklite.node.sync;

import io.merklite.cluster.MerkliteNode;
import io.merklite.node.http.Access;
import io.merklite.node.http.BearerToken;
import io.merklite.node.http.DatabasePath;
import io.merklite.node.http.Endpoints;
import io.merklite.node.socket.Socket;
import io.merklite.node.socket.SocketSession;
import io.merklite.node.socket.SocketUpgrade;
import io.merklite.sync.link.LinkMessage;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.util.ByteString;

/**
 * {@code GET /db/NAME/sync}: the WebSocket of an embedded replica.
 *
 * <p>Whoever may not have one is told so on the WebSocket: programs in browsers see neither status nor body of an upgrade that
 * was refused.
 *
 * <p><b>Threading.</b> Thread-safe; nothing blocks.
 */
public final class SyncEndpoint implements Endpoints {
    private static final String SUBPROTOCOL = "merklite-sync1";

    private final MerkliteNode node;
    private final Access access;
    private final SyncSettings settings;
    private final InstantSource clock;
    /** Those that are served. One that is turned away is not among them: whoever may not link must not keep others out. */
    private final Set<Served> open = ConcurrentHashMap.newKeySet();

    private SyncEndpoint(MerkliteNode node, Access access, SyncSettings settings, InstantSource clock) {
        this.node = node;
        this.access = access;
        this.settings = settings;
        this.clock = clock;
    }

    /** The endpoint of a node. */
    public static SyncEndpoint create(MerkliteNode node, Access access, SyncSettings settings, InstantSource clock) {
        return new SyncEndpoint(node, access, settings, clock);
    }

    @Override
    public Optional<CompletionStage<HttpResponse>> answer(HttpRequest request) {
        var path = DatabasePath.of(request.getUri().getPathString());
        if (path.database().isEmpty() || !path.rest().equals("sync")) {
            return Optional.empty();
        }
        var upgrade = SocketUpgrade.of(request);
        if (upgrade.isEmpty()) {
            return Optional.of(CompletableFuture.completedFuture(new io.merklite.node.http.Refusal(
                            426, "UPGRADE_REQUIRED", "this is the WebSocket of embedded replicas: see docs/client.md")
                    .toResponse()));
        }
        if (!upgrade.get().offered().contains(SUBPROTOCOL)) {
            return Optional.of(CompletableFuture.completedFuture(new io.merklite.node.http.Refusal(
                            400, "SUBPROTOCOL_UNKNOWN", "offer " + SUBPROTOCOL + " as subprotocol")
                    .toResponse()));
        }
        return Optional.of(connect(upgrade.get(), path.database().get(), token(request)));
    }

    private static Optional<String> token(HttpRequest request) {
        for (HttpHeader header : request.getHeaders()) {
            if (header.lowercaseName().equals("authorization")) {
                return BearerToken.of(header.value());
            }
        }
        return Optional.empty();
    }

    private CompletionStage<HttpResponse> connect(SocketUpgrade upgrade, String database, Optional<String> token) {
        return switch (access.authorize(token, database, Access.Right.READ)) {
            case Access.Decision.Unauthenticated(var code, var message) ->
                turnedAway(upgrade, CloseCode.UNAUTHENTICATED, new LinkMessage.Refusal(code, message, true));
            case Access.Decision.Forbidden(var message) ->
                turnedAway(upgrade, CloseCode.FORBIDDEN, new LinkMessage.Refusal("ACCESS_DENIED", message, true));
            case Access.Decision.Allowed allowed ->
                !DatabasePath.isName(database)
                        ? turnedAway(upgrade, CloseCode.NO_DATABASE, SyncSession.noDatabase())
                        : node.exists(database)
                                .thenCompose(exists -> exists
                                        ? welcomed(upgrade, database, allowed)
                                        : turnedAway(upgrade, CloseCode.NO_DATABASE, SyncSession.noDatabase()))
                                .exceptionallyCompose(failure -> turnedAway(
                                        upgrade,
                                        CloseCode.TRY_LATER,
                                        new LinkMessage.Refusal(
                                                "UNAVAILABLE",
                                                "whether there is this database can't be found out now",
                                                false)));
        };
    }

    private CompletionStage<HttpResponse> welcomed(
            SocketUpgrade upgrade, String database, Access.Decision.Allowed allowed) {
        if (open.size() >= settings.maxLinks()) {
            return turnedAway(
                    upgrade,
                    CloseCode.TOO_MANY,
                    new LinkMessage.Refusal(
                            "TOO_MANY_REPLICAS",
                            "this node serves " + settings.maxLinks() + " replicas already",
                            false));
        }
        var mayWrite = allowed.right() != Access.Right.READ;
        return accept(upgrade, socket -> {
            socket.run(() -> socket.closeAt(allowed.expiresAt()));
            return new Served(
                    socket,
                    new SyncSession(
                            socket,
                            mayWrite,
                            settings,
                            (replica, writes, listener) ->
                                    node.database(database).connectReplica(replica, writes, listener)));
        });
    }

    /** A link that is closed as soon as it is there. */
    private CompletionStage<HttpResponse> turnedAway(
            SocketUpgrade upgrade, CloseCode code, LinkMessage.Refusal refusal) {
        return accept(upgrade, socket -> {
            var session = new SyncSession(socket, false, settings, (replica, writes, listener) -> {
                throw new IllegalStateException("a replica that was turned away is not linked");
            });
            socket.run(() -> session.refuse(code, refusal));
            return session;
        });
    }

    private CompletionStage<HttpResponse> accept(SocketUpgrade upgrade, Function<Socket, SocketSession> sessions) {
        return CompletableFuture.completedFuture(
                upgrade.accept(SUBPROTOCOL, sessions, settings.maxMessageSizeBytes(), settings.pingInterval(), clock));
    }

    /** The node stops: replicas are sent to another one. */
    public void goAway() {
        open.forEach(link -> link.socket.run(() -> link.session.refuse(
                CloseCode.GOING_AWAY, new LinkMessage.Refusal("GOING_AWAY", "the node stops", false))));
    }

    /** A session among those that are open. */
    private final class Served implements SocketSession {
        private final Socket socket;
        private final SyncSession session;

        private Served(Socket socket, SyncSession session) {
            this.socket = socket;
            this.session = session;
            open.add(this);
        }

        @Override
        public void receive(boolean isText, ByteString payload) {
            session.receive(isText, payload);
        }

        @Override
        public void proceed() {
            session.proceed();
        }

        @Override
        public boolean hasRoom() {
            return session.hasRoom();
        }

        @Override
        public void end() {
            open.remove(this);
            session.end();
        }
    }
}
