package io.merklite.node.hrana;

import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.util.ByteString;

/**
 * Answers in protobuf: the messages of the protocol's own schema, version 3, and the four figures that libSQL's server adds to
 * results as fields 5 to 8.
 */
final class ProtobufAnswers implements AnswerEncoder {
    private static final int INITIAL_SIZE_BYTES = 512;
    private static final ContentType PROTOBUF = ContentTypes.parse("application/x-protobuf");

    private final int maxSizeBytes;

    /** @param maxSizeBytes of the answer to one request */
    ProtobufAnswers(int maxSizeBytes) {
        this.maxSizeBytes = maxSizeBytes;
    }

    @Override
    public ContentType pipelineType() {
        return PROTOBUF;
    }

    @Override
    public ContentType cursorType() {
        return ContentTypes.APPLICATION_OCTET_STREAM;
    }

    @Override
    public ByteString pipeline(Head head, List<Answer> answers) {
        var out = new ProtobufOutput(INITIAL_SIZE_BYTES);
        head(out, head);
        for (var answer : answers) {
            limited(
                    out,
                    answer,
                    each -> out.message(3, result -> {
                        if (each instanceof Answer.Failed(var error)) {
                            result.message(2, inner -> error(inner, error));
                        } else {
                            result.message(1, response -> answer(response, each, HTTP));
                        }
                    }));
        }
        return out.toByteString();
    }

    @Override
    public ByteString cursorHead(Head head) {
        var out = new ProtobufOutput(INITIAL_SIZE_BYTES);
        out.delimited(inner -> head(inner, head));
        return out.toByteString();
    }

    @Override
    public ByteString cursorEntries(List<CursorEntry> entries) {
        var out = new ProtobufOutput(Math.max(INITIAL_SIZE_BYTES, entries.size() * 32));
        for (var entry : entries) {
            out.delimited(inner -> entry(inner, entry));
        }
        return out.toByteString();
    }

    @Override
    public ByteString message(ServerMessage message) {
        var out = new ProtobufOutput(INITIAL_SIZE_BYTES);
        switch (message) {
            case ServerMessage.HelloOk ok -> out.empty(1);
            case ServerMessage.HelloFailed(var error) ->
                out.message(2, failed -> failed.message(1, inner -> error(inner, error)));
            case ServerMessage.Answered(var requestId, var answer, var bookmark) ->
                limited(out, answer, each -> {
                    if (each instanceof Answer.Failed(var error)) {
                        out.message(4, response -> {
                            response.number(1, requestId);
                            response.message(2, inner -> error(inner, error));
                        });
                    } else {
                        out.message(3, response -> {
                            response.number(1, requestId);
                            answer(response, each, SOCKET);
                            bookmark.ifPresent(text -> response.text(BOOKMARK, text));
                        });
                    }
                });
        }
        return out.toByteString();
    }

    /** Writes {@code answer}, or an error in its place if that is too large. */
    private void limited(ProtobufOutput out, Answer answer, Consumer<Answer> write) {
        var begin = out.size();
        write.accept(answer);
        if (out.size() - begin > maxSizeBytes) {
            out.truncate(begin);
            write.accept(AnswerEncoder.tooLarge(maxSizeBytes));
        }
    }

    /** The numbers of the fields for answers, which differ between transports. */
    private record Numbers(int execute, int batch, int describe, int autocommit, int fetch, boolean isSocket) {}

    /** Merklite's own field of an answer over WebSocket, far from those of the protocol. */
    private static final int BOOKMARK = 1000;

    private static final Numbers HTTP = new Numbers(2, 3, 5, 8, 0, false);
    private static final Numbers SOCKET = new Numbers(4, 5, 10, 13, 8, true);

    private static void head(ProtobufOutput out, Head head) {
        head.baton().ifPresent(baton -> out.text(1, baton));
        head.baseUrl().ifPresent(url -> out.text(2, url));
    }

    private static void answer(ProtobufOutput out, Answer answer, Numbers numbers) {
        switch (answer) {
            case Answer.Executed(var result) ->
                out.message(numbers.execute, payload -> payload.message(1, inner -> result(inner, result)));
            case Answer.BatchRan(var outcomes) ->
                out.message(numbers.batch, payload -> payload.message(1, inner -> outcomes(inner, outcomes)));
            case Answer.Described(var description) ->
                out.message(numbers.describe, payload -> payload.message(1, inner -> description(inner, description)));
            case Answer.AutocommitIs(var isAutocommit) ->
                out.message(numbers.autocommit, payload -> payload.bool(1, isAutocommit));
            case Answer.Fetched(var page) ->
                out.message(numbers.fetch, payload -> {
                    for (var entry : page.entries()) {
                        payload.message(1, inner -> entry(inner, entry));
                    }
                    payload.bool(2, page.isDone());
                });
            case Answer.Done done -> out.empty(numbers.isSocket ? done.socketField : done.httpField);
            case Answer.Failed failed -> throw new IllegalArgumentException("an error is no response: " + failed);
        }
    }

    private static void result(ProtobufOutput out, StatementResult result) {
        columns(out, 1, result.columns());
        for (var row : result.rows()) {
            out.message(2, inner -> row(inner, row));
        }
        out.number(3, result.affectedRowCount());
        result.lastInsertRowid().ifPresent(rowid -> out.sint64(4, rowid));
        out.number(6, result.rowsRead());
        out.number(7, result.rowsWritten());
        out.float64(8, result.durationMicros() / 1000.0);
    }

    private static void outcomes(ProtobufOutput out, List<StepOutcome> outcomes) {
        for (var i = 0; i < outcomes.size(); i++) {
            var step = i;
            switch (outcomes.get(i)) {
                case StepOutcome.Done(var result) ->
                    out.message(1, entry -> {
                        entry.number(1, step);
                        entry.message(2, inner -> result(inner, result));
                    });
                case StepOutcome.Failed(var error) ->
                    out.message(2, entry -> {
                        entry.number(1, step);
                        entry.message(2, inner -> error(inner, error));
                    });
                case StepOutcome.Skipped skipped -> {}
            }
        }
    }

    private static void description(ProtobufOutput out, SqlResponse.Described description) {
        for (var name : description.parameters()) {
            out.message(1, inner -> name.ifPresent(text -> inner.text(1, text)));
        }
        columns(out, 2, description.columns());
        out.bool(3, description.isExplain());
        out.bool(4, description.isReadOnly());
    }

    private static void entry(ProtobufOutput out, CursorEntry entry) {
        switch (entry) {
            case CursorEntry.StepBegun(var step, var columns) ->
                out.message(1, inner -> {
                    inner.number(1, step);
                    columns(inner, 2, columns);
                });
            case CursorEntry.StepEnded(var affectedRowCount, var lastInsertRowid) ->
                out.message(2, inner -> {
                    inner.number(1, affectedRowCount);
                    lastInsertRowid.ifPresent(rowid -> inner.sint64(2, rowid));
                });
            case CursorEntry.StepFailed(var step, var error) ->
                out.message(3, inner -> {
                    inner.number(1, step);
                    inner.message(2, failure -> error(failure, error));
                });
            case CursorEntry.Row(var values) -> out.message(4, inner -> row(inner, values));
            case CursorEntry.Failed(var error) -> out.message(5, inner -> error(inner, error));
        }
    }

    private static void columns(ProtobufOutput out, int field, List<ResultColumn> columns) {
        for (var column : columns) {
            out.message(field, inner -> {
                inner.text(1, column.name());
                column.declaredType().ifPresent(type -> inner.text(2, type));
            });
        }
    }

    private static void row(ProtobufOutput out, List<SqlValue> values) {
        for (var value : values) {
            out.message(1, inner -> value(inner, value));
        }
    }

    private static void value(ProtobufOutput out, SqlValue value) {
        switch (value) {
            case SqlValue.Null none -> out.empty(1);
            case SqlValue.Integer(var integer) -> out.sint64(2, integer);
            case SqlValue.Real(var real) -> out.float64(3, real);
            case SqlValue.Text(var text) -> out.text(4, text);
            case SqlValue.Blob blob -> out.bytes(5, blob.view());
        }
    }

    private static void error(ProtobufOutput out, SqlError error) {
        out.text(1, error.message());
        out.text(2, error.code());
    }
}
