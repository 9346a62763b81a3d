package io.merklite.client.replica;

import io.merklite.client.ClientException;
import io.merklite.client.ClientException.Malformed;
import io.merklite.client.ClientException.ReplicaStopped;
import io.merklite.client.ClientException.Unreachable;
import io.merklite.client.ClientSettings;
import io.merklite.client.http.Failures;
import io.merklite.client.replica.ReplicaCore.Action;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.DatabaseOptions;
import io.merklite.sync.database.QueryResult;
import io.merklite.sync.link.LinkCodec;
import io.merklite.sync.store.Conflicts;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A database in a file of the program's own that syncs with a node whenever it can.
 *
 * <pre>{@code
 * var settings = ClientSettings.of("shop", "https://node.example.org").withToken(token);
 * try (var replica = EmbeddedReplica.open(Path.of("shop.db"), settings, ReplicaOptions.DEFAULTS, listener)) {
 *     replica.exec("INSERT INTO item VALUES (merklite_id(), 'seven')");
 *     replica.subscribe("SELECT label FROM item", result -> show(result.rows()));
 * }
 * }</pre>
 *
 * <p>Reading and writing never wait for the network. The schema replicates like rows: a new file is empty until it was
 * connected for the first time. Of several endpoints the next one is tried when one can't be reached.
 *
 * <p><b>Threading.</b> Thread-safe; nothing blocks but {@link #open} and {@link #close}. All work on the file is done by one
 * thread, which also calls listeners.
 */
public final class EmbeddedReplica implements AutoCloseable {
    /** The WebSocket subprotocol. */
    public static final String SUBPROTOCOL = "merklite-sync1";

    private static final Duration TICK = Duration.ofMillis(200);
    /** Beyond that, transactions are no longer sent unasked: the node asks for them when it has read the rest. */
    private static final int MAX_QUEUED_COUNT = 64;

    private final ClientSettings settings;
    private final HttpClient http;
    private final ScheduledThreadPoolExecutor owner;
    private final AtomicReference<ReplicaStatus> status;
    private final Database database;
    private final ReplicaCore core;
    private final LinkCodec codec;
    private final ReplicaOptions options;
    private Optional<Connection> connection = Optional.empty();
    private int attemptCount;
    private boolean isClosed;

    private EmbeddedReplica(
            Path file,
            ClientSettings settings,
            ReplicaOptions options,
            ReplicaListener listener,
            ScheduledThreadPoolExecutor owner) {
        this.settings = settings;
        this.options = options;
        this.owner = owner;
        var builder = HttpClient.newBuilder().connectTimeout(settings.connectTimeout());
        settings.ssl().ifPresent(builder::sslContext);
        this.http = builder.build();
        this.database = Database.open(
                file.toString(),
                DatabaseOptions.of(settings.database(), settings.clock(), settings.random())
                        .withSchemaReplication());
        var name = HexFormat.of().toHexDigits(database.store().origin().bits());
        this.core = new ReplicaCore(
                database,
                outbox(file),
                name,
                options,
                settings.random(),
                settings.clock().instant(),
                new Calm(listener));
        this.codec = new LinkCodec(options.maxFrameBytes());
        this.status = new AtomicReference<>(core.status());
    }

    private Outbox outbox(Path file) {
        try {
            return Outbox.open(file + "-outbox", database.store()::origin);
        } catch (ReplicaStopped e) {
            database.close();
            throw e;
        }
    }

    /**
     * The program's listener: what it throws goes to the thread's handler of uncaught exceptions, and does not keep the replica
     * from going on.
     */
    private record Calm(ReplicaListener listener) implements ReplicaListener {
        @Override
        public void changed(ReplicaStatus status) {
            tell(() -> listener.changed(status));
        }

        @Override
        public void conflict(Conflicts.Entry entry) {
            tell(() -> listener.conflict(entry));
        }

        private static void tell(Runnable call) {
            try {
                call.run();
            } catch (RuntimeException e) {
                var thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
            }
        }
    }

    /**
     * Opens a replica, made if there is none, and begins to connect.
     *
     * @throws SyncException if the file can't be opened, or is of another database
     */
    public static EmbeddedReplica open(
            Path file, ClientSettings settings, ReplicaOptions options, ReplicaListener listener) {
        var owner = new ScheduledThreadPoolExecutor(1, work -> {
            var thread = new Thread(work, "merklite-replica-" + settings.database());
            thread.setDaemon(true);
            return thread;
        });
        owner.setRemoveOnCancelPolicy(true);
        try {
            var replica = CompletableFuture.supplyAsync(
                            () -> new EmbeddedReplica(file, settings, options, listener, owner), owner)
                    .join();
            replica.tick();
            return replica;
        } catch (RuntimeException e) {
            owner.shutdown();
            throw Failures.cause(e) instanceof RuntimeException cause ? cause : e;
        }
    }

    // ---- the database -----------------------------------------------------------------------------------------------

    /** Runs all statements of {@code sql} as one transaction: {@link Database#exec}. */
    public CompletionStage<Void> exec(String sql) {
        return work(open -> {
                    open.exec(sql);
                    return Optional.empty();
                })
                .thenAccept(done -> {});
    }

    /** The result of a query: {@link Database#query}. */
    public CompletionStage<QueryResult> query(String sql) {
        return work(open -> open.query(sql));
    }

    /** Follows the result of a query, whoever changes it, until what is returned is run: {@link Database#subscribe}. */
    public CompletionStage<Runnable> subscribe(String sql, Consumer<QueryResult> listener) {
        return work(open -> {
            var registration = open.subscribe(sql, result -> Calm.tell(() -> listener.accept(result)));
            return () -> {
                var unused = work(again -> {
                    registration.close();
                    return again;
                });
            };
        });
    }

    /** Does anything with the database, on the thread that owns it; it must not be kept or closed. */
    public <T> CompletionStage<T> work(Function<Database, T> work) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return work.apply(database);
                    } finally {
                        perform(core.settle());
                    }
                },
                owner);
    }

    /** What has lost against other rows. */
    public CompletionStage<List<Conflicts.Entry>> conflicts() {
        return work(open -> new Conflicts(open.store()).list());
    }

    /** Where it stands. */
    public ReplicaStatus status() {
        return status.get();
    }

    /** Tries to connect now rather than when the pause is over: the network is there again. */
    public void wakeUp() {
        owner.execute(() -> perform(core.wakeUp(settings.clock().instant())));
    }

    /** Closes the connection and the file. What was not sent yet is sent when it is opened again. */
    @Override
    public void close() {
        CompletableFuture.runAsync(this::closeAll, owner).join();
        owner.shutdown();
    }

    private void closeAll() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        drop();
        core.close();
        database.close();
        http.shutdownNow();
    }

    // ---- the connection: all on the owner's thread ------------------------------------------------------------------

    private void tick() {
        var unused = owner.scheduleWithFixedDelay(this::onTick, 0, TICK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void onTick() {
        try {
            perform(core.tick(settings.clock().instant()));
        } catch (SyncException | ReplicaStopped e) {
            perform(core.stop(new ReplicaStopped(
                    "the file or its outbox fails: " + e.getMessage(),
                    "Mend the cause and open the replica again",
                    e)));
        }
    }

    private void perform(List<Action> actions) {
        for (var action : actions) {
            switch (action) {
                case Action.Connect connect -> connect();
                case Action.Send message -> connection.ifPresent(open -> open.send(message));
                case Action.Disconnect disconnect -> drop();
            }
        }
        status.set(core.status());
    }

    private void connect() {
        var endpoints = settings.endpoints();
        var endpoint = endpoints.get(attemptCount++ % endpoints.size());
        var base = endpoint.address()
                .resolve("db/" + settings.database() + "/sync")
                .toString();
        var opened = new Connection();
        connection = Optional.of(opened);
        var builder = http.newWebSocketBuilder().subprotocols(SUBPROTOCOL).connectTimeout(settings.connectTimeout());
        try {
            settings.token().get().ifPresent(token -> builder.header("authorization", "Bearer " + token));
        } catch (RuntimeException e) {
            lost(opened, Optional.of(new Unreachable("no token for " + base + ": " + e.getMessage(), e)));
            return;
        }
        var unused = builder.buildAsync(URI.create("ws" + base.substring("http".length())), opened)
                .whenCompleteAsync(
                        (socket, failure) -> {
                            if (failure != null) {
                                lost(
                                        opened,
                                        Optional.of(new Unreachable(
                                                "connecting to " + base + ": "
                                                        + Failures.cause(failure)
                                                                .getMessage(),
                                                Failures.cause(failure))));
                            }
                        },
                        owner);
    }

    private void drop() {
        connection.ifPresent(Connection::abort);
        connection = Optional.empty();
    }

    private void lost(Connection which, Optional<ClientException> why) {
        if (isCurrent(which)) {
            drop();
            perform(core.disconnected(settings.clock().instant(), why));
        }
    }

    private boolean isCurrent(Connection which) {
        return !isClosed && connection.filter(which::equals).isPresent();
    }

    /**
     * A WebSocket. Its calls come one at a time; frames are read as fast as the owner works them off.
     *
     * <p>Identity is its equality: what an old one still says is not heard.
     */
    private final class Connection implements WebSocket.Listener {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private volatile Optional<WebSocket> socket = Optional.empty();
        private CompletableFuture<?> lastSent = CompletableFuture.completedFuture(null);
        private final AtomicInteger queuedCount = new AtomicInteger();

        @Override
        public void onOpen(WebSocket opened) {
            socket = Optional.of(opened);
            owner.execute(() -> {
                if (isCurrent(this)) {
                    perform(core.connected(settings.clock().instant()));
                } else {
                    opened.abort();
                }
            });
            opened.request(1);
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
            owner.execute(() -> lost(this, Optional.of(new Malformed("a text frame, where all are binary"))));
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean isLast) {
            var chunk = new byte[part.remaining()];
            part.get(chunk);
            bytes.writeBytes(chunk);
            if (isTooLarge(bytes.size())) {
                return null;
            }
            if (!isLast) {
                from.request(1);
                return null;
            }
            var whole = bytes.toByteArray();
            bytes.reset();
            return handled(
                    from,
                    () -> core.received(codec.decode(whole), settings.clock().instant()));
        }

        private boolean isTooLarge(int size) {
            if (size <= options.maxFrameBytes()) {
                return false;
            }
            owner.execute(
                    () -> lost(this, Optional.of(new Malformed("a frame of more than " + options.maxFrameBytes()))));
            return true;
        }

        private interface Work {
            List<Action> run();
        }

        /** On the owner's thread; only then is the next frame asked for. */
        private CompletionStage<?> handled(WebSocket from, Work work) {
            return CompletableFuture.runAsync(
                    () -> {
                        if (!isCurrent(this)) {
                            return;
                        }
                        try {
                            perform(work.run());
                            from.request(1);
                        } catch (Malformed e) {
                            lost(this, Optional.of(e));
                        } catch (SyncException e) {
                            lost(this, Optional.of(new Malformed("a message that can't be taken in", e)));
                        }
                    },
                    owner);
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            owner.execute(() -> lost(
                    this,
                    Optional.of(new Unreachable(
                            "the node closed the connection: " + code + " " + reason,
                            new IllegalStateException("closed")))));
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable failure) {
            owner.execute(() ->
                    lost(this, Optional.of(new Unreachable("the connection broke: " + failure.getMessage(), failure))));
        }

        /** A transaction that is not sent because too much waits is asked for by the node when it compares. */
        private void send(Action.Send message) {
            if (queuedCount.get() >= MAX_QUEUED_COUNT) {
                return;
            }
            try {
                var frame = ByteBuffer.wrap(codec.encode(message.message()));
                socket.ifPresent(open -> queue(() -> open.sendBinary(frame, true)));
            } catch (TooLarge e) {
                perform(core.stop(new ReplicaStopped(
                        "a row is larger than a message may be: " + e.getMessage(),
                        "Raise ReplicaOptions.maxFrameBytes, and merklite.sync.max-message-size of the node",
                        e)));
            }
        }

        private interface Sending {
            CompletableFuture<WebSocket> begin();
        }

        private void queue(Sending sending) {
            queuedCount.incrementAndGet();
            lastSent = lastSent.thenCompose(before -> sending.begin())
                    .whenCompleteAsync(
                            (sent, failure) -> {
                                queuedCount.decrementAndGet();
                                if (failure != null) {
                                    lost(
                                            this,
                                            Optional.of(new Unreachable(
                                                    "sending: "
                                                            + Failures.cause(failure)
                                                                    .getMessage(),
                                                    Failures.cause(failure))));
                                }
                            },
                            owner);
        }

        private void abort() {
            socket.ifPresent(WebSocket::abort);
        }
    }
}
