package io.merklite.node.rest;

import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.RefusedException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * The rows of a query as lines, sent as they are read: {@code {"columns"}}, {@code {"row": [number, [values]]}} from 1, and
 * {@code {"eoq": {"time"}}} or {@code {"error", "code"}}, as Corrosion has them. A query that fails before its first row is answered
 * with a status.
 */
final class RowLines {
    private static final int PAGE_COUNT = 1000;
    private static final int PAGE_BYTES = 256 << 10;
    private static final double MILLIS_PER_SECOND = 1e3;

    private final RestApi.Parts parts;
    private final Instant start;
    private long rowCount;

    /** For one answer. */
    RowLines(RestApi.Parts parts, Instant start) {
        this.parts = parts;
        this.start = start;
    }

    CompletionStage<HttpResponse> of(SqlStream stream, SqlStatement statement) {
        return stream.open(SqlRequest.Batch.of(statement))
                .thenCompose(cursor -> cursor.fetch(PAGE_COUNT, PAGE_BYTES).thenApply(first -> answer(cursor, first)))
                .whenComplete((response, failure) -> {
                    if (failure != null) {
                        stream.close();
                    }
                })
                .thenApply(lines -> HttpResponse.create()
                        .withEntity(HttpEntities.createChunked(
                                RestAnswer.LINES,
                                lines.watchTermination(
                                        (unused, done) -> done.whenComplete((end, failure) -> stream.close())))));
    }

    private Source<ByteString, ?> answer(SqlCursor cursor, SqlCursor.Page first) {
        failure(first).ifPresent(error -> {
            throw new RefusedException(RestFailures.refusal(error));
        });
        return Source.unfoldAsync(
                Optional.of(first),
                page -> page.isEmpty()
                        ? java.util.concurrent.CompletableFuture.completedFuture(
                                Optional.<Pair<Optional<SqlCursor.Page>, ByteString>>empty())
                        : next(cursor, page.get())
                                .thenApply(following -> Optional.of(Pair.create(following, lines(page.get())))));
    }

    private static Optional<SqlError> failure(SqlCursor.Page first) {
        return first.entries().stream()
                .takeWhile(entry -> !(entry instanceof CursorEntry.Row))
                .flatMap(entry -> switch (entry) {
                    case CursorEntry.StepFailed(var step, var error) -> Optional.of(error).stream();
                    case CursorEntry.Failed(var error) -> Optional.of(error).stream();
                    case CursorEntry.StepBegun begun -> Optional.<SqlError>empty().stream();
                    case CursorEntry.StepEnded ended -> Optional.<SqlError>empty().stream();
                    case CursorEntry.Row row -> Optional.<SqlError>empty().stream();
                })
                .findFirst();
    }

    private static CompletionStage<Optional<SqlCursor.Page>> next(SqlCursor cursor, SqlCursor.Page page) {
        return page.isDone()
                ? java.util.concurrent.CompletableFuture.completedFuture(Optional.empty())
                : cursor.fetch(PAGE_COUNT, PAGE_BYTES).thenApply(Optional::of);
    }

    private ByteString lines(SqlCursor.Page page) {
        var json = new JsonWriter(4096);
        for (var entry : page.entries()) {
            json.beginObject();
            switch (entry) {
                case CursorEntry.StepBegun begun -> {
                    json.name("columns").beginArray();
                    begun.columns().forEach(column -> json.value(column.name()));
                    json.endArray();
                }
                case CursorEntry.Row(var values) -> {
                    json.name("row").beginArray().value(++rowCount);
                    ResultJson.values(json, values);
                    json.endArray();
                }
                case CursorEntry.StepEnded ended -> {
                    var took = Duration.between(start, parts.clock().instant()).toMillis();
                    json.name("eoq").beginObject();
                    json.name("time").value(took / MILLIS_PER_SECOND).endObject();
                }
                case CursorEntry.StepFailed(var step, var error) -> failed(json, error);
                case CursorEntry.Failed(var error) -> failed(json, error);
            }
            json.endObject().endLine();
        }
        return json.toByteString();
    }

    private static void failed(JsonWriter json, SqlError error) {
        json.name("error").value(error.message()).name("code").value(error.code());
    }
}
