package io.merklite.node.hrana;

import io.merklite.cluster.sql.SqlStatement.NamedArg;
import io.merklite.cluster.sql.StepCondition;
import io.merklite.query.subscribe.SqlValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Requests in protobuf. The numbers of fields are those of the protocol's own schema, version 3; unknown ones are skipped.
 *
 * <p>Of alternatives (a oneof) the last one that came counts, as protobuf has it.
 */
final class ProtobufRequests implements RequestDecoder {
    private static final int MAX_DEPTH = 100;

    @Override
    public Pipeline pipeline(byte[] body) {
        var in = ProtobufInput.of(body, MAX_DEPTH);
        Optional<String> baton = Optional.empty();
        List<StreamRequest> requests = new ArrayList<>();
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            switch (field) {
                case 1 -> baton = Optional.of(in.text());
                case 2 -> requests.add(httpRequest(in.message()));
                default -> in.skip();
            }
        }
        return new Pipeline(baton, requests);
    }

    @Override
    public Cursor cursor(byte[] body) {
        var in = ProtobufInput.of(body, MAX_DEPTH);
        Optional<String> baton = Optional.empty();
        HranaBatch batch = null;
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            switch (field) {
                case 1 -> baton = Optional.of(in.text());
                case 2 -> batch = batch(in.message());
                default -> in.skip();
            }
        }
        return new Cursor(baton, required(batch, "batch"));
    }

    @Override
    public ClientMessage message(byte[] payload) {
        var in = ProtobufInput.of(payload, MAX_DEPTH);
        ClientMessage message = null;
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            switch (field) {
                case 1 -> message = hello(in.message());
                case 2 -> message = socketRequest(in.message());
                default -> in.skip();
            }
        }
        return required(message, "the message");
    }

    private static ClientMessage hello(ProtobufInput in) {
        Optional<String> token = Optional.empty();
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            if (field == 1) {
                token = Optional.of(in.text());
            } else {
                in.skip();
            }
        }
        return new ClientMessage.Hello(token);
    }

    private static StreamRequest httpRequest(ProtobufInput in) {
        StreamRequest request = null;
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            switch (field) {
                case 1 -> {
                    in.skip();
                    request = StreamRequest.Close.CLOSE;
                }
                case 2 -> request = fields(in.message(), Layout.EXECUTE, 0).execute();
                case 3 -> request = fields(in.message(), Layout.BATCH, 0).streamBatch();
                case 4 ->
                    request = new StreamRequest.Sequence(
                            fields(in.message(), Layout.SQL, 0).text());
                case 5 ->
                    request = new StreamRequest.Describe(
                            fields(in.message(), Layout.SQL, 0).text());
                case 6 -> request = fields(in.message(), Layout.STORE_SQL, 0).storeSql();
                case 7 -> request = fields(in.message(), Layout.CLOSE_SQL, 0).closeSql();
                case 8 -> {
                    in.skip();
                    request = StreamRequest.Autocommit.AUTOCOMMIT;
                }
                default -> in.skip();
            }
        }
        return required(request, "the kind of a request");
    }

    private static ClientMessage socketRequest(ProtobufInput in) {
        var requestId = 0;
        ClientMessage.Ask ask = null;
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            switch (field) {
                case 1 -> requestId = in.int32();
                case 2 -> ask = new ClientMessage.Ask.OpenStream(stream(in).streamId);
                case 3 -> ask = new ClientMessage.Ask.CloseStream(stream(in).streamId);
                case 4 -> {
                    var fields = fields(in.message(), Layout.EXECUTE, 1);
                    ask = new ClientMessage.Ask.OfStream(fields.streamId, fields.execute());
                }
                case 5 -> {
                    var fields = fields(in.message(), Layout.BATCH, 1);
                    ask = new ClientMessage.Ask.OfStream(fields.streamId, fields.streamBatch());
                }
                case 6 -> {
                    var fields = fields(in.message(), Layout.OPEN_CURSOR, 2);
                    ask = new ClientMessage.Ask.OpenCursor(fields.streamId, fields.cursorId, fields.batch());
                }
                case 7 ->
                    ask = new ClientMessage.Ask.CloseCursor(fields(in.message(), Layout.CLOSE_CURSOR, 1).cursorId);
                case 8 -> {
                    var fields = fields(in.message(), Layout.FETCH_CURSOR, 1);
                    ask = new ClientMessage.Ask.FetchCursor(fields.cursorId, fields.maxCount);
                }
                case 9 -> {
                    var fields = fields(in.message(), Layout.SQL, 1);
                    ask = new ClientMessage.Ask.OfStream(fields.streamId, new StreamRequest.Sequence(fields.text()));
                }
                case 10 -> {
                    var fields = fields(in.message(), Layout.SQL, 1);
                    ask = new ClientMessage.Ask.OfStream(fields.streamId, new StreamRequest.Describe(fields.text()));
                }
                case 11 ->
                    ask = new ClientMessage.Ask.StoreSql(
                            fields(in.message(), Layout.STORE_SQL, 0).storeSql());
                case 12 ->
                    ask = new ClientMessage.Ask.CloseSql(
                            fields(in.message(), Layout.STORE_SQL, 0).closeSql());
                case 13 ->
                    ask = new ClientMessage.Ask.OfStream(stream(in).streamId, StreamRequest.Autocommit.AUTOCOMMIT);
                default -> in.skip();
            }
        }
        return new ClientMessage.Request(requestId, required(ask, "the kind of a request"));
    }

    private static Fields stream(ProtobufInput in) {
        return fields(in.message(), Layout.NOTHING, 1);
    }

    /** What the fields of a request are, behind those that say which stream or cursor it is for. */
    private enum Layout {
        NOTHING,
        EXECUTE,
        BATCH,
        SQL,
        STORE_SQL,
        CLOSE_SQL,
        OPEN_CURSOR,
        FETCH_CURSOR,
        CLOSE_CURSOR
    }

    /** All that requests have, of which each has some. */
    private static final class Fields {
        int streamId;
        int cursorId;
        long maxCount;
        int id;
        String stored = "";

        @Nullable
        HranaStatement statement;

        @Nullable
        HranaBatch batch;

        @Nullable
        String sql;

        @Nullable
        Integer sqlId;

        StreamRequest execute() {
            return new StreamRequest.Execute(required(statement, "stmt"));
        }

        StreamRequest streamBatch() {
            return new StreamRequest.Batch(batch());
        }

        HranaBatch batch() {
            return required(batch, "batch");
        }

        SqlText text() {
            return ProtobufRequests.text(sql, sqlId);
        }

        StreamRequest.StoreSql storeSql() {
            return new StreamRequest.StoreSql(id, stored);
        }

        StreamRequest.CloseSql closeSql() {
            return new StreamRequest.CloseSql(id);
        }
    }

    /** Reads a request whose own fields come behind {@code idCount} ids. */
    private static Fields fields(ProtobufInput in, Layout layout, int idCount) {
        var fields = new Fields();
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            if (field <= idCount) {
                if (layout == Layout.FETCH_CURSOR || layout == Layout.CLOSE_CURSOR || field == 2) {
                    fields.cursorId = in.int32();
                } else {
                    fields.streamId = in.int32();
                }
            } else {
                content(in, layout, field - idCount, fields);
            }
        }
        return fields;
    }

    private static void content(ProtobufInput in, Layout layout, int field, Fields fields) {
        switch (layout) {
            case EXECUTE -> {
                if (field == 1) {
                    fields.statement = statement(in.message());
                    return;
                }
            }
            case BATCH, OPEN_CURSOR -> {
                if (field == 1) {
                    fields.batch = batch(in.message());
                    return;
                }
            }
            case SQL -> {
                if (field == 1) {
                    fields.sql = in.text();
                    return;
                }
                if (field == 2) {
                    fields.sqlId = in.int32();
                    return;
                }
            }
            case STORE_SQL -> {
                if (field == 1) {
                    fields.id = in.int32();
                    return;
                }
                if (field == 2) {
                    fields.stored = in.text();
                    return;
                }
            }
            case CLOSE_SQL -> {
                if (field == 1) {
                    fields.id = in.int32();
                    return;
                }
            }
            case FETCH_CURSOR -> {
                if (field == 1) {
                    fields.maxCount = in.uint32();
                    return;
                }
            }
            case CLOSE_CURSOR, NOTHING -> {}
        }
        in.skip();
    }

    private static HranaStatement statement(ProtobufInput in) {
        String sql = null;
        Integer sqlId = null;
        List<SqlValue> args = new ArrayList<>();
        List<NamedArg> namedArgs = new ArrayList<>();
        var wantRows = true;
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            switch (field) {
                case 1 -> sql = in.text();
                case 2 -> sqlId = in.int32();
                case 3 -> args.add(value(in.message()));
                case 4 -> namedArgs.add(namedArg(in.message()));
                case 5 -> wantRows = in.bool();
                default -> in.skip();
            }
        }
        return new HranaStatement(text(sql, sqlId), args, namedArgs, wantRows);
    }

    private static NamedArg namedArg(ProtobufInput in) {
        var name = "";
        SqlValue value = null;
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            switch (field) {
                case 1 -> name = in.text();
                case 2 -> value = value(in.message());
                default -> in.skip();
            }
        }
        return new NamedArg(name, required(value, "the value of an argument"));
    }

    private static SqlValue value(ProtobufInput in) {
        SqlValue value = null;
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            switch (field) {
                case 1 -> {
                    in.skip();
                    value = SqlValue.NULL;
                }
                case 2 -> value = SqlValue.of(in.sint64());
                case 3 -> value = SqlValue.of(in.float64());
                case 4 -> value = SqlValue.of(in.text());
                case 5 -> value = SqlValue.of(in.bytes());
                default -> in.skip();
            }
        }
        return required(value, "the kind of a value");
    }

    private static HranaBatch batch(ProtobufInput in) {
        List<HranaBatch.Step> steps = new ArrayList<>();
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            if (field == 1) {
                steps.add(step(in.message(), steps.size()));
            } else {
                in.skip();
            }
        }
        return new HranaBatch(steps);
    }

    private static HranaBatch.Step step(ProtobufInput in, int index) {
        Optional<StepCondition> condition = Optional.empty();
        HranaStatement statement = null;
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            switch (field) {
                case 1 -> condition = Optional.of(condition(in.message(), index));
                case 2 -> statement = statement(in.message());
                default -> in.skip();
            }
        }
        return new HranaBatch.Step(required(statement, "stmt"), condition);
    }

    private static StepCondition condition(ProtobufInput in, int stepCount) {
        StepCondition condition = null;
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            switch (field) {
                case 1 -> condition = new StepCondition.Succeeded(earlierStep(in.uint32(), stepCount));
                case 2 -> condition = new StepCondition.Failed(earlierStep(in.uint32(), stepCount));
                case 3 -> condition = new StepCondition.Not(condition(in.message(), stepCount));
                case 4 -> condition = new StepCondition.All(conditions(in.message(), stepCount));
                case 5 -> condition = new StepCondition.Any(conditions(in.message(), stepCount));
                case 6 -> {
                    in.skip();
                    condition = StepCondition.IsAutocommit.IS_AUTOCOMMIT;
                }
                default -> in.skip();
            }
        }
        return required(condition, "the kind of a condition");
    }

    private static List<StepCondition> conditions(ProtobufInput in, int stepCount) {
        List<StepCondition> conditions = new ArrayList<>();
        for (var field = in.nextField(); field != 0; field = in.nextField()) {
            if (field == 1) {
                conditions.add(condition(in.message(), stepCount));
            } else {
                in.skip();
            }
        }
        return conditions;
    }

    private static int earlierStep(long step, int stepCount) {
        if (step >= stepCount) {
            throw new HranaException.Malformed(
                    "a condition of step " + stepCount + " names step " + step + ", which is not before it");
        }
        return (int) step;
    }

    private static SqlText text(@Nullable String sql, @Nullable Integer sqlId) {
        if ((sql == null) == (sqlId == null)) {
            throw new HranaException.Malformed("exactly one of sql and sql_id must be given");
        }
        return sqlId != null ? new SqlText.Stored(sqlId) : new SqlText.Inline(required(sql, "sql"));
    }

    private static <T> T required(@Nullable T value, String what) {
        if (value == null) {
            throw new HranaException.Malformed(what + " is missing");
        }
        return value;
    }
}
