package io.merklite.node.hrana;

import io.merklite.cluster.Databases;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.node.http.Access;
import io.merklite.node.http.Bookmark;
import io.merklite.node.http.DatabasePath;
import io.merklite.node.http.Endpoints;
import io.merklite.node.http.HttpSettings;
import io.merklite.node.http.Refusal;
import io.merklite.node.http.RefusedException;
import io.merklite.node.http.RequestBody;
import io.merklite.node.socket.SocketUpgrade;
import io.merklite.sync.vector.VersionVector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * The paths of Hrana, below {@code /db/NAME/} and, for the default database, below {@code /}.
 *
 * <p>Paths below {@code /} that are none of Hrana's are left to others.
 */
public final class HranaEndpoints implements Endpoints {
    private static final Duration BODY_TIMEOUT = Duration.ofMinutes(1);
    private static final int CURSOR_PAGE_COUNT = 1000;

    /** White space in front of a line of JSON. A peer that is gone shows only when something is written to it. */
    private static final ByteString BLANK = ByteString.fromString(" ");

    /** What clients may rely on: writes with a key are applied once. */
    private static final HttpHeader FEATURES = RawHeader.create("merklite-features", "idempotency");

    private static final String VERSION = "merklite "
            + Optional.ofNullable(HranaEndpoints.class.getPackage().getImplementationVersion())
                    .orElse("0.1.0");

    private final Databases databases;
    private final HranaSettings settings;
    private final SecureRandom random;
    private final ActorSystem<?> system;
    private final Executor executor;
    private final ActorRef<HttpStreams.Command> streams;
    private final Batons batons;
    private final Wire wire;
    private final Targets targets;
    private final SocketUpgrades sockets;
    private final RequestBody bodies;
    private final StatementsApi statements;
    private final InstantSource clock;
    private final HranaMetrics metrics;

    private HranaEndpoints(
            ActorSystem<?> system,
            Databases databases,
            Access access,
            HttpSettings http,
            HranaSettings settings,
            InstantSource clock,
            SecureRandom random,
            PrometheusRegistry registry) {
        this.system = system;
        this.databases = databases;
        this.settings = settings;
        this.random = random;
        executor = system.executionContext();
        this.clock = clock;
        metrics = new HranaMetrics(registry);
        streams = system.systemActorOf(
                HttpStreams.create(databases, settings, clock, metrics), "hrana-streams", Props.empty());
        var key = new byte[32];
        random.nextBytes(key);
        batons = new Batons(key);
        wire = Wire.of(http, settings);
        targets = new Targets(access, settings);
        sockets = new SocketUpgrades(databases, access, settings, http, wire, clock, metrics);
        bodies = new RequestBody(http.maxRequestSizeBytes(), BODY_TIMEOUT, Materializer.createMaterializer(system));
        statements = new StatementsApi(wire.jsonRequests());
    }

    /**
     * Hrana for {@code databases}.
     *
     * @param system in which the owners of streams live; one of these per system
     * @param random for the key of batons and the ids of streams
     * @param registry of this node's metrics
     */
    public static HranaEndpoints create(
            ActorSystem<?> system,
            Databases databases,
            Access access,
            HttpSettings http,
            HranaSettings settings,
            InstantSource clock,
            SecureRandom random,
            PrometheusRegistry registry) {
        return new HranaEndpoints(system, databases, access, http, settings, clock, random, registry);
    }

    /** What a path asks of a database. */
    private enum Route {
        BASE,
        PROBE,
        VERSION,
        HEALTH,
        PIPELINE,
        PIPELINE_PROTOBUF,
        CURSOR,
        CURSOR_PROTOBUF,
        EXECUTE,
        BATCH,
        FOREIGN_REPLICA,
        NONE;

        /** Whether SQL comes with it. */
        boolean isAsked(HttpRequest request) {
            return switch (this) {
                case PIPELINE, PIPELINE_PROTOBUF, CURSOR, CURSOR_PROTOBUF, EXECUTE, BATCH -> true;
                case BASE -> request.method().equals(HttpMethods.POST);
                case PROBE, VERSION, HEALTH, FOREIGN_REPLICA, NONE -> false;
            };
        }

        static Route of(String rest) {
            return switch (rest) {
                case "v2/pipeline", "v3/pipeline" -> PIPELINE;
                case "v3/cursor" -> CURSOR;
                case "v3-protobuf/pipeline" -> PIPELINE_PROTOBUF;
                case "v3-protobuf/cursor" -> CURSOR_PROTOBUF;
                case "" -> BASE;
                case "v1", "v2", "v3", "v3-protobuf" -> PROBE;
                case "version" -> VERSION;
                case "health" -> HEALTH;
                case "v1/execute" -> EXECUTE;
                case "v1/batch" -> BATCH;
                case "info" -> FOREIGN_REPLICA;
                default -> rest.startsWith("wal_log.ReplicationLog/") ? FOREIGN_REPLICA : NONE;
            };
        }
    }

    @Override
    public Optional<CompletionStage<HttpResponse>> answer(HttpRequest request) {
        var begun = clock.instant();
        var path = DatabasePath.of(request.getUri().getPathString());
        var route = Route.of(path.rest());
        if (path.database().isEmpty() && !path.isForgottenSlash() && isLeftToOthers(request, path, route)) {
            return Optional.empty();
        }
        CompletionStage<HttpResponse> answer;
        try {
            answer = path.isForgottenSlash()
                    ? refused(
                            new Refusal(
                                    404,
                                    "DATABASE_NOT_FOUND",
                                    "no database in this path: the base URL must end with '/', as in http://host:port/db/NAME/"))
                    : route(request, path, route);
        } catch (RefusedException e) {
            answer = refused(e.refusal());
        }
        var isOldest = route == Route.BASE && request.method().equals(HttpMethods.POST);
        var told = answer.exceptionally(failure -> {
            var refusal = Failures.refusal(failure);
            return isOldest ? StatementsApi.error(refusal.status(), refusal.message()) : refusal.toResponse();
        });
        return Optional.of(route.isAsked(request) ? told.thenApply(response -> counted(response, begun)) : told);
    }

    private HttpResponse counted(HttpResponse response, Instant begun) {
        metrics.answered(
                HranaMetrics.Transport.HTTP,
                HranaMetrics.Outcome.ofStatus(response.status().intValue()),
                Duration.between(begun, clock.instant()));
        return response;
    }

    /** Paths without a database that a node has other uses for. */
    private static boolean isLeftToOthers(HttpRequest request, DatabasePath path, Route route) {
        return route == Route.NONE
                || path.rest().equals("v1")
                || (route == Route.BASE
                        && request.method().equals(HttpMethods.GET)
                        && SocketUpgrade.of(request).isEmpty());
    }

    private CompletionStage<HttpResponse> route(HttpRequest request, DatabasePath path, Route route) {
        return switch (route) {
            case PIPELINE -> post(request, path, (bytes, target) -> pipeline(bytes, target, false));
            case PIPELINE_PROTOBUF -> post(request, path, (bytes, target) -> pipeline(bytes, target, true));
            case CURSOR -> post(request, path, withoutKey((bytes, target) -> cursor(bytes, target, false)));
            case CURSOR_PROTOBUF -> post(request, path, withoutKey((bytes, target) -> cursor(bytes, target, true)));
            case EXECUTE -> post(request, path, withoutKey((bytes, target) -> single(bytes, target, "execute")));
            case BATCH -> post(request, path, withoutKey((bytes, target) -> single(bytes, target, "batch")));
            case BASE ->
                request.method().equals(HttpMethods.POST)
                        ? post(
                                request,
                                path,
                                withoutKey((bytes, target) ->
                                        statements.run(bytes, databases.stream(target.database(), target.options()))))
                        : connect(request, path);
            case PROBE -> get(request, "Hrana is served here").thenApply(response -> response.addHeader(FEATURES));
            case VERSION -> get(request, VERSION);
            case HEALTH -> get(request, "ok");
            case FOREIGN_REPLICA ->
                refused(new Refusal(
                        404,
                        "EMBEDDED_REPLICA_UNSUPPORTED",
                        "embedded replicas of libSQL (syncUrl) are not served: use an embedded replica of Merklite, which"
                                + " also works offline (docs/client.md), or drop syncUrl and use the URL alone"));
            case NONE ->
                refused(new Refusal(
                        404, "NOT_FOUND", "nothing is served at this path of a database: see docs/hrana.md"));
        };
    }

    // ---- what all requests have

    @FunctionalInterface
    private interface Handler {
        CompletionStage<HttpResponse> answer(byte[] body, Targets.Target target);
    }

    /** Whoever sends a key relies on it; only what a pipeline has done is recorded under one. */
    private static Handler withoutKey(Handler handler) {
        return (body, target) -> target.key().isEmpty()
                ? handler.answer(body, target)
                : CompletableFuture.failedFuture(new RefusedException(new Refusal(
                        400,
                        "HEADER_INVALID",
                        Targets.KEY_HEADER + ": only a pipeline is applied once; send this without a key, and once")));
    }

    private CompletionStage<HttpResponse> post(HttpRequest request, DatabasePath path, Handler handler) {
        if (!request.method().equals(HttpMethods.POST)) {
            return notAllowed("POST");
        }
        var target = targets.target(request, path);
        return bodies.of(request).thenCompose(body -> handler.answer(body, target));
    }

    private CompletionStage<HttpResponse> connect(HttpRequest request, DatabasePath path) {
        if (!request.method().equals(HttpMethods.GET)) {
            return notAllowed("GET and POST");
        }
        return SocketUpgrade.of(request)
                .map(upgrade -> sockets.connect(upgrade, targets.socketTarget(request, path)))
                .orElseGet(() -> refused(new Refusal(
                        426,
                        "UPGRADE_REQUIRED",
                        "this is the URL of a database, for clients of libSQL: open it with one, or as a WebSocket")));
    }

    private static CompletionStage<HttpResponse> get(HttpRequest request, String text) {
        if (!request.method().equals(HttpMethods.GET) && !request.method().equals(HttpMethods.HEAD)) {
            return notAllowed("GET");
        }
        return CompletableFuture.completedFuture(
                HttpResponse.create().withEntity(HttpEntities.create(ContentTypes.TEXT_PLAIN_UTF8, text)));
    }

    private static CompletionStage<HttpResponse> notAllowed(String allowed) {
        return refused(new Refusal(405, "METHOD_NOT_ALLOWED", "this path takes " + allowed + " only"));
    }

    private static CompletionStage<HttpResponse> refused(Refusal refusal) {
        return CompletableFuture.completedFuture(refusal.toResponse());
    }

    // ---- pipelines and cursors

    private CompletionStage<HttpResponse> pipeline(byte[] body, Targets.Target target, boolean isProtobuf) {
        var pipeline = wire.decoder(isProtobuf).pipeline(body);
        var encoder = wire.encoder(isProtobuf);
        var requests = pipeline.requests();
        var key = target.key().map(text -> new RequestKey(text, digest(body)));
        if (pipeline.baton().isEmpty() && !requests.isEmpty() && requests.getLast() == StreamRequest.Close.CLOSE) {
            return runAtOnce(requests, key, target, encoder);
        }
        return key.isPresent() && pipeline.baton().isPresent()
                ? goOnOnce(pipeline.baton().get(), requests, key.get(), target, encoder)
                : goOn(pipeline.baton(), requests, key, target, encoder);
    }

    private static String digest(byte[] body) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * A request with a key on a stream: if it comes again, its baton is used up, or another node's. What it did is looked up
     * then. Who is told that the stream is gone can rely on it that nothing was committed.
     */
    private CompletionStage<HttpResponse> goOnOnce(
            String baton, List<StreamRequest> requests, RequestKey key, Targets.Target target, AnswerEncoder encoder) {
        CompletionStage<HttpResponse> first;
        try {
            first = goOn(Optional.of(baton), requests, Optional.of(key), target, encoder);
        } catch (RefusedException e) {
            first = refused(e.refusal());
        }
        return first.thenCompose(response -> {
            if (response.status().intValue() != 400) {
                return CompletableFuture.completedFuture(response);
            }
            var stream = databases.stream(target.database(), target.options());
            return stream.recall(key)
                    .thenApply(recalled -> recalled.map(responses -> answered(
                                    encoder,
                                    new AnswerEncoder.Head(Optional.empty(), Optional.empty()),
                                    Plan.of(requests, newStoredSql()).answers(responses),
                                    covering(stream.bookmark(), target)))
                            .orElse(response));
        });
    }

    private CompletionStage<HttpResponse> goOn(
            Optional<String> baton,
            List<StreamRequest> requests,
            Optional<RequestKey> key,
            Targets.Target target,
            AnswerEncoder encoder) {
        return ask(baton, target, new HttpStreams.Work.Pipeline(requests, key))
                .thenApplyAsync(
                        outcome -> switch (outcome) {
                            case HttpStreams.Outcome.Answered(var answers, var id, var nextSeq, var bookmark) ->
                                answered(
                                        encoder,
                                        nextSeq.isPresent()
                                                ? head(target, id, nextSeq.getAsLong())
                                                : new AnswerEncoder.Head(Optional.empty(), Optional.empty()),
                                        answers,
                                        covering(bookmark, target));
                            case HttpStreams.Outcome.Refused(var refusal) -> refusal.toResponse();
                            case HttpStreams.Outcome.Failed(var failure) ->
                                Failures.refusal(failure).toResponse();
                            case HttpStreams.Outcome.CursorOpened opened ->
                                throw new IllegalStateException("a cursor for a pipeline: " + opened);
                        },
                        executor);
    }

    /** A stream that begins and ends with one request needs no owner: nearly all are of this kind. */
    private CompletionStage<HttpResponse> runAtOnce(
            List<StreamRequest> requests, Optional<RequestKey> key, Targets.Target target, AnswerEncoder encoder) {
        var plan = Plan.of(requests, newStoredSql());
        var stream = databases.stream(target.database(), target.options());
        return key.map(once -> stream.runOnce(once, plan.sqlRequests(), true))
                .orElseGet(() -> stream.run(plan.sqlRequests(), true))
                .thenApply(responses -> answered(
                        encoder,
                        new AnswerEncoder.Head(Optional.empty(), Optional.empty()),
                        plan.answers(responses),
                        covering(stream.bookmark(), target)));
    }

    private StoredSql newStoredSql() {
        return new StoredSql(settings.storedTextsPerStream(), settings.maxStoredTextSizeBytes());
    }

    private HttpResponse answered(
            AnswerEncoder encoder, AnswerEncoder.Head head, List<Answer> answers, VersionVector bookmark) {
        metrics.told(answers);
        var response = HttpResponse.create()
                .withEntity(HttpEntities.create(encoder.pipelineType(), encoder.pipeline(head, answers)))
                .addHeader(FEATURES);
        return bookmark.isEmpty()
                ? response
                : response.addHeader(RawHeader.create("merklite-bookmark", Bookmark.encode(bookmark)));
    }

    /** The bookmark of an answer covers what its request had to see, so a client may keep it instead of all before. */
    private static VersionVector covering(VersionVector bookmark, Targets.Target target) {
        return target.options().after().map(bookmark::join).orElse(bookmark);
    }

    private AnswerEncoder.Head head(Targets.Target target, long id, long nextSeq) {
        return new AnswerEncoder.Head(
                Optional.of(batons.issue(target.database(), new Batons.Claim(id, nextSeq))),
                settings.baseUrl().map(url -> url + "/db/" + target.database() + "/"));
    }

    private CompletionStage<HttpStreams.Outcome> ask(
            Optional<String> baton, Targets.Target target, HttpStreams.Work work) {
        var claim = baton.map(text -> batons.verify(target.database(), text)
                .orElseThrow(() -> new RefusedException(new Refusal(
                        400,
                        "BATON_INVALID",
                        "this node did not issue this baton for this database: open another stream"))));
        return AskPattern.ask(
                streams,
                replyTo -> claim.<HttpStreams.Command>map(held ->
                                new HttpStreams.Continue(target.database(), target.options(), work, held, replyTo))
                        .orElseGet(() -> new HttpStreams.Open(
                                target.database(), target.options(), work, random.nextLong(), replyTo)),
                settings.answerTimeout(),
                system.scheduler());
    }

    private CompletionStage<HttpResponse> cursor(byte[] body, Targets.Target target, boolean isProtobuf) {
        var cursor = wire.decoder(isProtobuf).cursor(body);
        var encoder = wire.encoder(isProtobuf);
        return ask(cursor.baton(), target, new HttpStreams.Work.Cursor(cursor.batch()))
                .thenApplyAsync(
                        outcome -> switch (outcome) {
                            case HttpStreams.Outcome.CursorOpened opened -> {
                                var head = encoder.cursorHead(head(target, opened.id(), opened.nextSeq()));
                                var entries = Source.single(head).concat(pages(opened, encoder));
                                yield HttpResponse.create()
                                        .withEntity(HttpEntities.createChunked(
                                                encoder.cursorType(),
                                                isProtobuf
                                                        ? entries
                                                        : entries.keepAlive(settings.cursorHeartbeat(), () -> BLANK)));
                            }
                            case HttpStreams.Outcome.Refused(var refusal) -> refusal.toResponse();
                            case HttpStreams.Outcome.Failed(var failure) ->
                                Failures.refusal(failure).toResponse();
                            case HttpStreams.Outcome.Answered answered ->
                                throw new IllegalStateException("answers for a cursor: " + answered);
                        },
                        executor);
    }

    /** The results of a cursor as its reader takes them. However the reading ends, the cursor is closed and its stream told. */
    private Source<ByteString, NotUsed> pages(HttpStreams.Outcome.CursorOpened opened, AnswerEncoder encoder) {
        var cursor = opened.cursor();
        return Source.unfoldResourceAsync(
                () -> {
                    opened.owner().tell(HttpStream.CursorBegun.CURSOR_BEGUN);
                    return CompletableFuture.completedFuture(cursor);
                },
                open -> open.fetch(CURSOR_PAGE_COUNT, settings.cursorPageSizeBytes())
                        .thenApplyAsync(
                                page -> page.isDone() && page.entries().isEmpty()
                                        ? Optional.<ByteString>empty()
                                        : Optional.of(encoder.cursorEntries(page.entries())),
                                executor),
                open -> open.close().thenApply(closed -> {
                    opened.owner().tell(HttpStream.CursorRead.CURSOR_READ);
                    return org.apache.pekko.Done.getInstance();
                }));
    }

    /** Version 1: one statement or batch on a stream of its own. */
    private CompletionStage<HttpResponse> single(byte[] body, Targets.Target target, String type) {
        var request = wire.jsonRequests().single(body, type);
        var plan = Plan.of(List.of(request, StreamRequest.Close.CLOSE), newStoredSql());
        return databases.stream(target.database(), target.options())
                .run(plan.sqlRequests(), true)
                .thenApplyAsync(
                        responses -> plan.answers(responses).getFirst() instanceof Answer.Failed(var error)
                                ? new Refusal(400, error.code(), error.message()).toResponse()
                                : HttpResponse.create()
                                        .withEntity(HttpEntities.create(
                                                ContentTypes.APPLICATION_JSON,
                                                wire.jsonAnswers()
                                                        .single(plan.answers(responses)
                                                                .getFirst()))),
                        executor);
    }
}
