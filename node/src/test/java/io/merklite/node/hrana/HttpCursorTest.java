package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.merklite.node.http.Access;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Section 6 of the notes on Hrana, over HTTP. */
class HttpCursorTest {
    private static final String ENDLESS =
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c";
    private static TestServer server;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = TestServer.start(folder, "hrana { stream-idle = 1s, cursor-heartbeat = 200ms }", Access.OPEN);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Test
    void entriesComeAsLines() {
        var answer = server.post(
                "/db/a/v3/cursor",
                batch(
                        null,
                        "{\"stmt\":{\"sql\":\"CREATE TABLE IF NOT EXISTS lines (id INTEGER PRIMARY KEY, v TEXT)\"}}",
                        "{\"stmt\":{\"sql\":\"INSERT INTO lines VALUES (4611686018427387904, 'x')\"}}",
                        "{\"stmt\":{\"sql\":\"SELECT v FROM lines\"}}",
                        "{\"stmt\":{\"sql\":\"SELECT * FROM missing\"}}",
                        "{\"stmt\":{\"sql\":\"SELECT 1\"},\"condition\":{\"type\":\"ok\",\"step\":3}}",
                        "{\"stmt\":{\"sql\":\"SELECT 1\",\"want_rows\":false},\"condition\":{\"type\":\"is_autocommit\"}}"));
        var lines = answer.body().lines().toList();

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).endsWith("\n");
        assertThat(json(lines.getFirst()).keySet()).containsExactly("baton", "base_url");
        assertThat(lines.subList(1, lines.size()))
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("{\"type\":\"step_begin\",\"step\":0,\"cols\":[]}"),
                        line -> assertThat(line)
                                .isEqualTo(
                                        "{\"type\":\"step_end\",\"affected_row_count\":0,\"last_insert_rowid\":null}"),
                        line -> assertThat(line).isEqualTo("{\"type\":\"step_begin\",\"step\":1,\"cols\":[]}"),
                        line -> assertThat(line)
                                .isEqualTo(
                                        "{\"type\":\"step_end\",\"affected_row_count\":1,\"last_insert_rowid\":\"4611686018427387904\"}"),
                        line -> assertThat(line)
                                .isEqualTo(
                                        "{\"type\":\"step_begin\",\"step\":2,\"cols\":[{\"name\":\"v\",\"decltype\":\"TEXT\"}]}"),
                        line -> assertThat(line)
                                .isEqualTo("{\"type\":\"row\",\"row\":[{\"type\":\"text\",\"value\":\"x\"}]}"),
                        line -> assertThat(line)
                                .isEqualTo(
                                        "{\"type\":\"step_end\",\"affected_row_count\":0,\"last_insert_rowid\":null}"),
                        line -> assertThat(line)
                                .startsWith("{\"type\":\"step_error\",\"step\":3,\"error\":{\"message\":"),
                        line -> assertThat(line).startsWith("{\"type\":\"step_begin\",\"step\":5,"),
                        line -> assertThat(line).startsWith("{\"type\":\"step_end\""));
    }

    @Test
    void streamGoesOnAfterTheBodyWasRead(@TempDir Path other) throws Exception {
        try (var patient = TestServer.start(other, "hrana.stream-idle = 10m", Access.OPEN)) {
            var cursor = patient.post("/db/a/v3/cursor", batch(null, "{\"stmt\":{\"sql\":\"BEGIN\"}}"));
            var baton = json(cursor.body().lines().findFirst().orElseThrow())
                    .get("baton")
                    .getAsString();

            var next = patient.pipeline("/db/a/", baton, "{\"type\":\"get_autocommit\"},{\"type\":\"close\"}");

            assertThat(next.toString()).contains("\"is_autocommit\":false");
        }
    }

    @Test
    void requestThatComesBeforeTheEndWaits() throws Exception {
        try (var body = open("{\"stmt\":{\"sql\":\"" + ENDLESS + " LIMIT 200000\"}}")) {
            var baton = json(body.readLine()).get("baton").getAsString();
            var early = server.client.sendAsync(
                    server.builder("/db/a/v3/pipeline")
                            .POST(HttpRequest.BodyPublishers.ofString("{\"baton\":\"" + baton
                                    + "\",\"requests\":[{\"type\":\"get_autocommit\"},{\"type\":\"close\"}]}"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());

            var rows = body.lines()
                    .filter(line -> line.startsWith("{\"type\":\"row\""))
                    .count();

            assertThat(rows).isEqualTo(200_000);
            assertThat(early.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void headComesAtOnceAndRowsAsTheyAre() throws Exception {
        try (var body = open("{\"stmt\":{\"sql\":\"" + ENDLESS + "\"}}")) {
            assertThat(json(body.readLine()).has("baton")).isTrue();
            assertThat(body.readLine()).startsWith("{\"type\":\"step_begin\"");
            assertThat(body.readLine()).contains("\"value\":\"1\"");
        }
        HttpStreamsTest.await(() -> server.databases.openConnections.get() == 0);
    }

    @Test
    void readerThatGoesAwayFreesTheConnection() throws Exception {
        var body = batch(null, "{\"stmt\":{\"sql\":\"" + ENDLESS + "\"}}");
        try (var socket = new Socket("127.0.0.1", server.port())) {
            socket.getOutputStream()
                    .write(("POST /db/a/v3/cursor HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                    + body)
                            .getBytes(StandardCharsets.US_ASCII));
            var first = socket.getInputStream().readNBytes(100);

            assertThat(new String(first, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 200");
            assertThat(server.databases.openConnections.get()).isPositive();
        }

        HttpStreamsTest.await(() -> server.databases.openConnections.get() == 0);
    }

    @Test
    void readerThatGoesAwayEndsAStatementThatGivesNoRows() throws Exception {
        var body = batch(null, "{\"stmt\":{\"sql\":\"SELECT count(*) FROM (" + ENDLESS + ")\"}}");
        try (var socket = new Socket("127.0.0.1", server.port())) {
            socket.getOutputStream()
                    .write(("POST /db/a/v3/cursor HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                    + body)
                            .getBytes(StandardCharsets.US_ASCII));
            var first = socket.getInputStream().readNBytes(100);

            assertThat(new String(first, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 200");
        }

        HttpStreamsTest.await(() -> server.databases.openConnections.get() == 0);
    }

    @Test
    void malformedCursorIsRefused() {
        assertThat(server.post("/db/a/v3/cursor", "{}").statusCode()).isEqualTo(400);
        assertThat(server.post("/db/a/v3/cursor", batch("nonsense")).statusCode())
                .isEqualTo(400);
        assertThat(server.post("/db/a/v2/cursor", batch(null)).statusCode()).isEqualTo(404);
    }

    private static BufferedReader open(String step) throws Exception {
        var response = server.client.send(
                server.builder("/db/a/v3/cursor")
                        .POST(HttpRequest.BodyPublishers.ofString(batch(null, step)))
                        .build(),
                HttpResponse.BodyHandlers.ofInputStream());
        return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    private static String batch(String baton, String... steps) {
        return "{\"baton\":" + (baton == null ? "null" : '"' + baton + '"') + ",\"batch\":{\"steps\":["
                + String.join(",", List.of(steps)) + "]}}";
    }

    private static JsonObject json(String line) {
        return JsonParser.parseString(line).getAsJsonObject();
    }
}
