package io.merklite.node.rest;

import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStep;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Access.Right;
import io.merklite.node.http.Bookmark;
import io.merklite.node.http.RefusedException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** SQL in one request and one answer. */
final class SqlRoutes {
    private static final double MILLIS_PER_SECOND = 1e3;

    private final RestApi.Parts parts;

    SqlRoutes(RestApi.Parts parts) {
        this.parts = parts;
    }

    List<Route> routes() {
        return List.of(
                Route.of("POST", "/v1/databases/{name}/query", Right.READ, this::query),
                Route.of("POST", "/v1/databases/{name}/transaction", Right.WRITE, this::transaction));
    }

    private CompletionStage<HttpResponse> query(RestCall call) {
        var stream = parts.node().stream(call.database(), call.options(true));
        var start = parts.clock().instant();
        return parts.bodies()
                .of(call.request())
                .thenApply(SqlBody::of)
                .thenCompose(body -> call.accepts(RestAnswer.LINES_TYPE)
                        ? new RowLines(parts, start).of(stream, body.single())
                        : query(stream, body, new ResultJson(call.flag("associative")), start));
    }

    /** Statements that know nothing of each other: one that fails is an error beside the results of the others. */
    private CompletionStage<HttpResponse> query(SqlStream stream, SqlBody body, ResultJson results, Instant start) {
        var steps = body.statements().stream()
                .map((SqlStatement statement) -> new SqlStep(statement, Optional.empty()))
                .toList();
        return stream.run(List.of(new SqlRequest.Batch(steps)), true)
                .thenApplyAsync(
                        responses -> {
                            var outcomes = outcomes(responses.getFirst());
                            if (!body.isList() && outcomes.getFirst() instanceof StepOutcome.Failed(var error)) {
                                throw new RefusedException(RestFailures.refusal(error));
                            }
                            var json = new JsonWriter(1024)
                                    .beginObject()
                                    .name("results")
                                    .beginArray();
                            for (var outcome : outcomes) {
                                switch (outcome) {
                                    case StepOutcome.Done(var result) -> results.rows(json, result);
                                    case StepOutcome.Failed(var error) -> results.failed(json, error);
                                    case StepOutcome.Skipped skipped ->
                                        throw new IllegalStateException("a step without condition was skipped");
                                }
                            }
                            return answer(json, stream, start);
                        },
                        parts.executor());
    }

    private static List<StepOutcome> outcomes(SqlResponse response) {
        return switch (response) {
            case SqlResponse.BatchDone(var outcomes) -> outcomes;
            case SqlResponse.Refused(var error) -> throw new RefusedException(RestFailures.refusal(error));
            case SqlResponse.SequenceDone done -> throw new IllegalStateException("no answer to a batch: " + done);
            case SqlResponse.Described described ->
                throw new IllegalStateException("no answer to a batch: " + described);
            case SqlResponse.AutocommitIs is -> throw new IllegalStateException("no answer to a batch: " + is);
        };
    }

    private CompletionStage<HttpResponse> transaction(RestCall call) {
        var stream = parts.node().stream(call.database(), call.options(false));
        var results = new ResultJson(call.flag("associative"));
        var start = parts.clock().instant();
        return parts.bodies()
                .of(call.request())
                .thenApply(SqlBody::of)
                .thenCompose(body -> AllOrNothing.transaction(stream, body.statements()))
                .thenApplyAsync(
                        done -> {
                            var json = new JsonWriter(1024)
                                    .beginObject()
                                    .name("results")
                                    .beginArray();
                            done.forEach((StatementResult result) -> results.written(json, result));
                            return answer(json, stream, start);
                        },
                        parts.executor());
    }

    private HttpResponse answer(JsonWriter json, SqlStream stream, Instant start) {
        var bookmark = stream.bookmark();
        json.endArray()
                .name("time")
                .value(Duration.between(start, parts.clock().instant()).toMillis() / MILLIS_PER_SECOND);
        json.name("bookmark").value(Bookmark.encode(bookmark)).endObject();
        return RestAnswer.at(bookmark, RestAnswer.json(200, json));
    }
}
