package io.merklite.client.hrana;

import com.fasterxml.jackson.core.JsonGenerator;
import io.merklite.client.SqlStatement;
import io.merklite.client.hrana.StreamRequest.Autocommit;
import io.merklite.client.hrana.StreamRequest.Batch;
import io.merklite.client.hrana.StreamRequest.Close;
import io.merklite.client.hrana.StreamRequest.Condition;
import io.merklite.client.hrana.StreamRequest.Describe;
import io.merklite.client.hrana.StreamRequest.Execute;
import io.merklite.client.hrana.StreamRequest.Sequence;
import io.merklite.client.hrana.StreamRequest.Step;
import io.merklite.client.http.Json;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Requests as JSON. */
public final class RequestJson {
    private static final Base64.Encoder BASE64 = Base64.getEncoder().withoutPadding();

    private RequestJson() {}

    /** Writes into a document. */
    @FunctionalInterface
    private interface Writing {
        void write(JsonGenerator out) throws IOException;
    }

    /** The body of a pipeline. */
    static String pipeline(Optional<String> baton, List<StreamRequest> requests) {
        return document(out -> {
            out.writeStartObject();
            baton(out, baton);
            out.writeArrayFieldStart("requests");
            for (var request : requests) {
                out.writeStartObject();
                request(out, request);
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeEndObject();
        });
    }

    /** The body of a cursor. */
    static String cursor(Optional<String> baton, Batch batch) {
        return document(out -> {
            out.writeStartObject();
            baton(out, baton);
            batch(out, batch);
            out.writeEndObject();
        });
    }

    /** A list of the text and the arguments of a statement, these as plain JSON. */
    public static String statementList(SqlStatement statement) {
        return document(out -> {
            out.writeStartArray();
            out.writeString(statement.sql());
            for (var arg : statement.args()) {
                plain(out, arg);
            }
            out.writeEndArray();
        });
    }

    private static void plain(JsonGenerator out, SqlValue value) throws IOException {
        switch (value) {
            case SqlValue.Null nothing -> out.writeNull();
            case SqlValue.Integer integer -> out.writeNumber(integer.value());
            case SqlValue.Real real -> number(out, real.value());
            case SqlValue.Text text -> out.writeString(text.value());
            case SqlValue.Blob blob -> {
                out.writeStartObject();
                out.writeStringField("base64", BASE64.encodeToString(blob.toByteArray()));
                out.writeEndObject();
            }
        }
    }

    /** An infinity is written as a number too large for any, which readers take for one. */
    private static void number(JsonGenerator out, double value) throws IOException {
        if (Double.isInfinite(value)) {
            out.writeNumber(value > 0 ? "1e999" : "-1e999");
        } else {
            out.writeNumber(value);
        }
    }

    private static String document(Writing writing) {
        var text = new StringWriter();
        try (var out = Json.FACTORY.createGenerator(text)) {
            writing.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return text.toString();
    }

    private static void baton(JsonGenerator out, Optional<String> baton) throws IOException {
        if (baton.isPresent()) {
            out.writeStringField("baton", baton.get());
        } else {
            out.writeNullField("baton");
        }
    }

    private static void request(JsonGenerator out, StreamRequest request) throws IOException {
        switch (request) {
            case Execute execute -> {
                out.writeStringField("type", "execute");
                out.writeFieldName("stmt");
                statement(out, execute.statement());
            }
            case Batch batch -> {
                out.writeStringField("type", "batch");
                batch(out, batch);
            }
            case Sequence sequence -> {
                out.writeStringField("type", "sequence");
                out.writeStringField("sql", sequence.sql());
            }
            case Describe describe -> {
                out.writeStringField("type", "describe");
                out.writeStringField("sql", describe.sql());
            }
            case Autocommit autocommit -> out.writeStringField("type", "get_autocommit");
            case Close close -> out.writeStringField("type", "close");
        }
    }

    private static void batch(JsonGenerator out, Batch batch) throws IOException {
        out.writeObjectFieldStart("batch");
        out.writeArrayFieldStart("steps");
        for (var step : batch.steps()) {
            step(out, step);
        }
        out.writeEndArray();
        out.writeEndObject();
    }

    private static void step(JsonGenerator out, Step step) throws IOException {
        out.writeStartObject();
        if (step.condition().isPresent()) {
            out.writeFieldName("condition");
            condition(out, step.condition().get());
        }
        out.writeFieldName("stmt");
        statement(out, step.statement());
        out.writeEndObject();
    }

    private static void condition(JsonGenerator out, Condition condition) throws IOException {
        out.writeStartObject();
        switch (condition) {
            case Condition.Ok ok -> {
                out.writeStringField("type", "ok");
                out.writeNumberField("step", ok.step());
            }
            case Condition.Autocommit autocommit -> out.writeStringField("type", "is_autocommit");
            case Condition.Not not -> {
                out.writeStringField("type", "not");
                out.writeFieldName("cond");
                condition(out, not.condition());
            }
            case Condition.All all -> {
                out.writeStringField("type", "and");
                out.writeArrayFieldStart("conds");
                for (var one : all.conditions()) {
                    condition(out, one);
                }
                out.writeEndArray();
            }
        }
        out.writeEndObject();
    }

    private static void statement(JsonGenerator out, SqlStatement statement) throws IOException {
        out.writeStartObject();
        out.writeStringField("sql", statement.sql());
        if (!statement.args().isEmpty()) {
            out.writeArrayFieldStart("args");
            for (var arg : statement.args()) {
                value(out, arg);
            }
            out.writeEndArray();
        }
        if (!statement.namedArgs().isEmpty()) {
            out.writeArrayFieldStart("named_args");
            for (var arg : statement.namedArgs().entrySet()) {
                out.writeStartObject();
                out.writeStringField("name", arg.getKey());
                out.writeFieldName("value");
                value(out, arg.getValue());
                out.writeEndObject();
            }
            out.writeEndArray();
        }
        out.writeBooleanField("want_rows", true);
        out.writeEndObject();
    }

    private static void value(JsonGenerator out, SqlValue value) throws IOException {
        out.writeStartObject();
        switch (value) {
            case SqlValue.Null nothing -> out.writeStringField("type", "null");
            case SqlValue.Integer integer -> {
                out.writeStringField("type", "integer");
                out.writeStringField("value", Long.toString(integer.value()));
            }
            case SqlValue.Real real -> {
                out.writeStringField("type", "float");
                out.writeFieldName("value");
                number(out, real.value());
            }
            case SqlValue.Text text -> {
                out.writeStringField("type", "text");
                out.writeStringField("value", text.value());
            }
            case SqlValue.Blob blob -> {
                out.writeStringField("type", "blob");
                out.writeStringField("base64", BASE64.encodeToString(blob.toByteArray()));
            }
        }
        out.writeEndObject();
    }
}
