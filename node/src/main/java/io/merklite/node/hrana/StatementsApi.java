package io.merklite.node.hrana;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStatement.NamedArg;
import io.merklite.cluster.sql.SqlStep;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepCondition;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * The oldest interface of libSQL's server: {@code {"statements": [...]}} in, a list of results out. DBeaver has no other.
 *
 * <p>Statements run in order up to the first that fails, on a stream of their own; what is left open is rolled back. Values are plain
 * JSON. Errors here are {@code {"error": "text"}}, unlike everywhere else.
 */
final class StatementsApi {
    private static final String PARAMS = "params";

    private final JsonRequests json;

    StatementsApi(JsonRequests json) {
        this.json = json;
    }

    /** Runs the statements of {@code body} on {@code stream}, and ends it. */
    CompletionStage<HttpResponse> run(byte[] body, SqlStream stream) {
        var statements = json.read(body, StatementsApi::statements);
        List<SqlStep> steps = new ArrayList<>(statements.size());
        for (var statement : statements) {
            steps.add(new SqlStep(
                    statement,
                    steps.isEmpty() ? Optional.empty() : Optional.of(new StepCondition.Succeeded(steps.size() - 1))));
        }
        List<SqlRequest> requests = List.of(new SqlRequest.Batch(steps), SqlRequest.Autocommit.AUTOCOMMIT);
        return stream.run(requests, true).thenApply(StatementsApi::response);
    }

    /** An error of a whole request, in the shape that clients of this interface read. */
    static HttpResponse error(int status, String message) {
        var json =
                new JsonWriter(128).beginObject().name("error").value(message).endObject();
        return HttpResponse.create()
                .withStatus(status)
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, json.toByteString()));
    }

    private static HttpResponse response(List<SqlResponse> responses) {
        return switch (responses.getFirst()) {
            case SqlResponse.BatchDone(var outcomes) -> {
                var hasFailed = outcomes.stream().anyMatch(StepOutcome.Failed.class::isInstance);
                if (!hasFailed && responses.getLast() instanceof SqlResponse.AutocommitIs(var is) && !is) {
                    yield error(400, "a transaction was left open, and is rolled back: end it in the same request");
                }
                yield results(outcomes);
            }
            case SqlResponse.Refused(var error) -> error(400, error.message());
            case SqlResponse.SequenceDone done -> throw new IllegalStateException("no answer to a batch: " + done);
            case SqlResponse.Described described ->
                throw new IllegalStateException("no answer to a batch: " + described);
            case SqlResponse.AutocommitIs is -> throw new IllegalStateException("no answer to a batch: " + is);
        };
    }

    private static HttpResponse results(List<StepOutcome> outcomes) {
        var json = new JsonWriter(512).beginArray();
        for (var outcome : outcomes) {
            switch (outcome) {
                case StepOutcome.Done(var result) -> {
                    json.beginObject().name("results");
                    result(json, result);
                    json.endObject();
                }
                case StepOutcome.Failed(var error) ->
                    json.beginObject().name("error").value(error.message()).endObject();
                case StepOutcome.Skipped skipped -> json.nullValue();
            }
        }
        return HttpResponse.create()
                .withEntity(HttpEntities.create(
                        ContentTypes.APPLICATION_JSON, json.endArray().toByteString()));
    }

    private static void result(JsonWriter json, StatementResult result) {
        json.beginObject().name("columns").beginArray();
        for (ResultColumn column : result.columns()) {
            json.value(column.name());
        }
        json.endArray().name("rows").beginArray();
        for (var row : result.rows()) {
            json.beginArray();
            for (var value : row) {
                value(json, value);
            }
            json.endArray();
        }
        json.endArray().name("rows_read").value(result.rowsRead());
        json.name("rows_written").value(result.rowsWritten());
        json.name("query_duration_ms").value(result.durationMicros() / 1000.0).endObject();
    }

    private static void value(JsonWriter json, SqlValue value) {
        switch (value) {
            case SqlValue.Null none -> json.nullValue();
            case SqlValue.Integer(var integer) -> json.value(integer);
            case SqlValue.Real(var real) when Double.isFinite(real) -> json.value(real);
            case SqlValue.Real infinite -> json.nullValue();
            case SqlValue.Text(var text) -> json.value(text);
            case SqlValue.Blob blob ->
                json.beginObject().name("base64").base64(blob.view()).endObject();
        }
    }

    private static List<SqlStatement> statements(JsonParser json) throws IOException {
        List<SqlStatement> statements = null;
        JsonRequests.beginObject(json, "the body");
        for (var name = JsonRequests.nextName(json); name != null; name = JsonRequests.nextName(json)) {
            if (name.equals("statements")) {
                statements = JsonRequests.list(json, "statements", StatementsApi::statement);
            } else {
                json.skipChildren();
            }
        }
        return JsonRequests.required(statements, "statements");
    }

    private static SqlStatement statement(JsonParser json) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_STRING) {
            return SqlStatement.of(json.getText());
        }
        String sql = null;
        List<SqlValue> args = List.of();
        List<NamedArg> namedArgs = List.of();
        JsonRequests.beginObject(json, "a statement");
        for (var name = JsonRequests.nextName(json); name != null; name = JsonRequests.nextName(json)) {
            switch (name) {
                case "q" -> sql = JsonRequests.textOrNull(json, "q");
                case PARAMS -> {
                    switch (json.currentToken()) {
                        case VALUE_NULL -> args = List.of();
                        case START_OBJECT -> namedArgs = namedArgs(json);
                        default -> args = JsonRequests.list(json, PARAMS, StatementsApi::value);
                    }
                }
                default -> json.skipChildren();
            }
        }
        return new SqlStatement(JsonRequests.required(sql, "q"), args, namedArgs, true);
    }

    private static List<NamedArg> namedArgs(JsonParser json) throws IOException {
        List<NamedArg> args = new ArrayList<>();
        for (var name = JsonRequests.nextName(json); name != null; name = JsonRequests.nextName(json)) {
            args.add(new NamedArg(name, value(json)));
        }
        return args;
    }

    private static SqlValue value(JsonParser json) throws IOException {
        return switch (json.currentToken()) {
            case VALUE_NULL -> SqlValue.NULL;
            case VALUE_TRUE -> SqlValue.of(1L);
            case VALUE_FALSE -> SqlValue.of(0L);
            case VALUE_STRING -> SqlValue.of(json.getText());
            case VALUE_NUMBER_FLOAT -> SqlValue.of(json.getDoubleValue());
            case VALUE_NUMBER_INT ->
                json.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                        ? SqlValue.of(json.getDoubleValue())
                        : SqlValue.of(json.getLongValue());
            case START_OBJECT -> blob(json);
            default -> throw new HranaException.Malformed("a parameter that is no value");
        };
    }

    private static SqlValue blob(JsonParser json) throws IOException {
        String base64 = null;
        for (var name = JsonRequests.nextName(json); name != null; name = JsonRequests.nextName(json)) {
            if (name.equals("base64")) {
                base64 = JsonRequests.textOrNull(json, "base64");
            } else {
                json.skipChildren();
            }
        }
        return SqlValue.of(JsonRequests.bytes(JsonRequests.required(base64, "base64")));
    }
}
