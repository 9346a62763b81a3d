package io.merklite.node.rest;

import io.merklite.cluster.replica.DatabaseStatus;
import io.merklite.cluster.replica.Watch;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.node.http.Access.Right;
import io.merklite.node.http.Bookmark;
import io.merklite.node.http.RefusedException;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** What happens to a database, told for as long as somebody listens. */
final class FeedRoutes {
    private static final int RESULTS_WAITING = 16;

    private final RestApi.Parts parts;
    private final RestSettings settings;
    private final FollowedResults followed;

    FeedRoutes(RestApi.Parts parts) {
        this.parts = parts;
        this.settings = parts.settings();
        this.followed = new FollowedResults(parts.system(), settings);
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", "/v1/databases/{name}/changes", Right.READ, call -> changes(call, tables(call))),
                Route.of("GET", "/v1/databases/{name}/watch/{table}", Right.READ, this::watchTable),
                Route.of("GET", "/v1/databases/{name}/subscriptions", Right.READ, this::follow),
                Route.of("POST", "/v1/databases/{name}/subscriptions", Right.READ, this::followPosted),
                Route.of("GET", "/v1/databases/{name}/subscriptions/{id}", Right.READ, this::goOn));
    }

    // ---- transactions

    private static Set<String> tables(RestCall call) {
        Set<String> tables = new HashSet<>();
        call.list("tables").forEach(table -> tables.add(table.toLowerCase(Locale.ROOT)));
        return tables;
    }

    private CompletionStage<HttpResponse> watchTable(RestCall call) {
        return changes(call, Set.of(call.path("table").toLowerCase(Locale.ROOT)));
    }

    private CompletionStage<HttpResponse> changes(RestCall call, Set<String> tables) {
        var name = call.database();
        var isWatch = call.request().getUri().getPathString().contains("/watch/");
        var values = ChangeFeed.Values.of(call.parameter("values").orElse(isWatch ? "keys" : "both"));
        var since = since(call);
        var format = FeedFormat.of(call);
        return DatabaseRoutes.existing(parts, name).thenApply(status -> {
            var start = since.orElse(status.vector());
            var feed = new ChangeFeed(name, start, tables, values, format, new ColumnNames(parts, name));
            var told = WatchSource.of(
                    settings.feedBufferCount(),
                    settings.feedBufferBytes(),
                    listener -> parts.node().database(name).pacedChanges(start, listener));
            Source<ByteString, NotUsed> events = told.mapAsync(1, feed::next).mapConcat(list -> list);
            // At once, lest nothing at all is sent before something happens.
            return answer(status, format, Source.single(feed.heartbeat()).concat(events), feed::heartbeat);
        });
    }

    /** A browser that connects again says in a header where it was; it is later than what the URL says. */
    private static Optional<VersionVector> since(RestCall call) {
        var text = call.header("last-event-id")
                .filter(id -> !id.isEmpty())
                .or(() -> call.parameter("since"))
                .or(() -> call.header(Bookmark.AFTER_HEADER));
        return text.map(Bookmark::joined);
    }

    // ---- results

    private CompletionStage<HttpResponse> follow(RestCall call) {
        var sql =
                call.parameter("q").orElseThrow(() -> RestCall.refused(400, "PARAMETER_INVALID", "q must be a query"));
        return follow(call, SqlStatement.of(sql));
    }

    private CompletionStage<HttpResponse> followPosted(RestCall call) {
        return parts.bodies()
                .of(call.request())
                .thenCompose(body -> follow(call, SqlBody.of(body).single()));
    }

    /** One that was followed before, as a browser says that connects again, goes on; else it begins. */
    private CompletionStage<HttpResponse> follow(RestCall call, SqlStatement query) {
        var name = call.database();
        var sql = BoundSql.of(query);
        var format = FeedFormat.of(call);
        var place = call.header("last-event-id").flatMap(Place::of);
        var known = place.flatMap(at -> followed.of(name, at.subscription()))
                .filter(result -> result.sql().equals(sql) && result.format() == format);
        var missed = known.flatMap(result -> result.after(place.get().change()));
        if (missed.isPresent()) {
            return goOn(known.get(), missed.get());
        }
        known.ifPresent(followed::forget);
        return DatabaseRoutes.existing(parts, name)
                .thenCompose(status -> requireQuery(call, sql).thenApply(described -> status))
                .thenApply(status -> answer(status, followed.begin(name, sql, format), List.of()));
    }

    private CompletionStage<HttpResponse> goOn(RestCall call) {
        var known = followed.of(call.database(), call.path("id"))
                .orElseThrow(() -> RestCall.refused(
                        404,
                        "SUBSCRIPTION_UNKNOWN",
                        "this node does not know the subscription, or not any more: begin a new one"));
        var from = call.parameter("from")
                .or(() -> call.header("last-event-id"))
                .flatMap(Place::of)
                .filter(place -> place.subscription().equals(known.id()))
                .orElseThrow(() -> RestCall.invalid("from", "the id of an event of this subscription"));
        var missed = known.after(from.change()).orElseThrow(() -> {
            followed.forget(known);
            return RestCall.refused(
                    410, "SUBSCRIPTION_GONE", "what followed that event is not at hand any more: begin a new one");
        });
        return goOn(known, missed);
    }

    private CompletionStage<HttpResponse> goOn(FollowedResult result, List<ByteString> missed) {
        return DatabaseRoutes.existing(parts, result.database()).thenApply(status -> answer(status, result, missed));
    }

    /** The id of an event: a subscription, and how many changes it had told with it. */
    private record Place(String subscription, long change) {
        private static final Pattern ID = Pattern.compile("([0-9a-f]{32})-([0-9]{1,18})");

        static Optional<Place> of(String id) {
            var match = ID.matcher(id);
            return match.matches()
                    ? Optional.of(new Place(match.group(1), Long.parseLong(match.group(2))))
                    : Optional.empty();
        }
    }

    private HttpResponse answer(DatabaseStatus status, FollowedResult result, List<ByteString> missed) {
        var connection = result.connected();
        // Of results that a slow reader has not taken, the last is as good as all of them.
        Source<ByteString, NotUsed> events = WatchSource.of(
                        RESULTS_WAITING,
                        Long.MAX_VALUE,
                        listener -> parts.node().database(result.database()).subscribe(result.sql(), watch -> {
                            var unused = listener.apply(watch); // the last result is told, whatever was taken
                        }))
                .conflate((older, newer) -> newer)
                .takeWhile(told -> result.isTold(connection))
                .mapConcat(told -> switch (told) {
                    case WatchSource.Told.Said(Watch watch) -> result.next(connection, watch);
                    case WatchSource.Told.Lagged lagged ->
                        List.of(result.format()
                                .event(
                                        "lagged",
                                        Optional.empty(),
                                        json -> json.beginObject().endObject()));
                });
        var told = Source.from(missed).concat(events).watchTermination((unused, done) -> {
            done.whenComplete((end, failure) -> followed.left(result, connection));
            return unused;
        });
        return answer(status, result.format(), told, result::heartbeat)
                .addHeader(RawHeader.create("Merklite-Subscription", result.id()));
    }

    /** Errors of SQL are told by a status, while there is one. */
    private CompletionStage<SqlResponse> requireQuery(RestCall call, String sql) {
        return parts.node().stream(call.database(), call.options(true))
                .run(List.of(new SqlRequest.Describe(sql)), true)
                .thenApply(responses -> switch (responses.getFirst()) {
                    case SqlResponse.Described described when described.isReadOnly() -> described;
                    case SqlResponse.Refused(var error) -> throw new RefusedException(RestFailures.refusal(error));
                    default ->
                        throw RestCall.refused(400, "QUERY_INVALID", "only a statement that reads can be followed");
                });
    }

    // ---- what feeds have in common

    private HttpResponse answer(
            DatabaseStatus status,
            FeedFormat format,
            Source<ByteString, NotUsed> events,
            Supplier<ByteString> heartbeat) {
        var beginning = Source.from(format.preamble().stream().toList());
        var living = beginning
                .concat(events)
                .keepAlive(settings.heartbeat(), heartbeat::get)
                .viaMat(KillSwitches.single(), Keep.right())
                .watchTermination((end, done) -> {
                    var watch = new Watchdog(status, end::shutdown);
                    watch.next();
                    done.whenComplete((ended, failure) -> watch.stop());
                    return NotUsed.getInstance();
                });
        return HttpResponse.create()
                .addHeader(RawHeader.create("Cache-Control", "no-store"))
                .addHeader(RawHeader.create("X-Accel-Buffering", "no"))
                .withEntity(HttpEntities.createChunked(format.type(), living));
    }

    /**
     * Ends a feed whose database has moved to another node: a writer that was killed tells nobody. The reader connects again
     * and goes on from its last id.
     */
    private final class Watchdog {
        private final DatabaseStatus first;
        private final Runnable end;
        private volatile boolean isStopped;

        Watchdog(DatabaseStatus first, Runnable end) {
            this.first = first;
            this.end = end;
        }

        void stop() {
            isStopped = true;
        }

        void next() {
            Duration pause = settings.heartbeat();
            parts.system()
                    .scheduler()
                    .scheduleOnce(pause, this::look, parts.system().executionContext());
        }

        private void look() {
            if (isStopped) {
                return;
            }
            parts.node().status(first.database()).whenComplete((status, failure) -> {
                if (failure != null || !status.node().equals(first.node())) {
                    end.run();
                } else {
                    next();
                }
            });
        }
    }
}
