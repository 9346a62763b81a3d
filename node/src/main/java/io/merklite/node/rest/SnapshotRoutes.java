package io.merklite.node.rest;

import io.merklite.cluster.replica.SnapshotSource;
import io.merklite.cluster.replica.SnapshotSource.Piece;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Access.Right;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Copies of databases as plain SQLite files.
 *
 * <p>A snapshot is made where the writer is, as for a new replica, and fetched piece by piece while it is sent on: no node
 * has all of it in memory. One that was asked for by POST can be read more than once and in ranges, as long as somebody
 * does; {@code latest} is a new one, for one reader.
 */
final class SnapshotRoutes {
    private static final String LATEST = "latest";
    private static final String ID = "id";
    private static final int MAX_OPEN = 64;
    private static final int PIECES_AHEAD = 4;
    /** The file is copied before the first piece comes. */
    private static final Duration FIRST_PIECE = Duration.ofMinutes(5);

    private static final Duration PIECE = Duration.ofSeconds(30);
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d{1,18})-(\\d{0,18})");
    private static final ContentType SQLITE =
            MediaTypes.customBinary("application", "vnd.sqlite3", true).toContentType();

    /** Bytes 18 and 19 of a file say that it has a WAL (SQLite's file format, 1.3.3), which a copy has not. */
    private static final int VERSIONS_OFFSET = 18;

    private final RestApi.Parts parts;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Open> open = new ConcurrentHashMap<>();

    /** A snapshot that can be read. */
    private record Open(String database, ActorRef<SnapshotSource.Command> source, long sizeBytes, Instant usedAt) {
        Open usedAt(Instant now) {
            return new Open(database, source, sizeBytes, now);
        }
    }

    SnapshotRoutes(RestApi.Parts parts) {
        this.parts = parts;
    }

    List<Route> routes() {
        return List.of(
                Route.of("POST", "/v1/databases/{name}/snapshots", Right.READ, this::make),
                Route.of("GET", "/v1/databases/{name}/snapshots/{id}", Right.READ, this::read));
    }

    private CompletionStage<HttpResponse> make(RestCall call) {
        var name = call.database();
        forgetOld();
        if (open.size() >= MAX_OPEN) {
            throw RestCall.refused(429, "OVERLOADED", MAX_OPEN + " snapshots are being read: try again later");
        }
        return start(name).thenApply(snapshot -> {
            var bytes = new byte[16];
            random.nextBytes(bytes);
            var id = HexFormat.of().formatHex(bytes);
            open.put(id, snapshot);
            var json = new JsonWriter(256).beginObject().name(ID).value(id);
            json.name("sizeBytes").value(snapshot.sizeBytes());
            json.name("createdAt").value(snapshot.usedAt().toString());
            json.name("path")
                    .value("/v1/databases/" + name + "/snapshots/" + id)
                    .endObject();
            return RestAnswer.json(201, json);
        });
    }

    private void forgetOld() {
        var oldest = parts.clock().instant().minus(parts.settings().snapshotRetain());
        open.values().removeIf(snapshot -> snapshot.usedAt().isBefore(oldest));
    }

    private CompletionStage<Open> start(String name) {
        return parts.node()
                .exists(name)
                .thenCompose(exists ->
                        exists ? parts.node().snapshot(name) : CompletableFuture.failedFuture(DatabaseRoutes.unknown()))
                .thenCompose(source -> ask(source, 0, FIRST_PIECE)
                        .thenApply(first -> new Open(
                                name,
                                source,
                                first.totalSizeBytes(),
                                parts.clock().instant())));
    }

    private CompletionStage<Piece> ask(ActorRef<SnapshotSource.Command> source, long offset, Duration patience) {
        return AskPattern.ask(
                        source,
                        (ActorRef<Piece> replyTo) -> new SnapshotSource.Want(offset, replyTo),
                        patience,
                        parts.system().scheduler())
                .thenApplyAsync(piece -> piece, parts.executor()); // not in the common pool, where Pekko would go on
    }

    private CompletionStage<HttpResponse> read(RestCall call) {
        var id = call.path(ID);
        if (id.equals(LATEST)) {
            return start(call.database()).thenApply(snapshot -> {
                var whole = new Range(0, snapshot.sizeBytes() - 1);
                return answer(snapshot, whole, 200)
                        .withEntity(HttpEntities.create(
                                SQLITE,
                                snapshot.sizeBytes(),
                                bytes(snapshot, whole, () -> {})
                                        .watchTermination((unused, done) -> done.whenComplete((end, failure) ->
                                                snapshot.source().tell(SnapshotSource.Done.DONE)))));
            });
        }
        forgetOld();
        var snapshot = Optional.ofNullable(open.get(id))
                .filter(some -> some.database().equals(call.database()))
                .orElseThrow(() -> RestCall.refused(
                        404,
                        "SNAPSHOT_NOT_FOUND",
                        "there is no such snapshot, or nobody read it for too long: make another"));
        var asked = call.header("range").flatMap(text -> Range.of(text, snapshot.sizeBytes()));
        var range = asked.orElseGet(() -> new Range(0, snapshot.sizeBytes() - 1));
        var entity = HttpEntities.create(SQLITE, range.sizeBytes(), bytes(snapshot, range, () -> used(id)));
        var response = answer(snapshot, range, asked.isPresent() ? 206 : 200)
                .addHeader(RawHeader.create("Accept-Ranges", "bytes"));
        return CompletableFuture.completedFuture(response.withEntity(entity));
    }

    private void used(String id) {
        open.computeIfPresent(
                id, (same, snapshot) -> snapshot.usedAt(parts.clock().instant()));
    }

    private static HttpResponse answer(Open snapshot, Range range, int status) {
        var response = HttpResponse.create()
                .withStatus(status)
                .addHeader(RawHeader.create(
                        "Content-Disposition", "attachment; filename=\"" + snapshot.database() + ".db\""));
        return status == 206
                ? response.addHeader(RawHeader.create(
                        "Content-Range", "bytes " + range.first() + "-" + range.last() + "/" + snapshot.sizeBytes()))
                : response;
    }

    /** Bytes of a file, both ends included. */
    private record Range(long first, long last) {
        /** The one range that a header asks for; none if it is none of this file, or several: then all is sent. */
        static Optional<Range> of(String header, long sizeBytes) {
            var matcher = RANGE.matcher(header);
            if (!matcher.matches()) {
                return Optional.empty();
            }
            var first = Long.parseLong(matcher.group(1));
            var last = matcher.group(2).isEmpty()
                    ? sizeBytes - 1
                    : Math.min(Long.parseLong(matcher.group(2)), sizeBytes - 1);
            if (first >= sizeBytes) {
                throw RestCall.refused(416, "RANGE_INVALID", "the snapshot has " + sizeBytes + " bytes");
            }
            return first > last ? Optional.empty() : Optional.of(new Range(first, last));
        }

        long sizeBytes() {
            return last - first + 1;
        }
    }

    private Source<ByteString, ?> bytes(Open snapshot, Range range, Runnable used) {
        var step = SnapshotSource.PIECE_BYTES;
        return Source.range(0, (int) ((range.sizeBytes() - 1) / step)).mapAsync(PIECES_AHEAD, index -> {
            var offset = range.first() + (long) index * step;
            used.run();
            return ask(snapshot.source(), offset, PIECE).thenApply(piece -> bytes(piece, range));
        });
    }

    private static ByteString bytes(Piece piece, Range range) {
        var view = piece.bytes().view();
        var length = (int) Math.min(view.remaining(), range.last() - piece.offset() + 1);
        var bytes = new byte[length];
        view.get(bytes);
        for (var i = VERSIONS_OFFSET; i < VERSIONS_OFFSET + 2; i++) {
            var index = i - piece.offset();
            if (index >= 0 && index < length && bytes[(int) index] == 2) {
                bytes[(int) index] = 1;
            }
        }
        return ByteString.fromByteBuffer(ByteBuffer.wrap(bytes));
    }
}
