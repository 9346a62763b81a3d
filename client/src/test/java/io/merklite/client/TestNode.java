package io.merklite.client;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.merklite.client.sql.SqlText;
import io.merklite.client.sql.SqlText.Kind;
import io.merklite.schema.text.StatementTokens;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;

/**
 * What a client needs of a node, on one SQLite file, with faults to order: Hrana 3 over HTTP by the book, bookmarks, keys of
 * writes, and events that a test writes itself.
 */
public final class TestNode implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final String url;
    private final Map<String, Stream> streams = new ConcurrentHashMap<>();
    private final Map<String, byte[]> answeredByKey;
    private final AtomicInteger nextStream = new AtomicInteger();
    private final AtomicLong writes = new AtomicLong();
    private final BlockingQueue<Fault> faults = new LinkedBlockingQueue<>();
    private final ConcurrentLinkedQueue<Seen> seen = new ConcurrentLinkedQueue<>();
    private final BlockingQueue<Feed> feeds = new LinkedBlockingQueue<>();
    private volatile boolean knowsKeys = true;

    /** What goes wrong with the next POST. */
    public enum Fault {
        LOST_BEFORE,
        LOST_AFTER,
        NO_WRITER
    }

    /** A POST that came. */
    public record Seen(
            String path, Optional<String> after, Optional<String> key, Optional<String> token, String body) {}

    /** A feed that somebody has opened; the test writes its events. */
    public record Feed(String path, Optional<String> lastId, String body, HttpExchange exchange, CountDownLatch done) {
        public void send(String text) {
            try {
                exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        public void end() {
            exchange.close();
            done.countDown();
        }
    }

    private static final class Stream {
        private final Connection connection;
        private int seq;
        private boolean isInTransaction;

        private Stream(Connection connection) {
            this.connection = connection;
        }
    }

    private TestNode(Path file, Map<String, byte[]> answeredByKey) throws IOException {
        this.url = "jdbc:sqlite:" + file;
        this.answeredByKey = answeredByKey;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    public static TestNode on(Path file) {
        return open(file, new ConcurrentHashMap<>());
    }

    private static TestNode open(Path file, Map<String, byte[]> keys) {
        try {
            return new TestNode(file, keys);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Another node with the same data and the same memory of keys. */
    public TestNode twin() {
        return open(Path.of(url.substring("jdbc:sqlite:".length())), answeredByKey);
    }

    public int port() {
        return server.getAddress().getPort();
    }

    public String address() {
        return "http://127.0.0.1:" + port();
    }

    public void failNext(Fault... what) {
        faults.addAll(List.of(what));
    }

    public void forgetsKeys() {
        knowsKeys = false;
    }

    public List<Seen> seen() {
        return List.copyOf(seen);
    }

    public BlockingQueue<Feed> feeds() {
        return feeds;
    }

    public int openStreamCount() {
        return streams.size();
    }

    /** What a stream that is silent for too long comes to. */
    public void expireStreams() throws SQLException {
        for (var stream : streams.values()) {
            stream.connection.close();
        }
        streams.clear();
    }

    // ---- HTTP

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var path = exchange.getRequestURI().toString();
            var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            var headers = exchange.getRequestHeaders();
            if (knowsKeys) {
                exchange.getResponseHeaders().add("merklite-features", "idempotency");
            }
            if (path.startsWith("/v1/databases/")) {
                feed(exchange, path, body);
                return;
            }
            if (!path.startsWith("/db/shop/v3")) {
                answer(exchange, 404, "{\"message\":\"no such database\",\"code\":\"DATABASE_NOT_FOUND\"}");
                return;
            }
            if (exchange.getRequestMethod().equals("GET")) {
                answer(exchange, 200, "{}");
                return;
            }
            var key = Optional.ofNullable(headers.getFirst("merklite-idempotency-key"))
                    .filter(any -> knowsKeys);
            seen.add(new Seen(
                    path,
                    Optional.ofNullable(headers.getFirst("merklite-after")),
                    Optional.ofNullable(headers.getFirst("merklite-idempotency-key")),
                    Optional.ofNullable(headers.getFirst("authorization")),
                    body));
            var fault = Optional.ofNullable(faults.poll());
            if (fault.equals(Optional.of(Fault.LOST_BEFORE))) {
                return;
            }
            if (fault.equals(Optional.of(Fault.NO_WRITER))) {
                answer(exchange, 503, "{\"message\":\"no writer\",\"code\":\"NO_WRITER\"}");
                return;
            }
            if (path.endsWith("/cursor")) {
                cursor(exchange, JsonParser.parseString(body).getAsJsonObject());
                return;
            }
            var known = key.map(answeredByKey::get);
            if (known.isPresent()) {
                answer(exchange, 200, known.get());
                return;
            }
            var answer = pipeline(JsonParser.parseString(body).getAsJsonObject());
            if (answer.isEmpty()) {
                answer(exchange, 400, "{\"message\":\"the stream has expired\",\"code\":\"STREAM_EXPIRED\"}");
                return;
            }
            var bytes = answer.get().toString().getBytes(StandardCharsets.UTF_8);
            key.ifPresent(value -> answeredByKey.put(value, bytes));
            exchange.getResponseHeaders().add("merklite-bookmark", "b" + writes.get());
            if (fault.isEmpty()) {
                answer(exchange, 200, bytes);
            }
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        answer(exchange, status, body.getBytes(StandardCharsets.UTF_8));
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getResponseHeaders().add("content-type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    private void feed(HttpExchange exchange, String path, String body) throws IOException {
        exchange.getResponseHeaders().add("content-type", "text/event-stream");
        exchange.getResponseHeaders().add("merklite-subscription", "s1");
        exchange.sendResponseHeaders(200, 0);
        exchange.getResponseBody().flush();
        var done = new CountDownLatch(1);
        feeds.add(new Feed(
                path,
                Optional.ofNullable(exchange.getRequestHeaders().getFirst("last-event-id")),
                body,
                exchange,
                done));
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- streams

    private record Taken(String id, Stream stream) {}

    private Optional<Taken> take(JsonObject request) throws SQLException {
        var baton = request.get("baton");
        if (baton == null || baton.isJsonNull()) {
            var connection = DriverManager.getConnection(url);
            try (var statement = connection.createStatement()) {
                statement.execute("PRAGMA journal_mode = WAL");
                statement.execute("PRAGMA busy_timeout = 3000");
                statement.execute("PRAGMA foreign_keys = ON");
            }
            return Optional.of(new Taken("s" + nextStream.incrementAndGet(), new Stream(connection)));
        }
        var parts = baton.getAsString().split(":");
        var stream = streams.get(parts[0]);
        return stream != null && stream.seq == Integer.parseInt(parts[1])
                ? Optional.of(new Taken(parts[0], stream))
                : Optional.empty();
    }

    private JsonElement give(Taken taken, boolean isClosed) throws SQLException {
        if (isClosed) {
            streams.remove(taken.id());
            taken.stream().connection.close();
            return JsonNull.INSTANCE;
        }
        streams.put(taken.id(), taken.stream());
        return new JsonPrimitive(taken.id() + ":" + ++taken.stream().seq);
    }

    private Optional<JsonObject> pipeline(JsonObject request) throws SQLException {
        var taken = take(request);
        if (taken.isEmpty()) {
            return Optional.empty();
        }
        var results = new JsonArray();
        var isClosed = false;
        for (var one : request.getAsJsonArray("requests")) {
            isClosed |= one.getAsJsonObject().get("type").getAsString().equals("close");
            results.add(result(taken.get().stream(), one.getAsJsonObject()));
        }
        var answer = new JsonObject();
        answer.add("baton", give(taken.get(), isClosed));
        answer.add("base_url", JsonNull.INSTANCE);
        answer.add("results", results);
        return Optional.of(answer);
    }

    private JsonObject result(Stream stream, JsonObject request) {
        var type = request.get("type").getAsString();
        var response = new JsonObject();
        response.addProperty("type", type);
        var answer = new JsonObject();
        try {
            switch (type) {
                case "execute" -> response.add("result", execute(stream, request.getAsJsonObject("stmt")));
                case "batch" -> response.add("result", batch(stream, request.getAsJsonObject("batch")));
                case "sequence" -> {
                    for (var sql : request.get("sql").getAsString().split(";")) {
                        if (!sql.isBlank()) {
                            execute(stream, statement(sql));
                        }
                    }
                }
                case "describe" ->
                    response.add("result", describe(stream, request.get("sql").getAsString()));
                case "get_autocommit" -> response.addProperty("is_autocommit", !stream.isInTransaction);
                case "close" -> {
                    // done by the caller
                }
                default -> throw new AssertionError(type);
            }
            answer.addProperty("type", "ok");
            answer.add("response", response);
        } catch (SQLException e) {
            answer.addProperty("type", "error");
            answer.add("error", error(e));
        }
        return answer;
    }

    private static JsonObject statement(String sql) {
        var statement = new JsonObject();
        statement.addProperty("sql", sql);
        return statement;
    }

    private static JsonObject error(SQLException e) {
        var error = new JsonObject();
        error.addProperty("message", e.getMessage());
        var code = SQLiteErrorCode.getErrorCode(e.getErrorCode() & 0xff).name();
        error.addProperty(
                "code", code.equals("SQLITE_ERROR") || code.equals("UNKNOWN_ERROR") ? "SQLITE_UNKNOWN" : code);
        return error;
    }

    private JsonObject batch(Stream stream, JsonObject batch) {
        var results = new JsonArray();
        var errors = new JsonArray();
        for (var element : batch.getAsJsonArray("steps")) {
            var step = element.getAsJsonObject();
            JsonElement result = JsonNull.INSTANCE;
            JsonElement error = JsonNull.INSTANCE;
            if (holds(step.get("condition"), results, errors)) {
                try {
                    result = execute(stream, step.getAsJsonObject("stmt"));
                } catch (SQLException e) {
                    error = error(e);
                }
            }
            results.add(result);
            errors.add(error);
        }
        var answer = new JsonObject();
        answer.add("step_results", results);
        answer.add("step_errors", errors);
        return answer;
    }

    private static boolean holds(JsonElement element, JsonArray results, JsonArray errors) {
        if (element == null || element.isJsonNull()) {
            return true;
        }
        var condition = element.getAsJsonObject();
        return switch (condition.get("type").getAsString()) {
            case "ok" -> !results.get(condition.get("step").getAsInt()).isJsonNull();
            case "error" -> !errors.get(condition.get("step").getAsInt()).isJsonNull();
            case "not" -> !holds(condition.get("cond"), results, errors);
            case "and" ->
                condition.getAsJsonArray("conds").asList().stream().allMatch(one -> holds(one, results, errors));
            default -> throw new AssertionError(condition);
        };
    }

    private PreparedStatement prepared(Stream stream, JsonObject statement) throws SQLException {
        var sql = statement.get("sql").getAsString();
        if (SqlText.of(sql).statementCount() > 1) {
            throw new SQLException("SQL_MANY_STATEMENTS: several statements");
        }
        var prepared = stream.connection.prepareStatement(sql);
        var names = parameters(sql);
        if (statement.has("args")) {
            var i = 1;
            for (var arg : statement.getAsJsonArray("args")) {
                prepared.setObject(i++, value(arg.getAsJsonObject()));
            }
        }
        if (statement.has("named_args")) {
            for (var arg : statement.getAsJsonArray("named_args")) {
                var name = arg.getAsJsonObject().get("name").getAsString();
                var bare = name.matches("[:@$].*") ? name.substring(1) : name;
                for (var i = 0; i < names.size(); i++) {
                    if (names.get(i).substring(1).equals(bare)) {
                        prepared.setObject(i + 1, value(arg.getAsJsonObject().getAsJsonObject("value")));
                    }
                }
            }
        }
        return prepared;
    }

    private static Object value(JsonObject value) {
        return switch (value.get("type").getAsString()) {
            case "null" -> null;
            case "integer" -> Long.parseLong(value.get("value").getAsString());
            case "float" -> value.get("value").getAsDouble();
            case "text" -> value.get("value").getAsString();
            case "blob" -> Base64.getDecoder().decode(value.get("base64").getAsString());
            default -> throw new AssertionError(value);
        };
    }

    private JsonObject execute(Stream stream, JsonObject statement) throws SQLException {
        var rows = new JsonArray();
        var answer = new JsonObject();
        var end = run(stream, statement, columns -> answer.add("cols", columns), rows::add);
        answer.add("rows", rows);
        end.entrySet().forEach(field -> answer.add(field.getKey(), field.getValue()));
        return answer;
    }

    private interface Taking<T> {
        void take(T value) throws SQLException;
    }

    private JsonObject run(Stream stream, JsonObject statement, Taking<JsonArray> columns, Taking<JsonArray> rows)
            throws SQLException {
        var sql = statement.get("sql").getAsString();
        var text = SqlText.of(sql);
        long affected = 0;
        JsonElement rowid = JsonNull.INSTANCE;
        try (var prepared = prepared(stream, statement)) {
            if (prepared.execute()) {
                try (var result = prepared.getResultSet()) {
                    columns.take(columns(result.getMetaData()));
                    while (result.next()) {
                        var row = new JsonArray();
                        for (var i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                            row.add(json(result.getObject(i)));
                        }
                        rows.take(row);
                    }
                }
            } else {
                columns.take(new JsonArray());
            }
            if (text.kind() == Kind.WRITE) {
                affected = number(stream, "SELECT changes()");
                writes.incrementAndGet();
                if (text.isInserting()) {
                    rowid = new JsonPrimitive(Long.toString(number(stream, "SELECT last_insert_rowid()")));
                }
            }
        }
        switch (text.kind()) {
            case BEGIN -> stream.isInTransaction = true;
            case COMMIT, ROLLBACK -> stream.isInTransaction = false;
            default -> {
                // the transaction stays as it is
            }
        }
        var end = new JsonObject();
        end.addProperty("affected_row_count", affected);
        end.add("last_insert_rowid", rowid);
        return end;
    }

    private static long number(Stream stream, String sql) throws SQLException {
        try (var statement = stream.connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static JsonArray columns(ResultSetMetaData data) throws SQLException {
        var columns = new JsonArray();
        for (var i = 1; i <= data.getColumnCount(); i++) {
            var column = new JsonObject();
            column.addProperty("name", data.getColumnName(i));
            column.addProperty("decltype", data.getColumnTypeName(i));
            columns.add(column);
        }
        return columns;
    }

    private static JsonObject json(Object value) {
        var json = new JsonObject();
        switch (value) {
            case null -> json.addProperty("type", "null");
            case Integer number -> integer(json, number);
            case Long number -> integer(json, number);
            case Double number -> {
                json.addProperty("type", "float");
                json.add(
                        "value",
                        number.isInfinite()
                                ? JsonParser.parseString(number > 0 ? "1e999" : "-1e999")
                                : new JsonPrimitive(number));
            }
            case byte[] bytes -> {
                json.addProperty("type", "blob");
                json.addProperty("base64", Base64.getEncoder().withoutPadding().encodeToString(bytes));
            }
            default -> {
                json.addProperty("type", "text");
                json.addProperty("value", value.toString());
            }
        }
        return json;
    }

    private static void integer(JsonObject json, long number) {
        json.addProperty("type", "integer");
        json.addProperty("value", Long.toString(number));
    }

    private static List<String> parameters(String sql) {
        return StatementTokens.of(sql).stream()
                .flatMap(statement -> statement.parameters().stream())
                .map(name -> name.filter(sign -> !sign.startsWith("?")).orElse("?"))
                .toList();
    }

    private JsonObject describe(Stream stream, String sql) throws SQLException {
        var answer = new JsonObject();
        var parameters = new JsonArray();
        for (var name : parameters(sql)) {
            var parameter = new JsonObject();
            parameter.addProperty("name", name.equals("?") ? null : name);
            parameters.add(parameter);
        }
        answer.add("params", parameters);
        try (var prepared = stream.connection.prepareStatement(sql)) {
            var kind = SqlText.of(sql).kind();
            answer.add(
                    "cols",
                    kind == Kind.READ || kind == Kind.PRAGMA ? columns(prepared.getMetaData()) : new JsonArray());
            answer.addProperty("is_readonly", kind == Kind.READ);
        }
        return answer;
    }

    // ---- cursors

    private void cursor(HttpExchange exchange, JsonObject request) throws IOException, SQLException {
        var taken = take(request);
        if (taken.isEmpty()) {
            answer(exchange, 400, "{\"message\":\"the stream has expired\",\"code\":\"STREAM_EXPIRED\"}");
            return;
        }
        exchange.sendResponseHeaders(200, 0);
        var out = exchange.getResponseBody();
        var head = new JsonObject();
        head.add("baton", give(taken.get(), false));
        head.add("base_url", JsonNull.INSTANCE);
        line(out, head);
        List<Boolean> succeeded = new ArrayList<>();
        var steps = request.getAsJsonObject("batch").getAsJsonArray("steps");
        for (var i = 0; i < steps.size(); i++) {
            var step = steps.get(i).getAsJsonObject();
            var condition = step.get("condition");
            if (condition != null
                    && !condition.isJsonNull()
                    && !succeeded.get(condition.getAsJsonObject().get("step").getAsInt())) {
                succeeded.add(false);
                continue;
            }
            succeeded.add(step(taken.get().stream(), out, i, step.getAsJsonObject("stmt")));
        }
    }

    private boolean step(Stream stream, OutputStream out, int index, JsonObject statement) throws IOException {
        try {
            var end = run(
                    stream,
                    statement,
                    columns -> {
                        var begin = new JsonObject();
                        begin.addProperty("type", "step_begin");
                        begin.addProperty("step", index);
                        begin.add("cols", columns);
                        line(out, begin);
                    },
                    row -> {
                        var entry = new JsonObject();
                        entry.addProperty("type", "row");
                        entry.add("row", row);
                        line(out, entry);
                    });
            end.addProperty("type", "step_end");
            line(out, end);
            return true;
        } catch (SQLException e) {
            var failed = new JsonObject();
            failed.addProperty("type", "step_error");
            failed.addProperty("step", index);
            failed.add("error", error(e));
            line(out, failed);
            return false;
        }
    }

    private static void line(OutputStream out, JsonObject entry) {
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(entry.toString().getBytes(StandardCharsets.UTF_8));
        bytes.write('\n');
        try {
            out.write(bytes.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
        streams.values().forEach(stream -> {
            try {
                stream.connection.unwrap(SQLiteConnection.class).getDatabase().interrupt();
                stream.connection.close();
            } catch (SQLException e) {
                throw new AssertionError(e);
            }
        });
    }
}
