package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.node.http.Access;
import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sections 2, 3, 10 and 12 of the notes on Hrana: paths, databases, tokens, limits. */
class HranaEndpointsTest {
    private static final String BODY =
            "{\"requests\":[" + TestServer.executeRequest("SELECT 1") + ",{\"type\":\"close\"}]}";
    private static TestServer server;
    private static TestServer guarded;

    @BeforeAll
    static void start(@TempDir Path folder, @TempDir Path other) {
        server = TestServer.start(
                folder,
                "hrana { host-suffix = \"db.test\", max-result-size = 64 KiB }\n"
                        + "http { max-request-size = 100 KiB, cors-origins = [\"https://app.test\"] }",
                Access.OPEN);
        guarded = TestServer.start(other, "", new Tokens());
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        guarded.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/db/a/v2", "/db/a/v3", "/db/a/v3-protobuf", "/db/a/v1", "/v2", "/v3", "/v3-protobuf"})
    void probesAreAnsweredWithoutToken(String path) {
        assertThat(guarded.get(path).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/db/a/v4",
                "/db/a/v0/pipeline",
                "/db/a/v3/nonsense",
                "/db/a/v2/cursor",
                "/v4",
                "/nothing",
                "/db/a/v2/"
            })
    void whatIsNotServedIs404(String path) {
        var answer = server.post(path, BODY);

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(TestServer.json(answer).getAsJsonObject().get("code").getAsString())
                .isEqualTo("NOT_FOUND");
    }

    @Test
    void versionAndHealthNeedNoToken() {
        assertThat(guarded.get("/db/a/version").body()).matches("merklite \\d+\\.\\d+\\.\\d+.*");
        assertThat(guarded.get("/version").statusCode()).isEqualTo(200);
        assertThat(guarded.get("/db/a/health").statusCode()).isEqualTo(200);
        assertThat(guarded.get("/health").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/db/a/v2/pipeline",
                "/db/a//v2/pipeline",
                "/db/a///v3/pipeline",
                "/db//a/v3/pipeline",
                "/dev/a/v2/pipeline",
                "/v2/pipeline",
                "//v3/pipeline"
            })
    void pathNamesTheDatabase(String path) {
        assertThat(server.post(path, BODY).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/db/v2/pipeline",
                "/db/v3/pipeline",
                "/db/v3/cursor",
                "/db/v3-protobuf/pipeline",
                "/db/v1/execute",
                "/db",
                "/db/v2"
            })
    void forgottenSlashIsRecognised(String path) {
        var answer = server.post(path, BODY);

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("must end with '/'", "DATABASE_NOT_FOUND");
    }

    @ParameterizedTest
    @ValueSource(strings = {"unknown", "A", "-a", "a%2Fb", "a%00"})
    void unknownDatabaseIs404AndIsNotCreated(String name) {
        for (var attempt = 0; attempt < 2; attempt++) {
            var answer = server.post("/db/" + name + "/v2/pipeline", BODY);

            assertThat(answer.statusCode()).isEqualTo(404);
        }
    }

    @Test
    void headerAndHostNameDatabasesToo() throws Exception {
        server.execute("CREATE TABLE IF NOT EXISTS only_in_a (x)");
        var body = "{\"requests\":[" + TestServer.executeRequest("SELECT * FROM only_in_a") + ",{\"type\":\"close\"}]}";

        assertThat(server.post("/v2/pipeline", body).body()).contains("no such table");
        assertThat(server.post("/v2/pipeline", body, "x-namespace", "a").body()).doesNotContain("no such table");
        assertThat(server.post("/db/b/v2/pipeline", body, "x-namespace", "a").body())
                .contains("no such table");
        assertThat(raw("POST /v2/pipeline HTTP/1.1\r\nHost: a.db.test:80\r\nConnection: close\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body))
                .doesNotContain("no such table");
    }

    @Test
    void otherMethodsAre405() {
        assertThat(server.get("/db/a/v2/pipeline").statusCode()).isEqualTo(405);
        assertThat(server.post("/db/a/v2", BODY).statusCode()).isEqualTo(405);
        assertThat(server.send(server.builder("/db/a/").DELETE()).statusCode()).isEqualTo(405);
        assertThat(server.get("/db/a/").statusCode()).isEqualTo(426);
    }

    @Test
    void embeddedReplicasOfLibsqlAreToldWhereToGo() {
        assertThat(server.get("/db/a/info").statusCode()).isEqualTo(404);
        assertThat(server.get("/info").body()).contains("embedded replica");
        assertThat(server.post("/db/a/wal_log.ReplicationLog/Hello", "").body()).contains("embedded replica");
    }

    @Test
    void bodyOverTheLimitIs413() {
        var large = "{\"requests\":[" + TestServer.executeRequest("SELECT '" + "x".repeat(110_000) + "'") + "]}";

        var answer = server.post("/db/a/v2/pipeline", large);

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(answer.body()).contains("BODY_TOO_LARGE");
    }

    @Test
    void bodyInChunksIsRead() {
        var answer = server.send(server.builder("/db/a/v2/pipeline")
                .POST(HttpRequest.BodyPublishers.ofInputStream(
                        () -> new java.io.ByteArrayInputStream(BODY.getBytes(StandardCharsets.UTF_8)))));

        assertThat(answer.statusCode()).isEqualTo(200);
    }

    @Test
    void resultOverTheLimitIsAnErrorOfItsRequest() {
        var answer = server.pipeline(TestServer.executeRequest(
                        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 10000) SELECT x FROM c")
                + "," + TestServer.executeRequest("SELECT 1") + ",{\"type\":\"close\"}");

        assertThat(answer.getAsJsonArray("results").get(0).toString()).contains("RESPONSE_TOO_LARGE");
        assertThat(answer.getAsJsonArray("results").get(1).toString()).contains("\"ok\"");
    }

    @Test
    void pagesOfAllowedOriginsMayCall() {
        var preflight = server.send(server.builder(
                        "/db/a/v2/pipeline",
                        "origin",
                        "https://app.test",
                        "access-control-request-method",
                        "POST",
                        "access-control-request-headers",
                        "authorization,content-type,x-other")
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
        var call = server.post("/db/a/v2/pipeline", BODY, "origin", "https://app.test");
        var foreign = server.post("/db/a/v2/pipeline", BODY, "origin", "https://other.test");

        assertThat(preflight.statusCode()).isEqualTo(204);
        assertThat(preflight.headers().firstValue("access-control-allow-origin"))
                .hasValue("https://app.test");
        assertThat(preflight.headers().firstValue("access-control-allow-headers"))
                .hasValue("authorization,content-type,x-other");
        assertThat(preflight
                        .headers()
                        .firstValue("access-control-allow-methods")
                        .orElseThrow())
                .contains("POST", "GET");
        assertThat(call.headers().firstValue("access-control-allow-origin")).hasValue("https://app.test");
        assertThat(foreign.headers().firstValue("access-control-allow-origin")).isEmpty();
        assertThat(guarded.send(guarded.builder("/v2", "origin", "https://app.test")
                                .method("OPTIONS", HttpRequest.BodyPublishers.noBody()))
                        .headers()
                        .firstValue("access-control-allow-origin"))
                .isEmpty();
    }

    @Test
    void tokenIsCheckedOnEachRequest() {
        assertThat(status(null)).isEqualTo(401);
        assertThat(status("Bearer ")).isEqualTo(401);
        assertThat(status("Basic d3JpdGU=")).isEqualTo(401);
        assertThat(status("Bearer wrong")).isEqualTo(401);
        assertThat(status("bEaReR write")).isEqualTo(200);
        assertThat(guarded.post("/db/b/v2/pipeline", BODY, "authorization", "Bearer write")
                        .statusCode())
                .isEqualTo(403);
        assertThat(guarded.post("/db/a/v2/pipeline", BODY).body())
                .isEqualTo("{\"message\":\"no good token\",\"code\":\"AUTH_JWT_INVALID\"}");
    }

    @Test
    void tokenForOneDatabaseChoosesIt() {
        assertThat(guarded.post("/v2/pipeline", BODY, "authorization", "Bearer write")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void tokenForReadingDoesNotWrite() {
        var body = "{\"requests\":[" + TestServer.executeRequest("CREATE TABLE t (x)") + ","
                + TestServer.executeRequest("SELECT 1") + ",{\"type\":\"close\"}]}";

        var answer = guarded.post("/db/a/v2/pipeline", body, "authorization", "Bearer read");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("readonly", "\"ok\"");
    }

    @Test
    void tokenForReadingDoesNotTakeOverAStreamThatWrites() {
        var open = guarded.post(
                "/db/a/v3/pipeline",
                "{\"requests\":[" + TestServer.executeRequest("SELECT 1") + "]}",
                "authorization",
                "Bearer write");
        var baton = TestServer.json(open).getAsJsonObject().get("baton").getAsString();

        var taken = guarded.post(
                "/db/a/v3/pipeline", "{\"baton\":\"" + baton + "\",\"requests\":[]}", "authorization", "Bearer read");

        assertThat(taken.statusCode()).isEqualTo(403);
    }

    @Test
    void headersOfAcknowledgementAndBookmarkAreRead() {
        assertThat(server.post("/db/a/v2/pipeline", BODY, "merklite-ack", "majority")
                        .statusCode())
                .isEqualTo(200);
        assertThat(server.post("/db/a/v2/pipeline", BODY, "merklite-ack", "most")
                        .statusCode())
                .isEqualTo(400);
        assertThat(server.post("/db/a/v2/pipeline", BODY, "merklite-after", "AQ")
                        .statusCode())
                .isEqualTo(200);
        assertThat(server.post("/db/a/v2/pipeline", BODY, "merklite-after", "nonsense")
                        .statusCode())
                .isEqualTo(400);
    }

    private static int status(String authorization) {
        return authorization == null
                ? guarded.post("/db/a/v2/pipeline", BODY).statusCode()
                : guarded.post("/db/a/v2/pipeline", BODY, "authorization", authorization)
                        .statusCode();
    }

    private static String raw(String request) throws Exception {
        try (var socket = new Socket("127.0.0.1", server.port())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            var answer = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(answer);
            return answer.toString(StandardCharsets.UTF_8);
        }
    }

    /** The tokens {@code read} and {@code write}, for the database a; {@code brief} ends at once. */
    @Test
    void largeRequestWithoutATokenIsToldWhy() throws Exception {
        var body = "{\"requests\":[{\"type\":\"sequence\",\"sql\":\"" + " ".repeat(8 << 20) + "\"}]}";

        var response = guarded.client.send(
                HttpRequest.newBuilder(URI.create(guarded.url("/db/a/v2/pipeline")))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.body()).contains("AUTH_JWT_INVALID");
    }

    static final class Tokens implements Access {
        @Override
        public Decision authorize(Optional<String> token, String database, Right needed) {
            return switch (token.orElse("")) {
                case "read", "write", "brief" ->
                    database.equals("a")
                            ? new Decision.Allowed(
                                    token.equals(Optional.of("read")) ? Right.READ : Right.WRITE,
                                    token.filter("brief"::equals).map(brief -> Instant.EPOCH))
                            : new Decision.Forbidden("the token is for another database");
                default -> new Decision.Unauthenticated("AUTH_JWT_INVALID", "no good token");
            };
        }

        @Override
        public Optional<String> onlyDatabase(Optional<String> token) {
            return token.map(any -> "a");
        }
    }
}
