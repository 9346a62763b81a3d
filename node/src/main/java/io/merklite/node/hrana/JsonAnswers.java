package io.merklite.node.hrana;

import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.util.ByteString;

/** Answers in JSON: integers of 64 bits as strings, blobs as base64 without padding, infinities as {@code 1e999}. */
final class JsonAnswers implements AnswerEncoder {
    private static final int INITIAL_SIZE_BYTES = 512;
    private static final ContentType LINES = ContentTypes.parse("application/x-ndjson");

    private final int maxSizeBytes;

    /** @param maxSizeBytes of the answer to one request */
    JsonAnswers(int maxSizeBytes) {
        this.maxSizeBytes = maxSizeBytes;
    }

    @Override
    public ContentType pipelineType() {
        return ContentTypes.APPLICATION_JSON;
    }

    @Override
    public ContentType cursorType() {
        return LINES;
    }

    @Override
    public ByteString pipeline(Head head, List<Answer> answers) {
        var json = new JsonWriter(INITIAL_SIZE_BYTES);
        json.beginObject();
        head(json, head);
        json.name("results").beginArray();
        for (var answer : answers) {
            json.beginObject().name("type");
            limited(json, answer, each -> {
                if (each instanceof Answer.Failed(var error)) {
                    json.value("error").name("error");
                    error(json, error);
                } else {
                    json.value("ok").name("response");
                    answer(json, each);
                }
            });
            json.endObject();
        }
        return json.endArray().endObject().toByteString();
    }

    @Override
    public ByteString cursorHead(Head head) {
        var json = new JsonWriter(INITIAL_SIZE_BYTES).beginObject();
        head(json, head);
        return json.endObject().endLine().toByteString();
    }

    @Override
    public ByteString cursorEntries(List<CursorEntry> entries) {
        var json = new JsonWriter(Math.max(INITIAL_SIZE_BYTES, entries.size() * 64));
        for (var entry : entries) {
            entry(json, entry);
            json.endLine();
        }
        return json.toByteString();
    }

    @Override
    public ByteString message(ServerMessage message) {
        var json = new JsonWriter(INITIAL_SIZE_BYTES).beginObject().name("type");
        switch (message) {
            case ServerMessage.HelloOk ok -> json.value("hello_ok");
            case ServerMessage.HelloFailed(var error) -> {
                json.value("hello_error").name("error");
                error(json, error);
            }
            case ServerMessage.Answered(var requestId, var answer, var bookmark) -> {
                limited(json, answer, each -> {
                    if (each instanceof Answer.Failed(var error)) {
                        json.value("response_error")
                                .name("request_id")
                                .value(requestId)
                                .name("error");
                        error(json, error);
                    } else {
                        json.value("response_ok")
                                .name("request_id")
                                .value(requestId)
                                .name("response");
                        answer(json, each);
                    }
                });
                bookmark.ifPresent(text -> json.name("bookmark").value(text));
            }
        }
        return json.endObject().toByteString();
    }

    /** The answer of version 1 over HTTP: the result alone. */
    ByteString single(Answer answer) {
        var json = new JsonWriter(INITIAL_SIZE_BYTES).beginObject().name("result");
        switch (answer) {
            case Answer.Executed(var result) -> result(json, result);
            case Answer.BatchRan(var outcomes) -> outcomes(json, outcomes);
            default -> throw new IllegalArgumentException("no answer of version 1: " + answer);
        }
        return json.endObject().toByteString();
    }

    /** Writes {@code answer}, or an error in its place if that is too large. */
    private void limited(JsonWriter json, Answer answer, Consumer<Answer> write) {
        var mark = json.mark();
        try {
            write.accept(answer);
        } catch (TooLargeException e) {
            json.reset(mark);
            write.accept(AnswerEncoder.tooLarge(maxSizeBytes));
        }
    }

    private static void head(JsonWriter json, Head head) {
        json.name("baton");
        optional(json, head.baton());
        json.name("base_url");
        optional(json, head.baseUrl());
    }

    private void answer(JsonWriter json, Answer answer) {
        json.beginObject().name("type");
        switch (answer) {
            case Answer.Executed(var result) -> {
                json.value("execute").name("result");
                result(json, result);
            }
            case Answer.BatchRan(var outcomes) -> {
                json.value("batch").name("result");
                outcomes(json, outcomes);
            }
            case Answer.Described(var description) -> {
                json.value("describe").name("result");
                description(json, description);
            }
            case Answer.AutocommitIs(var isAutocommit) ->
                json.value("get_autocommit").name("is_autocommit").value(isAutocommit);
            case Answer.Fetched(var page) -> {
                json.value("fetch_cursor").name("entries").beginArray();
                for (var entry : page.entries()) {
                    entry(json, entry);
                }
                json.endArray().name("done").value(page.isDone());
            }
            case Answer.Done done -> json.value(done.type);
            case Answer.Failed failed -> throw new IllegalArgumentException("an error is no response: " + failed);
        }
        json.endObject();
    }

    private void result(JsonWriter json, StatementResult result) {
        json.beginObject().name("cols");
        columns(json, result.columns());
        json.name("rows").beginArray();
        var begin = json.size();
        for (var row : result.rows()) {
            row(json, row);
            if (json.size() - begin > maxSizeBytes) {
                throw new TooLargeException();
            }
        }
        json.endArray().name("affected_row_count").value(result.affectedRowCount());
        json.name("last_insert_rowid");
        rowid(json, result.lastInsertRowid());
        json.name("replication_index").nullValue();
        json.name("rows_read").value(result.rowsRead());
        json.name("rows_written").value(result.rowsWritten());
        json.name("query_duration_ms").value(result.durationMicros() / 1000.0);
        json.endObject();
    }

    private void outcomes(JsonWriter json, List<StepOutcome> outcomes) {
        var begin = json.size();
        json.beginObject().name("step_results").beginArray();
        for (var outcome : outcomes) {
            if (outcome instanceof StepOutcome.Done(var result)) {
                result(json, result);
            } else {
                json.nullValue();
            }
            if (json.size() - begin > maxSizeBytes) {
                throw new TooLargeException();
            }
        }
        json.endArray().name("step_errors").beginArray();
        for (var outcome : outcomes) {
            if (outcome instanceof StepOutcome.Failed(var error)) {
                error(json, error);
            } else {
                json.nullValue();
            }
        }
        json.endArray().name("replication_index").nullValue().endObject();
    }

    private static void description(JsonWriter json, SqlResponse.Described description) {
        json.beginObject().name("params").beginArray();
        for (var name : description.parameters()) {
            json.beginObject().name("name");
            optional(json, name);
            json.endObject();
        }
        json.endArray().name("cols");
        columns(json, description.columns());
        json.name("is_explain").value(description.isExplain());
        json.name("is_readonly").value(description.isReadOnly()).endObject();
    }

    private static void entry(JsonWriter json, CursorEntry entry) {
        json.beginObject().name("type");
        switch (entry) {
            case CursorEntry.StepBegun(var step, var columns) -> {
                json.value("step_begin").name("step").value(step).name("cols");
                columns(json, columns);
            }
            case CursorEntry.Row(var values) -> {
                json.value("row").name("row");
                row(json, values);
            }
            case CursorEntry.StepEnded(var affectedRowCount, var lastInsertRowid) -> {
                json.value("step_end").name("affected_row_count").value(affectedRowCount);
                json.name("last_insert_rowid");
                rowid(json, lastInsertRowid);
            }
            case CursorEntry.StepFailed(var step, var error) -> {
                json.value("step_error").name("step").value(step).name("error");
                error(json, error);
            }
            case CursorEntry.Failed(var error) -> {
                json.value("error").name("error");
                error(json, error);
            }
        }
        json.endObject();
    }

    private static void columns(JsonWriter json, List<ResultColumn> columns) {
        json.beginArray();
        for (var column : columns) {
            json.beginObject().name("name").value(column.name()).name("decltype");
            optional(json, column.declaredType());
            json.endObject();
        }
        json.endArray();
    }

    private static void row(JsonWriter json, List<SqlValue> values) {
        json.beginArray();
        for (var value : values) {
            value(json, value);
        }
        json.endArray();
    }

    private static void value(JsonWriter json, SqlValue value) {
        json.beginObject().name("type");
        switch (value) {
            case SqlValue.Null none -> json.value("null");
            case SqlValue.Integer(var integer) ->
                json.value("integer").name("value").integerAsText(integer);
            case SqlValue.Real(var real) -> json.value("float").name("value").value(real);
            case SqlValue.Text(var text) -> json.value("text").name("value").value(text);
            case SqlValue.Blob blob -> json.value("blob").name("base64").base64(blob.view());
        }
        json.endObject();
    }

    private static void error(JsonWriter json, SqlError error) {
        json.beginObject().name("message").value(error.message());
        json.name("code").value(error.code()).endObject();
    }

    private static void rowid(JsonWriter json, OptionalLong rowid) {
        if (rowid.isPresent()) {
            json.integerAsText(rowid.getAsLong());
        } else {
            json.nullValue();
        }
    }

    private static void optional(JsonWriter json, Optional<String> text) {
        if (text.isPresent()) {
            json.value(text.get());
        } else {
            json.nullValue();
        }
    }

    /** Leaves an answer that went over its limit, from whatever depth. */
    private static final class TooLargeException extends RuntimeException {
        TooLargeException() {
            super(null, null, false, false);
        }
    }
}
