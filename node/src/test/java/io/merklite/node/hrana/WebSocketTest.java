package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import io.merklite.node.http.Bookmark;
import java.io.DataInputStream;
import java.net.Socket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Section 7 of the notes on Hrana, and 6 over WebSocket. */
class WebSocketTest {
    private static final String OPEN = "{\"type\":\"open_stream\",\"stream_id\":0}";
    private static final String CLOSE = "{\"type\":\"close_stream\",\"stream_id\":0}";
    private static final String ENDLESS =
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c";
    private static TestServer server;
    private static TestServer pinging;

    @BeforeAll
    static void start(@TempDir Path folder, @TempDir Path other) {
        pinging = TestServer.start(other, "hrana.ping-interval = 300ms", new HranaEndpointsTest.Tokens());
        server = TestServer.start(
                folder,
                "hrana { max-streams-per-socket = 100 }\nhttp.max-request-size = 1 MiB",
                new HranaEndpointsTest.Tokens());
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        pinging.close();
    }

    @Test
    void helloOkComesBeforeAnswersToWhatWasPipelined() throws Exception {
        try (var client = connect("hrana2")) {
            client.send("{\"type\":\"hello\",\"jwt\":\"write\"}")
                    .request(0, OPEN)
                    .request(1, "{\"type\":\"store_sql\",\"sql_id\":0,\"sql\":\"SELECT 42\"}")
                    .request(2, "{\"type\":\"execute\",\"stream_id\":0,\"stmt\":{\"sql_id\":0}}")
                    .request(3, CLOSE);

            assertThat(client.next()).hasToString("{\"type\":\"hello_ok\"}");
            assertThat(client.next().toString())
                    .isEqualTo("{\"type\":\"response_ok\",\"request_id\":0,\"response\":{\"type\":\"open_stream\"}}");
            assertThat(client.next().toString())
                    .isEqualTo("{\"type\":\"response_ok\",\"request_id\":1,\"response\":{\"type\":\"store_sql\"}}");
            assertThat(client.next().toString())
                    .contains("\"request_id\":2", "\"type\":\"execute\"", "\"value\":\"42\"");
            assertThat(client.next().toString())
                    .isEqualTo("{\"type\":\"response_ok\",\"request_id\":3,\"response\":{\"type\":\"close_stream\"}}");
        }
    }

    @Test
    void clientThatKnowsOfBookmarksIsToldThem() throws Exception {
        var upgrade = server.client.newWebSocketBuilder().header("merklite-after", "");
        try (var client = SocketClient.connect(upgrade, server.url("/db/a/"), "hrana3")) {
            client.send("{\"type\":\"hello\",\"jwt\":\"write\"}")
                    .request(0, OPEN)
                    .request(1, "{\"type\":\"execute\",\"stream_id\":0,\"stmt\":{\"sql\":\"CREATE TABLE told(v)\"}}");
            client.next();
            client.next();

            var bookmark = client.next().get("bookmark").getAsString();

            assertThat(Bookmark.decode(bookmark)).isPresent();
        }
    }

    @Test
    void upgradeWithAWrongHeaderIsRefused() {
        var upgrade = server.client.newWebSocketBuilder().header("merklite-ack", "most");

        assertThatThrownBy(() -> SocketClient.connect(upgrade, server.url("/db/a/"), "hrana2"))
                .hasCauseInstanceOf(WebSocketHandshakeException.class);
    }

    @Test
    void subprotocolIsTheBestThatIsOffered() throws Exception {
        assertThat(subprotocol("hrana2", "hrana1")).isEqualTo("hrana2");
        assertThat(subprotocol("hrana1", "hrana3", "other")).isEqualTo("hrana3");
        assertThat(subprotocol("hrana3", "hrana3-protobuf")).isEqualTo("hrana3-protobuf");
        assertThat(subprotocol("HRANA1")).isEqualTo("HRANA1");
        assertThat(subprotocol()).isEmpty();
    }

    @Test
    void unknownSubprotocolAndUnknownDatabaseAreRefusedAtTheUpgrade() {
        assertThat(upgradeStatus("/db/a/", "other")).isEqualTo(400);
        assertThat(upgradeStatus("/db/unknown/", "hrana2")).isEqualTo(404);
        assertThat(upgradeStatus("/db/v2", "hrana2")).isEqualTo(404);
    }

    @Test
    void pathNeedsNoLastSlash() throws Exception {
        for (var path : new String[] {"/db/a", "/db/a/", "/"}) {
            try (var client = SocketClient.connect(server, path, "hrana2")) {
                assertThat(client.subprotocol()).isEqualTo("hrana2");
            }
        }
    }

    @Test
    void badTokenIsToldAndNothingThatFollowsRuns() throws Exception {
        try (var client = connect("hrana2")) {
            client.send("{\"type\":\"hello\",\"jwt\":\"wrong\"}");
            client.socket().sendText("{\"type\":\"request\",\"request_id\":0,\"request\":" + OPEN + "}", true);

            assertThat(client.next().toString())
                    .isEqualTo(
                            "{\"type\":\"hello_error\",\"error\":{\"message\":\"no good token\",\"code\":\"AUTH_JWT_INVALID\"}}");
            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @Test
    void tokenForReadingDoesNotWriteAndALaterHelloChangesIt() throws Exception {
        try (var client = connect("hrana2")) {
            client.send("{\"type\":\"hello\",\"jwt\":\"read\"}")
                    .request(0, OPEN)
                    .request(1, execute(0, "CREATE TABLE late (x)"));
            client.next();
            client.next();
            assertThat(client.next().toString()).contains("response_error", "SQLITE_READONLY");

            client.send("{\"type\":\"hello\",\"jwt\":\"write\"}")
                    .request(2, "{\"type\":\"open_stream\",\"stream_id\":1}")
                    .request(3, execute(1, "CREATE TABLE late (x)"));
            assertThat(client.next()).hasToString("{\"type\":\"hello_ok\"}");
            client.next();
            assertThat(client.next().toString()).contains("response_ok");

            client.send("{\"type\":\"hello\",\"jwt\":\"read\"}").request(4, execute(1, "SELECT 1"));
            client.next();
            assertThat(client.next().toString()).contains("ACCESS_DENIED");
        }
    }

    @Test
    void expiredTokenEndsTheConnection() throws Exception {
        try (var client = connect("hrana2")) {
            client.send("{\"type\":\"hello\",\"jwt\":\"brief\"}");

            assertThat(client.next()).hasToString("{\"type\":\"hello_ok\"}");
            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @Test
    void requestsOfAStreamRunInOrderAndStreamsAtTheSameTime() throws Exception {
        try (var client = ready("hrana3")) {
            client.request(0, OPEN).request(1, "{\"type\":\"open_stream\",\"stream_id\":7}");
            client.request(2, execute(0, "SELECT count(*) FROM (" + ENDLESS + " LIMIT 3000000)"));
            client.request(3, execute(0, "SELECT 'after'"));
            client.request(4, execute(7, "SELECT 'quick'"));

            List<Integer> order = new ArrayList<>();
            for (var i = 0; i < 5; i++) {
                order.add(client.next().get("request_id").getAsInt());
            }

            assertThat(order).containsExactly(0, 1, 4, 2, 3);
        }
    }

    @Test
    void failedStatementIsAnAnswerAndKeepsTheConnection() throws Exception {
        try (var client = ready("hrana2")) {
            client.request(0, OPEN)
                    .request(1, execute(0, "SELECT * FROM missing"))
                    .request(2, execute(0, "SELECT 1"));

            client.next();
            assertThat(client.next().toString()).contains("response_error", "\"request_id\":1", "no such table");
            assertThat(client.next().toString()).contains("response_ok");
        }
    }

    @Test
    void idsAreUsedAgainAfterTheyAreClosed() throws Exception {
        try (var client = ready("hrana2")) {
            for (var round = 0; round < 3; round++) {
                client.request(0, OPEN)
                        .request(1, execute(0, "SELECT " + round))
                        .request(2, CLOSE);
                client.next();
                assertThat(client.next().toString()).contains("\"value\":\"" + round + "\"");
                client.next();
            }
        }
    }

    @Test
    void streamsOverTheLimitAreNotOpenUntilClosed() throws Exception {
        try (var client = ready("hrana2")) {
            for (var i = 0; i < 100; i++) {
                client.request(i, "{\"type\":\"open_stream\",\"stream_id\":" + i + "}");
                assertThat(client.next().get("type").getAsString()).isEqualTo("response_ok");
            }

            client.request(100, "{\"type\":\"open_stream\",\"stream_id\":100}")
                    .request(101, execute(100, "SELECT 1"))
                    .request(102, "{\"type\":\"close_stream\",\"stream_id\":100}");

            assertThat(client.next().toString()).contains("response_error", "TOO_MANY_STREAMS");
            assertThat(client.next().toString()).contains("response_error", "STREAM_NOT_OPEN");
            assertThat(client.next().toString()).contains("response_ok");
        }
    }

    @Test
    void streamsOverTwiceTheLimitAreAViolation() throws Exception {
        try (var client = ready("hrana2")) {
            for (var i = 0; i <= 200; i++) {
                client.request(i, "{\"type\":\"open_stream\",\"stream_id\":" + i + "}");
            }

            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"execute\",\"stream_id\":9,\"stmt\":{\"sql\":\"SELECT 1\"}}",
                "{\"type\":\"close_stream\",\"stream_id\":9}",
                "{\"type\":\"execute\",\"stream_id\":0,\"stmt\":{\"sql_id\":3}}",
                "{\"type\":\"get_autocommit\",\"stream_id\":0}",
                "{\"type\":\"open_cursor\",\"stream_id\":0,\"cursor_id\":0,\"batch\":{\"steps\":[]}}",
                OPEN
            })
    void violationClosesWith1008(String request) throws Exception {
        try (var client = ready("hrana2")) {
            client.request(0, OPEN);
            client.next();

            client.request(1, request);

            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @Test
    void requestBeforeHelloClosesWith1008() throws Exception {
        try (var client = connect("hrana2")) {
            client.request(0, OPEN);

            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @Test
    void secondHelloInVersion1ClosesWith1008() throws Exception {
        try (var client = ready("hrana1")) {
            client.send("{\"type\":\"hello\",\"jwt\":\"write\"}");

            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "{}",
                "{\"type\":\"request\"}",
                "{\"type\":\"request\",\"request_id\":1,\"request\":{\"type\":\"close\"}}"
            })
    void malformedMessageClosesWith1007(String message) throws Exception {
        try (var client = ready("hrana2")) {
            client.send(message);

            assertThat(client.closeCode()).isEqualTo(1007);
        }
    }

    @Test
    void wrongKindOfFrameClosesWith1003() throws Exception {
        try (var client = ready("hrana2")) {
            client.socket().sendBinary(ByteBuffer.wrap(new byte[] {1}), true);

            assertThat(client.closeCode()).isEqualTo(1003);
        }
        try (var client = connect("hrana3-protobuf")) {
            client.send("{}");

            assertThat(client.closeCode()).isEqualTo(1003);
        }
    }

    @Test
    void messageOverTheLimitClosesWith1009() throws Exception {
        try (var client = ready("hrana2")) {
            client.socket().sendText("x".repeat(2_000_000), true);

            assertThat(client.closeCode()).isEqualTo(1009);
        }
    }

    @Test
    void messageInFragmentsIsPutTogether() throws Exception {
        try (var client = connect("hrana2")) {
            client.socket().sendText("{\"type\":\"hello\",", false).get(60, TimeUnit.SECONDS);
            client.socket().sendPing(ByteBuffer.wrap(new byte[3])).get(60, TimeUnit.SECONDS);
            client.socket().sendText("\"jwt\":\"write\"", false).get(60, TimeUnit.SECONDS);
            client.socket().sendText("}", true).get(60, TimeUnit.SECONDS);

            assertThat(client.next()).hasToString("{\"type\":\"hello_ok\"}");
        }
    }

    @Test
    void peerThatClosesIsAnsweredWithItsCode() throws Exception {
        try (var client = ready("hrana2")) {
            client.socket().sendClose(1000, "done");

            assertThat(client.closeCode()).isEqualTo(1000);
        }
    }

    @Test
    void closingRollsBackAtOnce() throws Exception {
        try (var client = ready("hrana2")) {
            client.request(0, OPEN)
                    .request(1, execute(0, "CREATE TABLE IF NOT EXISTS abandoned (x)"))
                    .request(2, execute(0, "BEGIN IMMEDIATE"))
                    .request(3, execute(0, "INSERT INTO abandoned VALUES (1)"));
            for (var i = 0; i < 4; i++) {
                client.next();
            }
            client.socket().abort();
        }

        try (var other = ready("hrana2")) {
            other.request(0, OPEN)
                    .request(1, execute(0, "BEGIN IMMEDIATE"))
                    .request(2, execute(0, "SELECT count(*) FROM abandoned"));
            other.next();
            assertThat(other.next().toString()).contains("response_ok");
            assertThat(other.next().toString()).contains("\"value\":\"0\"");
        }
    }

    @Test
    void pingsComeAndPeersThatDoNotAnswerAreDropped() throws Exception {
        try (var client = SocketClient.connect(pinging, "/db/a/", "hrana2")) {
            assertThat(client.pings.poll(60, TimeUnit.SECONDS)).isTrue();
            assertThat(client.pings.poll(60, TimeUnit.SECONDS)).isTrue();
        }
        try (var socket = handshake(pinging)) {
            socket.setSoTimeout(60_000);
            var in = new DataInputStream(socket.getInputStream());

            assertThat(in.readUnsignedShort()).isEqualTo(0x8900);
            assertThat(in.read()).isEqualTo(-1);
        }
    }

    @Test
    void frameWithoutMaskClosesWith1002() throws Exception {
        try (var socket = handshake(server)) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(new byte[] {(byte) 0x81, 1, 'x'});
            var in = new DataInputStream(socket.getInputStream());
            var first = in.readUnsignedByte();
            var length = in.readUnsignedByte();

            assertThat(first).isEqualTo(0x88);
            assertThat(length).isGreaterThan(2);
            assertThat(in.readUnsignedShort()).isEqualTo(1002);
        }
    }

    @Test
    void cursorsThatAreNeverClosedCloseTheSocketWith1008() throws Exception {
        try (var client = ready("hrana3")) {
            for (var i = 0; i <= 200; i++) {
                client.request(3 * i, OPEN)
                        .request(3 * i + 1, openCursor(i, ""))
                        .request(3 * i + 2, CLOSE);
            }

            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @Test
    void cursorIsFetchedPieceByPiece() throws Exception {
        try (var client = ready("hrana3")) {
            client.request(0, OPEN)
                    .request(1, openCursor(5, "{\"stmt\":{\"sql\":\"" + ENDLESS + " LIMIT 2500\"}}"))
                    .request(2, execute(0, "SELECT 'after the cursor'"));
            client.next();
            assertThat(client.next().toString())
                    .isEqualTo("{\"type\":\"response_ok\",\"request_id\":1,\"response\":{\"type\":\"open_cursor\"}}");

            var rows = 0;
            var isDone = false;
            for (var id = 10; !isDone; id++) {
                client.request(id, "{\"type\":\"fetch_cursor\",\"cursor_id\":5,\"max_count\":1000}");
                var message = client.next();
                if (message.get("request_id").getAsInt() == 2) {
                    message = client.next();
                }
                var response = message.getAsJsonObject("response");
                assertThat(response.getAsJsonArray("entries").size()).isLessThanOrEqualTo(1000);
                for (var entry : response.getAsJsonArray("entries")) {
                    rows += entry.getAsJsonObject().get("type").getAsString().equals("row") ? 1 : 0;
                }
                isDone = response.get("done").getAsBoolean();
            }
            client.request(50, "{\"type\":\"close_cursor\",\"cursor_id\":5}");
            List<String> last = List.of(client.next().toString(), client.next().toString());

            assertThat(rows).isEqualTo(2500);
            assertThat(String.join("\n", last)).contains("after the cursor", "close_cursor");
        }
    }

    @Test
    void fetchesAfterTheEndAreEmptyAndUnknownCursorsClose() throws Exception {
        try (var client = ready("hrana3")) {
            var fetch = "{\"type\":\"fetch_cursor\",\"cursor_id\":5,\"max_count\":1000}";
            client.request(0, OPEN)
                    .request(1, openCursor(5, "{\"stmt\":{\"sql\":\"SELECT 1\"}}"))
                    .request(2, fetch)
                    .request(3, fetch)
                    .request(4, "{\"type\":\"close_stream\",\"stream_id\":0}")
                    .request(5, fetch);
            for (var i = 0; i < 3; i++) {
                client.next();
            }

            var second = client.next();
            client.next();
            var third = client.next();
            client.request(6, "{\"type\":\"close_cursor\",\"cursor_id\":5}");
            client.next();
            client.request(7, fetch);

            for (var message : List.of(second, third)) {
                assertThat(message.getAsJsonObject("response"))
                        .hasToString("{\"type\":\"fetch_cursor\",\"entries\":[],\"done\":true}");
            }
            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @Test
    void secondCursorOnAStreamClosesWith1008() throws Exception {
        try (var client = ready("hrana3")) {
            client.request(0, OPEN)
                    .request(1, openCursor(1, "{\"stmt\":{\"sql\":\"" + ENDLESS + "\"}}"))
                    .request(2, openCursor(2, "{\"stmt\":{\"sql\":\"SELECT 1\"}}"));

            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @Test
    void closingAStreamClosesItsCursor() throws Exception {
        try (var client = ready("hrana3")) {
            client.request(0, OPEN)
                    .request(1, openCursor(1, "{\"stmt\":{\"sql\":\"" + ENDLESS + "\"}}"))
                    .request(2, execute(0, "SELECT 'between'"))
                    .request(3, CLOSE);
            client.next();
            client.next();

            assertThat(client.next().toString()).contains("between");
            assertThat(client.next().toString()).contains("close_stream");
        }
    }

    @Test
    void manyRequestsWaitAndNoneIsLost() throws Exception {
        try (var client = ready("hrana2")) {
            client.request(0, OPEN);
            client.next();
            for (var i = 1; i <= 2000; i++) {
                client.request(i, execute(0, "SELECT " + i));
            }

            for (var i = 1; i <= 2000; i++) {
                assertThat(client.next().get("request_id").getAsInt()).isEqualTo(i);
            }
        }
    }

    @Test
    void protobufIsSpokenInBinaryFrames() throws Exception {
        try (var client = connect("hrana3-protobuf")) {
            // hello { jwt: "write" }
            client.socket().sendBinary(bytes("0a070a057772697465"), true).get(60, TimeUnit.SECONDS);
            // request { request_id: 1, open_stream { stream_id: 3 } }
            client.socket().sendBinary(bytes("1206080112020803"), true).get(60, TimeUnit.SECONDS);
            // request { request_id: 2, execute { stream_id: 3, stmt { sql: "SELECT 5" } } }
            client.socket()
                    .sendBinary(bytes("12120802220e0803120a0a0853454c4543542035"), true)
                    .get(60, TimeUnit.SECONDS);

            assertThat(client.nextBinary()).isEqualTo(bytes("0a00").array());
            assertThat(client.nextBinary()).isEqualTo(bytes("1a0408011200").array());
            assertThat(java.util.HexFormat.of().formatHex(client.nextBinary()))
                    .contains("0a030a0135", "12040a02100a"); // column "5"; a row with the integer 5, as zigzag 10
        }
    }

    private static Socket handshake(TestServer at) throws Exception {
        var socket = new Socket("127.0.0.1", at.port());
        socket.getOutputStream()
                .write(("GET /db/a/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        var head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            head.append((char) socket.getInputStream().read());
        }
        assertThat(head.toString())
                .startsWith("HTTP/1.1 101")
                .contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
                .doesNotContain("Sec-WebSocket-Protocol");
        return socket;
    }

    private static SocketClient connect(String... subprotocols) throws Exception {
        return SocketClient.connect(server, "/db/a/", subprotocols);
    }

    private static SocketClient ready(String subprotocol) throws Exception {
        var client = connect(subprotocol);
        client.send("{\"type\":\"hello\",\"jwt\":\"write\"}");
        JsonObject first = client.next();
        assertThat(first).hasToString("{\"type\":\"hello_ok\"}");
        return client;
    }

    private static String subprotocol(String... offered) throws Exception {
        try (var client = connect(offered)) {
            return client.subprotocol();
        }
    }

    private static int upgradeStatus(String path, String subprotocol) {
        var status = new int[1];
        assertThatThrownBy(() -> SocketClient.connect(server, path, subprotocol))
                .cause()
                .isInstanceOfSatisfying(
                        WebSocketHandshakeException.class,
                        e -> status[0] = e.getResponse().statusCode());
        return status[0];
    }

    private static String execute(int stream, String sql) {
        return "{\"type\":\"execute\",\"stream_id\":" + stream + ",\"stmt\":{\"sql\":\"" + sql + "\"}}";
    }

    private static String openCursor(int cursor, String step) {
        return "{\"type\":\"open_cursor\",\"stream_id\":0,\"cursor_id\":" + cursor + ",\"batch\":{\"steps\":[" + step
                + "]}}";
    }

    private static ByteBuffer bytes(String hex) {
        return ByteBuffer.wrap(java.util.HexFormat.of().parseHex(hex));
    }
}
