package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.merklite.node.http.Access;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Section 3.2 of the notes on Hrana: streams over HTTP between requests, and their batons. */
class HttpStreamsTest {
    private static final String CLOSE = "{\"type\":\"close\"}";
    private static final String SELECT = TestServer.executeRequest("SELECT 1");
    private static TestServer server;
    private static TestServer hurried;

    @BeforeAll
    static void start(@TempDir Path folder, @TempDir Path other) {
        server = TestServer.start(
                folder, "hrana { max-streams-per-database = 3, base-url = \"http://node:1\" }", Access.OPEN);
        hurried = TestServer.start(other, "hrana.stream-idle = 200ms", Access.OPEN);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        hurried.close();
    }

    @Test
    void streamGoesOnWithItsBaton() {
        var first = server.pipeline(TestServer.executeRequest("CREATE TEMP TABLE mine (x)"));
        var second = server.pipeline("/db/a/", baton(first), TestServer.executeRequest("INSERT INTO mine VALUES (1)"));
        var third =
                server.pipeline("/db/a/", baton(second), TestServer.executeRequest("SELECT * FROM mine") + "," + CLOSE);

        assertThat(third.toString()).contains("\"value\":\"1\"");
        assertThat(third.get("baton").isJsonNull()).isTrue();
        assertThat(baton(first)).isNotEqualTo(baton(second));
    }

    @Test
    void baseUrlIsAbsoluteAndEndsInASlash() {
        var first = server.pipeline(SELECT);
        server.pipeline("/db/a/", baton(first), CLOSE);

        assertThat(first.get("base_url").getAsString()).isEqualTo("http://node:1/db/a/");
    }

    @Test
    void transactionIsOpenUntilItIsClosed() {
        server.execute("CREATE TABLE IF NOT EXISTS held (x)");
        var open = server.pipeline(TestServer.executeRequest("BEGIN IMMEDIATE") + ","
                + TestServer.executeRequest("INSERT INTO held VALUES (1)"));
        var outside = server.execute("SELECT count(*) FROM held");
        server.pipeline("/db/a/", baton(open), CLOSE);
        var after = server.execute("SELECT count(*) FROM held");

        assertThat(outside.toString()).contains("\"value\":\"0\"");
        assertThat(after.toString()).contains("\"value\":\"0\"");
    }

    @Test
    void usedBatonIsRefusedAndTheStreamGoesOn() {
        var first = server.pipeline(SELECT);
        var second = server.pipeline("/db/a/", baton(first), SELECT);

        var again = present("/db/a/", baton(first));
        var third = server.pipeline("/db/a/", baton(second), CLOSE);

        assertThat(again.statusCode()).isEqualTo(400);
        assertThat(again.body()).contains("already been used");
        assertThat(third.get("baton").isJsonNull()).isTrue();
    }

    @Test
    void batonOfAClosedStreamIsRefused() {
        var first = server.pipeline(SELECT);
        server.pipeline("/db/a/", baton(first), CLOSE);

        var again = present("/db/a/", baton(first));

        assertThat(again.statusCode()).isEqualTo(400);
        assertThat(again.body()).contains("closed");
    }

    @Test
    void batonOfAnotherDatabaseIsRefused() {
        var first = server.pipeline(SELECT);

        var other = present("/db/b/", baton(first));

        assertThat(other.statusCode()).isEqualTo(400);
        server.pipeline("/db/a/", baton(first), CLOSE);
    }

    @Test
    void forgedBatonIsRefused() {
        var first = server.pipeline(SELECT);
        var baton = baton(first);
        var forged = (baton.charAt(0) == 'A' ? 'B' : 'A') + baton.substring(1);

        for (var text : new String[] {forged, "", "nonsense", "ä", baton.substring(4), baton + baton}) {
            assertThat(present("/db/a/", text).statusCode()).as(text).isEqualTo(400);
        }
        server.pipeline("/db/a/", baton, CLOSE);
    }

    @Test
    void tooManyStreamsOfADatabaseAreRefusedWith429() {
        var first = server.pipeline("/db/b/", null, SELECT);
        var second = server.pipeline("/db/b/", null, SELECT);
        var third = server.pipeline("/db/b/", null, SELECT);

        var refused = server.post("/db/b/v3/pipeline", "{\"requests\":[" + SELECT + "]}");
        var other = server.pipeline("/db/a/", null, SELECT);
        server.pipeline("/db/b/", baton(first), CLOSE);
        var again = server.pipeline("/db/b/", null, SELECT);

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.body()).contains("TOO_MANY_STREAMS");
        for (var open : new JsonObject[] {second, third, again}) {
            server.pipeline("/db/b/", baton(open), CLOSE);
        }
        server.pipeline("/db/a/", baton(other), CLOSE);
    }

    @Test
    void streamThatExpiredInATransactionIsRefusedAndRolledBack() {
        hurried.execute("CREATE TABLE IF NOT EXISTS expired (x)");
        var open = hurried.pipeline(TestServer.executeRequest("BEGIN IMMEDIATE") + ","
                + TestServer.executeRequest("INSERT INTO expired VALUES (1)"));
        awaitNoConnection();

        var late =
                hurried.post("/db/a/v3/pipeline", "{\"baton\":\"" + baton(open) + "\",\"requests\":[" + SELECT + "]}");
        var count = hurried.execute("SELECT count(*) FROM expired");

        assertThat(late.statusCode()).isEqualTo(400);
        assertThat(TestServer.json(late).getAsJsonObject().get("code").getAsString())
                .isEqualTo("STREAM_EXPIRED");
        assertThat(count.toString()).contains("\"value\":\"0\"");
    }

    @Test
    void streamThatExpiredWithNothingToLoseGoesOn() {
        var open = hurried.pipeline(SELECT);
        awaitNoConnection();

        var late = hurried.pipeline("/db/a/", baton(open), SELECT);
        var again =
                hurried.post("/db/a/v3/pipeline", "{\"baton\":\"" + baton(open) + "\",\"requests\":[" + SELECT + "]}");

        assertThat(late.get("baton").isJsonNull()).isFalse();
        assertThat(again.statusCode()).isEqualTo(400);
    }

    @Test
    void streamThatExpiredWithStoredSqlOrTemporaryTablesOrPragmasIsRefused() {
        for (var request : new String[] {
            "{\"type\":\"store_sql\",\"sql_id\":1,\"sql\":\"SELECT 1\"}",
            TestServer.executeRequest("CREATE TEMP TABLE lost (x)"),
            TestServer.executeRequest("PRAGMA foreign_keys=off"),
            "{\"type\":\"sequence\",\"sql\":\"create temporary table gone (x)\"}"
        }) {
            var open = hurried.pipeline(request);
            awaitNoConnection();

            var late = hurried.post(
                    "/db/a/v3/pipeline", "{\"baton\":\"" + baton(open) + "\",\"requests\":[" + SELECT + "]}");

            assertThat(late.statusCode()).as(request).isEqualTo(400);
            assertThat(late.body()).contains("STREAM_EXPIRED");
        }
    }

    private static HttpResponse<String> present(String base, String baton) {
        return server.post(base + "v3/pipeline", "{\"baton\":\"" + baton + "\",\"requests\":[" + SELECT + "]}");
    }

    private static String baton(JsonObject answer) {
        return answer.get("baton").getAsString();
    }

    private static void awaitNoConnection() {
        await(() -> hurried.databases.openConnections.get() == 0);
    }

    static void await(BooleanSupplier condition) {
        var deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("it did not come true in 60 s");
            }
            Thread.onSpinWait();
        }
    }
}
