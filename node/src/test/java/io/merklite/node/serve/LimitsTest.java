package io.merklite.node.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What clients are told at the limits of a node, which are small here. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class LimitsTest {
    private static final String PIPELINE = "db/orders/v2/pipeline";
    private static final String INSERT = "\"INSERT INTO item DEFAULT VALUES\"";

    @TempDir
    static Path directory;

    private static OneNode busy;
    private static OneNode impatient;
    private static int count;
    private static int lostCount;

    @BeforeAll
    static void start() {
        busy = OneNode.open(
                directory.resolve("busy"),
                Map.of(
                        "merklite.database.max-queue", "1",
                        "merklite.database.lease-contended", "60s",
                        "merklite.database.lease-idle", "60s",
                        "merklite.hrana.stream-idle", "60s",
                        "merklite.http.head-timeout", "500ms"));
        impatient = OneNode.open(
                directory.resolve("impatient"),
                Map.of("merklite.database.lease-contended", "1ms", "merklite.database.tick-interval", "1ms"));
        for (var node : List.of(busy, impatient)) {
            assertThat(node.send(
                                    "PUT",
                                    "v1/databases/orders",
                                    "{\"schema\":\"CREATE TABLE item(id INTEGER PRIMARY KEY)\"}")
                            .statusCode())
                    .isEqualTo(201);
        }
    }

    @AfterAll
    static void stop() {
        impatient.close();
        busy.close();
    }

    @Test
    void requestsBeyondTheQueueAreRefusedAsOverloaded() {
        var baton = begin(busy);

        var overRest = Stream.generate(() -> CompletableFuture.supplyAsync(() -> rest(busy)))
                .limit(3)
                .toList();
        var overHrana = Stream.generate(() -> CompletableFuture.supplyAsync(() -> hrana(busy, "null", INSERT, true)))
                .limit(3)
                .toList();
        var all = Stream.concat(overRest.stream(), overHrana.stream()).toList();
        OneNode.await(() -> all.stream().filter(CompletableFuture::isDone).count() == 5);
        var refused = all.stream()
                .filter(CompletableFuture::isDone)
                .map(CompletableFuture::join)
                .toList();
        var committed = hrana(busy, baton, "\"COMMIT\"", true);

        assertThat(refused).allSatisfy(answer -> {
            assertThat(answer.statusCode()).isEqualTo(429);
            assertThat(code(answer.body())).isEqualTo("OVERLOADED");
        });
        assertThat(committed.statusCode()).as(committed.body()).isEqualTo(200);
        assertThat(committed.body()).doesNotContain("error");
        assertThat(all).allSatisfy(answer -> assertThat(answer).succeedsWithin(Duration.ofSeconds(60)));
        assertThat(all.stream().filter(answer -> answer.join().statusCode() == 200))
                .hasSize(1);
    }

    @Test
    void transactionThatWasTakenAwayIsToldSoOverHrana() {
        var baton = begin(impatient);
        assertThat(rest(impatient).statusCode()).isEqualTo(200);

        var late = hrana(impatient, baton, INSERT, true);

        assertThat(late.statusCode()).isEqualTo(200);
        assertThat(code(JsonParser.parseString(late.body())
                        .getAsJsonObject()
                        .getAsJsonArray("results")
                        .get(0)
                        .getAsJsonObject()
                        .get("error")
                        .toString()))
                .isEqualTo("TRANSACTION_TIMEOUT");
    }

    /** Whether another writer comes between the text and its COMMIT is chance: it is tried until it does. */
    @Test
    void importWhoseTransactionWasTakenAwayIsNoSuccess() {
        OneNode.await(() -> {
            count++;
            var database = "v1/databases/copy" + count;
            impatient.send("PUT", database, "");
            var importing = CompletableFuture.supplyAsync(
                    () -> impatient.send("POST", database + "/import", "CREATE TABLE t(v); INSERT INTO t VALUES (1)"));
            while (!importing.isDone()) {
                impatient.send("POST", database + "/transaction", "\"CREATE TABLE IF NOT EXISTS other(v)\"");
            }

            var answer = importing.join();
            var isThere = impatient
                            .send("POST", database + "/query", "\"SELECT v FROM t\"")
                            .statusCode()
                    == 200;
            if (answer.body().contains("DATABASE_NOT_EMPTY")) {
                return false;
            }
            assertThat(isThere).as(answer.body()).isEqualTo(answer.statusCode() == 200);
            if (!isThere) {
                assertThat(answer.statusCode()).isEqualTo(503);
                assertThat(code(answer.body())).isEqualTo("TRANSACTION_TIMEOUT");
            }
            lostCount += isThere ? 0 : 1;
            return lostCount == 3;
        });
    }

    @Test
    void connectionsWhoseHeadsDoNotComeAreCutOff() throws Exception {
        List<Socket> slow = new ArrayList<>();
        for (var i = 0; i < 64; i++) {
            slow.add(connect(busy));
        }

        for (var letter : "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".toCharArray()) {
            slow.forEach(socket -> write(socket, String.valueOf(letter)));
        }
        OneNode.await(() -> {
            slow.forEach(socket -> write(socket, "x"));
            return slow.stream().allMatch(LimitsTest::isCutOff);
        });

        assertThat(busy.send("GET", "health/live", "").statusCode()).isEqualTo(200);
        for (var socket : slow) {
            socket.close();
        }
    }

    @Test
    void connectionOnWhichHeadsComeStaysOpen() throws Exception {
        try (var socket = connect(busy)) {
            var deadline = Instant.now().plusMillis(2_000);
            while (Instant.now().isBefore(deadline)) {
                write(socket, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
                assertThat(firstLine(socket.getInputStream())).isEqualTo("HTTP/1.1 200 OK");
                drain(socket.getInputStream());
            }
        }
    }

    // ---- what clients do

    private static String begin(OneNode node) {
        var open = hrana(node, "null", "\"BEGIN IMMEDIATE\"", false);
        assertThat(open.body()).doesNotContain("error");
        return JsonParser.parseString(open.body())
                .getAsJsonObject()
                .get("baton")
                .toString();
    }

    private static HttpResponse<String> hrana(OneNode node, String baton, String sql, boolean isLast) {
        return node.send(
                "POST",
                PIPELINE,
                "{\"baton\":" + baton + ",\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":" + sql + "}}"
                        + (isLast ? ",{\"type\":\"close\"}]}" : "]}"));
    }

    private static HttpResponse<String> rest(OneNode node) {
        return node.send("POST", "v1/databases/orders/transaction", INSERT);
    }

    private static String code(String body) {
        return JsonParser.parseString(body).getAsJsonObject().get("code").getAsString();
    }

    private static Socket connect(OneNode node) throws IOException {
        var url = URI.create(node.url());
        var socket = new Socket(url.getHost(), url.getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(60_000);
        return socket;
    }

    private static void write(Socket socket, String text) {
        try {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            assertThat(e).hasMessageMatching("(?i).*(broken pipe|reset|closed).*"); // it was cut off
        }
    }

    /** Nothing is ever answered on these connections: if there is something to read, it is the end. */
    private static boolean isCutOff(Socket socket) {
        try {
            socket.setSoTimeout(1);
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static String firstLine(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (var next = in.read(); next != '\n'; next = in.read()) {
            assertThat(next).as("the connection was cut off after " + line).isNotNegative();
            line.append((char) next);
        }
        return line.toString().strip();
    }

    private static void drain(InputStream in) throws IOException {
        var length = 0;
        for (var line = firstLine(in); !line.isEmpty(); line = firstLine(in)) {
            if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
                length = Integer.parseInt(line.substring(line.indexOf(':') + 1).strip());
            }
        }
        in.readNBytes(length);
    }
}
