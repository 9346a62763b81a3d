package io.merklite.node.hrana;

import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.merklite.cluster.sql.SqlStatement.NamedArg;
import io.merklite.cluster.sql.StepCondition;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Requests in JSON.
 *
 * <p>Properties may come in any order, and the type of a thing after its content; so all that is known by name is read,
 * and put together at the end of the object. What is not known is skipped. A property that is null counts as absent: some
 * clients send all of them always.
 */
final class JsonRequests implements RequestDecoder {
    /** Deeper conditions and unknown properties are refused before they cost stack. */
    private static final int MAX_DEPTH = 200;

    private final JsonFactory factory;

    /** @param maxSizeBytes of a message, and so of any text in it */
    JsonRequests(int maxSizeBytes) {
        factory = JsonFactory.builder()
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxStringLength(maxSizeBytes)
                        .maxNestingDepth(MAX_DEPTH)
                        .build())
                .build();
    }

    @Override
    public Pipeline pipeline(byte[] body) {
        return read(body, json -> {
            String baton = null;
            List<StreamRequest> requests = null;
            beginObject(json, "the body");
            for (var name = nextName(json); name != null; name = nextName(json)) {
                switch (name) {
                    case "baton" -> baton = textOrNull(json, "baton");
                    case "requests" -> requests = list(json, "requests", JsonRequests::httpRequest);
                    default -> json.skipChildren();
                }
            }
            return new Pipeline(Optional.ofNullable(baton), required(requests, "requests"));
        });
    }

    @Override
    public Cursor cursor(byte[] body) {
        return read(body, json -> {
            String baton = null;
            HranaBatch batch = null;
            beginObject(json, "the body");
            for (var name = nextName(json); name != null; name = nextName(json)) {
                switch (name) {
                    case "baton" -> baton = textOrNull(json, "baton");
                    case "batch" -> batch = batch(json);
                    default -> json.skipChildren();
                }
            }
            return new Cursor(Optional.ofNullable(baton), required(batch, "batch"));
        });
    }

    /** The body of a request of version 1 over HTTP: {@code {"stmt"}} or {@code {"batch"}}. */
    StreamRequest single(byte[] body, String type) {
        return read(body, json -> {
            var fields = fields(json);
            fields.type = type;
            return fields.toStreamRequest();
        });
    }

    @Override
    public ClientMessage message(byte[] payload) {
        return read(payload, json -> {
            String type = null;
            String token = null;
            Integer requestId = null;
            Fields request = null;
            beginObject(json, "the message");
            for (var name = nextName(json); name != null; name = nextName(json)) {
                switch (name) {
                    case "type" -> type = textOrNull(json, "type");
                    case "jwt" -> token = textOrNull(json, "jwt");
                    case "request_id" -> requestId = int32(json, "request_id");
                    case "request" -> request = fields(json);
                    default -> json.skipChildren();
                }
            }
            return switch (required(type, "type")) {
                case "hello" -> new ClientMessage.Hello(Optional.ofNullable(token));
                case "request" ->
                    new ClientMessage.Request(
                            required(requestId, "request_id"),
                            required(request, "request").toAsk());
                default -> throw new HranaException.Malformed("a message of unknown type " + quoted(type));
            };
        });
    }

    /** How to read a thing from the token at its beginning; the last token read is its end. */
    @FunctionalInterface
    interface Reader<T extends @Nullable Object> {
        T read(JsonParser json) throws IOException;
    }

    /** Reads all of {@code bytes} as one value. */
    <T> T read(byte[] bytes, Reader<T> reader) {
        try (var json = factory.createParser(bytes)) {
            json.nextToken();
            var read = reader.read(json);
            if (json.nextToken() != null) {
                throw new HranaException.Malformed("something follows the JSON");
            }
            return read;
        } catch (IOException e) {
            throw new HranaException.Malformed("not JSON: " + firstLine(e));
        }
    }

    private static String firstLine(IOException e) {
        var message = String.valueOf(e.getMessage());
        var end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    private static StreamRequest httpRequest(JsonParser json) throws IOException {
        return fields(json).toStreamRequest();
    }

    /** All properties that requests have, of which each has some. */
    private static final class Fields {
        @Nullable
        String type;

        @Nullable
        HranaStatement statement;

        @Nullable
        HranaBatch batch;

        @Nullable
        String sql;

        @Nullable
        Integer sqlId;

        @Nullable
        Integer streamId;

        @Nullable
        Integer cursorId;

        @Nullable
        Long maxCount;

        StreamRequest toStreamRequest() {
            return switch (required(type, "type")) {
                case "execute" -> new StreamRequest.Execute(required(statement, "stmt"));
                case "batch" -> new StreamRequest.Batch(required(batch, "batch"));
                case "sequence" -> new StreamRequest.Sequence(text(sql, sqlId));
                case "describe" -> new StreamRequest.Describe(text(sql, sqlId));
                case "store_sql" -> storeSql();
                case "close_sql" -> closeSql();
                case "get_autocommit" -> StreamRequest.Autocommit.AUTOCOMMIT;
                case "close" -> StreamRequest.Close.CLOSE;
                default -> throw new HranaException.Malformed("a request of unknown type " + quoted(type));
            };
        }

        ClientMessage.Ask toAsk() {
            return switch (required(type, "type")) {
                case "open_stream" -> new ClientMessage.Ask.OpenStream(required(streamId, "stream_id"));
                case "close_stream" -> new ClientMessage.Ask.CloseStream(required(streamId, "stream_id"));
                case "store_sql" -> new ClientMessage.Ask.StoreSql(storeSql());
                case "close_sql" -> new ClientMessage.Ask.CloseSql(closeSql());
                case "open_cursor" ->
                    new ClientMessage.Ask.OpenCursor(
                            required(streamId, "stream_id"), required(cursorId, "cursor_id"), required(batch, "batch"));
                case "fetch_cursor" ->
                    new ClientMessage.Ask.FetchCursor(required(cursorId, "cursor_id"), required(maxCount, "max_count"));
                case "close_cursor" -> new ClientMessage.Ask.CloseCursor(required(cursorId, "cursor_id"));
                case "close" -> throw new HranaException.Malformed("a request of unknown type \"close\"");
                default -> new ClientMessage.Ask.OfStream(required(streamId, "stream_id"), toStreamRequest());
            };
        }

        private StreamRequest.StoreSql storeSql() {
            return new StreamRequest.StoreSql(required(sqlId, "sql_id"), required(sql, "sql"));
        }

        private StreamRequest.CloseSql closeSql() {
            return new StreamRequest.CloseSql(required(sqlId, "sql_id"));
        }
    }

    private static Fields fields(JsonParser json) throws IOException {
        var fields = new Fields();
        beginObject(json, "a request");
        for (var name = nextName(json); name != null; name = nextName(json)) {
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                continue;
            }
            switch (name) {
                case "type" -> fields.type = textOrNull(json, "type");
                case "stmt" -> fields.statement = statement(json);
                case "batch" -> fields.batch = batch(json);
                case "sql" -> fields.sql = textOrNull(json, "sql");
                case "sql_id" -> fields.sqlId = int32(json, "sql_id");
                case "stream_id" -> fields.streamId = int32(json, "stream_id");
                case "cursor_id" -> fields.cursorId = int32(json, "cursor_id");
                case "max_count" -> fields.maxCount = integer(json, "max_count", 0, 0xFFFF_FFFFL);
                default -> json.skipChildren();
            }
        }
        return fields;
    }

    private static HranaStatement statement(JsonParser json) throws IOException {
        String sql = null;
        Integer sqlId = null;
        List<SqlValue> args = List.of();
        List<NamedArg> namedArgs = List.of();
        var wantRows = true;
        beginObject(json, "stmt");
        for (var name = nextName(json); name != null; name = nextName(json)) {
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                continue;
            }
            switch (name) {
                case "sql" -> sql = textOrNull(json, "sql");
                case "sql_id" -> sqlId = int32(json, "sql_id");
                case "args" -> args = list(json, "args", JsonRequests::value);
                case "named_args" -> namedArgs = list(json, "named_args", JsonRequests::namedArg);
                case "want_rows" -> wantRows = bool(json, "want_rows");
                default -> json.skipChildren();
            }
        }
        return new HranaStatement(text(sql, sqlId), args, namedArgs, wantRows);
    }

    private static NamedArg namedArg(JsonParser json) throws IOException {
        String argName = null;
        SqlValue value = null;
        beginObject(json, "a named argument");
        for (var name = nextName(json); name != null; name = nextName(json)) {
            switch (name) {
                case "name" -> argName = textOrNull(json, "name");
                case "value" -> value = value(json);
                default -> json.skipChildren();
            }
        }
        return new NamedArg(required(argName, "name"), required(value, "value"));
    }

    private static HranaBatch batch(JsonParser json) throws IOException {
        List<HranaBatch.Step> steps = null;
        beginObject(json, "batch");
        for (var name = nextName(json); name != null; name = nextName(json)) {
            if (name.equals("steps")) {
                steps = steps(json);
            } else {
                json.skipChildren();
            }
        }
        return new HranaBatch(required(steps, "steps"));
    }

    private static List<HranaBatch.Step> steps(JsonParser json) throws IOException {
        List<HranaBatch.Step> steps = new ArrayList<>();
        beginArray(json, "steps");
        while (json.nextToken() != JsonToken.END_ARRAY) {
            steps.add(step(json, steps.size()));
        }
        return steps;
    }

    private static HranaBatch.Step step(JsonParser json, int index) throws IOException {
        HranaStatement statement = null;
        StepCondition condition = null;
        beginObject(json, "a step");
        for (var name = nextName(json); name != null; name = nextName(json)) {
            switch (name) {
                case "stmt" -> statement = statement(json);
                case "condition" ->
                    condition = json.currentToken() == JsonToken.VALUE_NULL ? null : condition(json, index);
                default -> json.skipChildren();
            }
        }
        return new HranaBatch.Step(required(statement, "stmt"), Optional.ofNullable(condition));
    }

    private static StepCondition condition(JsonParser json, int stepCount) throws IOException {
        String type = null;
        Integer step = null;
        StepCondition inner = null;
        List<StepCondition> inners = null;
        beginObject(json, "a condition");
        for (var name = nextName(json); name != null; name = nextName(json)) {
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                continue;
            }
            switch (name) {
                case "type" -> type = textOrNull(json, "type");
                case "step" -> step = (int) integer(json, "step", 0, stepCount - 1L);
                case "cond" -> inner = condition(json, stepCount);
                case "conds" -> inners = list(json, "conds", each -> condition(each, stepCount));
                default -> json.skipChildren();
            }
        }
        return switch (required(type, "type")) {
            case "ok" -> new StepCondition.Succeeded(required(step, "step"));
            case "error" -> new StepCondition.Failed(required(step, "step"));
            case "not" -> new StepCondition.Not(required(inner, "cond"));
            case "and" -> new StepCondition.All(required(inners, "conds"));
            case "or" -> new StepCondition.Any(required(inners, "conds"));
            case "is_autocommit" -> StepCondition.IsAutocommit.IS_AUTOCOMMIT;
            default -> throw new HranaException.Malformed("a condition of unknown type " + quoted(type));
        };
    }

    private static SqlValue value(JsonParser json) throws IOException {
        String type = null;
        JsonToken token = null;
        String content = null;
        String base64 = null;
        beginObject(json, "a value");
        for (var name = nextName(json); name != null; name = nextName(json)) {
            switch (name) {
                case "type" -> type = textOrNull(json, "type");
                case "value" -> {
                    token = json.currentToken();
                    content = token.isScalarValue() ? json.getText() : null;
                    json.skipChildren();
                }
                case "base64" -> base64 = textOrNull(json, "base64");
                default -> json.skipChildren();
            }
        }
        return switch (required(type, "type")) {
            case "null" -> SqlValue.NULL;
            case "integer" -> SqlValue.of(int64(token, content));
            case "float" -> SqlValue.of(number(token, content));
            case "text" -> SqlValue.of(text(token, content));
            case "blob" -> SqlValue.of(bytes(required(base64, "base64")));
            default -> throw new HranaException.Malformed("a value of unknown type " + quoted(type));
        };
    }

    /** A string of decimal digits, as clients send it, or a number. */
    private static long int64(@Nullable JsonToken token, @Nullable String content) {
        if ((token == JsonToken.VALUE_STRING || token == JsonToken.VALUE_NUMBER_INT)
                && content != null
                && content.chars().allMatch(c -> c < 0x80)) {
            try {
                return Long.parseLong(content);
            } catch (NumberFormatException e) {
                throw new HranaException.Malformed("an integer that is none of 64 bits: " + quoted(content));
            }
        }
        throw new HranaException.Malformed("an integer without its digits in a string");
    }

    private static double number(@Nullable JsonToken token, @Nullable String content) {
        if (token == null || !token.isNumeric() || content == null) {
            throw new HranaException.Malformed("a float that is no number");
        }
        return Double.parseDouble(content);
    }

    private static String text(@Nullable JsonToken token, @Nullable String content) {
        if (token != JsonToken.VALUE_STRING || content == null) {
            throw new HranaException.Malformed("a text that is no string");
        }
        return content;
    }

    /** Base64 in the standard alphabet, with or without padding. */
    static byte[] bytes(String base64) {
        try {
            return Base64Variants.MIME_NO_LINEFEEDS.withPaddingAllowed().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new HranaException.Malformed("a blob that is no base64");
        }
    }

    private static SqlText text(@Nullable String sql, @Nullable Integer sqlId) {
        if (sql != null && sqlId != null) {
            throw new HranaException.Malformed("both sql and sql_id are given");
        }
        if (sqlId != null) {
            return new SqlText.Stored(sqlId);
        }
        if (sql != null) {
            return new SqlText.Inline(sql);
        }
        throw new HranaException.Malformed("neither sql nor sql_id is given");
    }

    static void beginObject(JsonParser json, String what) {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw new HranaException.Malformed(what + " is no object");
        }
    }

    static void beginArray(JsonParser json, String what) {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw new HranaException.Malformed(what + " is no list");
        }
    }

    /** The name of the next property, at whose value the parser then is; none at the end of the object. */
    static @Nullable String nextName(JsonParser json) throws IOException {
        if (json.nextToken() != JsonToken.FIELD_NAME) {
            return null;
        }
        var name = json.currentName();
        json.nextToken();
        return name;
    }

    static <T> List<T> list(JsonParser json, String what, Reader<T> reader) throws IOException {
        beginArray(json, what);
        List<T> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            list.add(reader.read(json));
        }
        return list;
    }

    static @Nullable String textOrNull(JsonParser json, String what) throws IOException {
        return switch (json.currentToken()) {
            case VALUE_NULL -> null;
            case VALUE_STRING -> json.getText();
            default -> throw new HranaException.Malformed(what + " is no string");
        };
    }

    private static boolean bool(JsonParser json, String what) {
        return switch (json.currentToken()) {
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw new HranaException.Malformed(what + " is neither true nor false");
        };
    }

    private static int int32(JsonParser json, String what) throws IOException {
        return (int) integer(json, what, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    private static long integer(JsonParser json, String what, long first, long last) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT
                && (json.getNumberType() == JsonParser.NumberType.INT
                        || json.getNumberType() == JsonParser.NumberType.LONG)) {
            var value = json.getLongValue();
            if (value >= first && value <= last) {
                return value;
            }
        }
        throw new HranaException.Malformed(what + " is no integer from " + first + " to " + last);
    }

    static <T> T required(@Nullable T value, String what) {
        if (value == null) {
            throw new HranaException.Malformed(what + " is missing");
        }
        return value;
    }

    private static String quoted(@Nullable String found) {
        var text = String.valueOf(found);
        return "\"" + (text.length() > 40 ? text.substring(0, 40) + "…" : text) + "\"";
    }
}
