package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sections 3.1, 3.3 and 4 of the notes on Hrana, over a bound server. */
class HttpPipelineTest {
    private static final String CLOSE = "{\"type\":\"close\"}";
    private static TestServer server;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = TestServer.start(folder);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Test
    void statementThatRunsAloneIsAnsweredWithoutBaton() {
        var answer = server.post(
                "/db/a/v2/pipeline",
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT 1 AS one\"}}," + CLOSE + "]}");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(answer.body().replaceFirst("\"query_duration_ms\":[0-9.]+", "\"query_duration_ms\":0"))
                .isEqualTo(
                        "{\"baton\":null,\"base_url\":null,\"results\":[{\"type\":\"ok\",\"response\":{\"type\":\"execute\","
                                + "\"result\":{\"cols\":[{\"name\":\"one\",\"decltype\":null}],\"rows\":[[{\"type\":\"integer\",\"value\":\"1\"}]],"
                                + "\"affected_row_count\":0,\"last_insert_rowid\":null,\"replication_index\":null,\"rows_read\":1,"
                                + "\"rows_written\":0,\"query_duration_ms\":0}}},{\"type\":\"ok\",\"response\":{\"type\":\"close\"}}]}");
    }

    @Test
    void requestsRunAlsoAfterOneThatFailed() {
        var answer = server.pipeline(TestServer.executeRequest("SELECT * FROM missing") + ","
                + TestServer.executeRequest("SELECT 2") + "," + CLOSE);

        assertThat(results(answer)).hasSize(3);
        assertThat(result(answer, 0).get("type").getAsString()).isEqualTo("error");
        assertThat(result(answer, 0).getAsJsonObject("error").keySet()).containsExactlyInAnyOrder("message", "code");
        assertThat(result(answer, 1).get("type").getAsString()).isEqualTo("ok");
        assertThat(answer.get("baton").isJsonNull()).isTrue();
    }

    @Test
    void valuesGoThereAndBack() {
        var args =
                "[{\"type\":\"null\"},{\"type\":\"integer\",\"value\":\"-9223372036854775808\"},{\"type\":\"integer\",\"value\":7},"
                        + "{\"type\":\"float\",\"value\":1},{\"type\":\"text\",\"value\":\"a\\u0000\\ud83c\\udf0d\"},"
                        + "{\"base64\":\"AQ==\",\"type\":\"blob\"},{\"type\":\"blob\",\"base64\":\"AQI\"}]";

        var answer = server.pipeline(
                "{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT ?,?,?,?,?,?,?\",\"args\":" + args + "}}," + CLOSE);

        assertThat(rows(answer, 0).get(0))
                .isEqualTo(JsonParser.parseString(
                        "[{\"type\":\"null\"},{\"type\":\"integer\",\"value\":\"-9223372036854775808\"},{\"type\":\"integer\",\"value\":\"7\"},"
                                + "{\"type\":\"float\",\"value\":1.0},{\"type\":\"text\",\"value\":\"a\\u0000\\ud83c\\udf0d\"},"
                                + "{\"type\":\"blob\",\"base64\":\"AQ\"},{\"type\":\"blob\",\"base64\":\"AQI\"}]"));
    }

    @Test
    void infinitiesAreNumbersTooLarge() {
        var answer = server.post(
                "/db/a/v3/pipeline",
                "{\"requests\":[" + TestServer.executeRequest("SELECT 1e999, -1e999") + "," + CLOSE + "]}");

        assertThat(answer.body())
                .contains("{\"type\":\"float\",\"value\":1e999},{\"type\":\"float\",\"value\":-1e999}");
    }

    @Test
    void halfASurrogatePairDoesNotBreakTheAnswer() {
        var answer = server.pipeline(
                "{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT ?\",\"args\":[{\"type\":\"text\",\"value\":\"\\ud800\"}]}},"
                        + CLOSE);

        assertThat(rows(answer, 0)).hasSize(1);
    }

    @Test
    void batchTellsOfEachStepWhatItDid() {
        var answer = server.pipeline("{\"type\":\"batch\",\"batch\":{\"steps\":["
                + "{\"stmt\":{\"sql\":\"SELECT 1\"}},"
                + "{\"stmt\":{\"sql\":\"SELECT * FROM missing\"},\"condition\":{\"type\":\"ok\",\"step\":0}},"
                + "{\"stmt\":{\"sql\":\"SELECT 2\"},\"condition\":{\"type\":\"ok\",\"step\":1}},"
                + "{\"stmt\":{\"sql\":\"SELECT 3\"},\"condition\":{\"type\":\"and\",\"conds\":[{\"type\":\"error\",\"step\":1},"
                + "{\"type\":\"not\",\"cond\":{\"type\":\"error\",\"step\":2}},{\"type\":\"is_autocommit\"}]}},"
                + "{\"stmt\":{\"sql\":\"SELECT 4\"},\"condition\":{\"type\":\"or\",\"conds\":[]}},"
                + "{\"stmt\":{\"sql\":\"SELECT 5\"},\"condition\":null}"
                + "]}}," + CLOSE);

        var batch = response(answer, 0).getAsJsonObject("result");
        assertThat(presence(batch.getAsJsonArray("step_results"))).isEqualTo("x--x-x");
        assertThat(presence(batch.getAsJsonArray("step_errors"))).isEqualTo("-x----");
        assertThat(batch.get("replication_index").isJsonNull()).isTrue();
    }

    @Test
    void wantRowsFalseGivesNone() {
        var answer =
                server.pipeline("{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT 1\",\"want_rows\":false}}," + CLOSE);

        assertThat(rows(answer, 0)).isEmpty();
    }

    @Test
    void storedTextsServeTheirStream() {
        var answer = server.pipeline("{\"type\":\"store_sql\",\"sql_id\":-5,\"sql\":\"SELECT 42\"},"
                + "{\"type\":\"execute\",\"stmt\":{\"sql_id\":-5}},{\"type\":\"describe\",\"sql_id\":-5},"
                + "{\"type\":\"sequence\",\"sql_id\":-5},{\"type\":\"close_sql\",\"sql_id\":-5},{\"type\":\"close_sql\",\"sql_id\":9},"
                + CLOSE);

        assertThat(results(answer))
                .allMatch(result ->
                        result.getAsJsonObject().get("type").getAsString().equals("ok"));
        assertThat(response(answer, 0).get("type").getAsString()).isEqualTo("store_sql");
        assertThat(rows(answer, 1).toString()).contains("42");
    }

    @Test
    void storedTextsHaveLimits() {
        var requests = new StringBuilder();
        for (var i = 0; i < 51; i++) {
            requests.append("{\"type\":\"store_sql\",\"sql_id\":").append(i).append(",\"sql\":\"SELECT 1\"},");
        }
        var tooMany = server.pipeline(requests + CLOSE);
        var tooLarge = server.pipeline(
                "{\"type\":\"store_sql\",\"sql_id\":1,\"sql\":\"" + "x".repeat(70_000) + "\"}," + CLOSE);

        assertThat(result(tooMany, 49).get("type").getAsString()).isEqualTo("ok");
        assertThat(code(tooMany, 50)).isEqualTo("SQL_STORE_TOO_MANY");
        assertThat(code(tooLarge, 0)).isEqualTo("SQL_STORE_TOO_LARGE");
    }

    @Test
    void describeTellsWithoutRunning() {
        server.execute("CREATE TABLE IF NOT EXISTS described (id INTEGER PRIMARY KEY, v VARCHAR(9))");

        var answer = server.pipeline(
                "{\"type\":\"describe\",\"sql\":\"SELECT id, v, 1 AS x FROM described WHERE id = :id AND v = ?3\"},"
                        + "{\"type\":\"describe\",\"sql\":\"EXPLAIN INSERT INTO described VALUES (?, ?)\"}," + CLOSE);

        assertThat(response(answer, 0).get("result"))
                .isEqualTo(JsonParser.parseString("{\"params\":[{\"name\":\":id\"},{\"name\":null},{\"name\":\"?3\"}],"
                        + "\"cols\":[{\"name\":\"id\",\"decltype\":\"INTEGER\"},{\"name\":\"v\",\"decltype\":\"VARCHAR(9)\"},"
                        + "{\"name\":\"x\",\"decltype\":null}],\"is_explain\":false,\"is_readonly\":true}"));
        assertThat(response(answer, 1)
                        .getAsJsonObject("result")
                        .get("is_explain")
                        .getAsBoolean())
                .isTrue();
    }

    @Test
    void autocommitIsTold() {
        var answer = server.pipeline("{\"type\":\"get_autocommit\"}," + TestServer.executeRequest("BEGIN")
                + ",{\"type\":\"get_autocommit\"}," + CLOSE);

        assertThat(response(answer, 0).get("is_autocommit").getAsBoolean()).isTrue();
        assertThat(response(answer, 2).get("is_autocommit").getAsBoolean()).isFalse();
    }

    @Test
    void sequenceRunsUpToTheFirstFailure() {
        var answer = server.pipeline(
                "{\"type\":\"sequence\",\"sql\":\"CREATE TABLE sequenced (id INTEGER PRIMARY KEY); INSERT INTO sequenced VALUES (1);"
                        + " INSERT INTO sequenced VALUES (1); INSERT INTO sequenced VALUES (2)\"},{\"type\":\"sequence\",\"sql\":\"\"},"
                        + TestServer.executeRequest("SELECT count(*) FROM sequenced") + "," + CLOSE);

        assertThat(code(answer, 0)).isEqualTo("SQLITE_CONSTRAINT");
        assertThat(response(answer, 1).get("type").getAsString()).isEqualTo("sequence");
        assertThat(rows(answer, 2).toString()).contains("\"1\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "\"x\"",
                "{\"requests\":[]} x",
                "{}",
                "{\"requests\":{}}",
                "{\"baton\":1,\"requests\":[]}",
                "{\"requests\":[1]}",
                "{\"requests\":[{}]}",
                "{\"requests\":[{\"type\":\"unknown\"}]}",
                "{\"requests\":[{\"type\":\"execute\"}]}",
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{}}]}",
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT 1\",\"sql_id\":1}}]}",
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT 1\",\"want_rows\":1}}]}",
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT ?\",\"args\":[{\"type\":\"date\"}]}}]}",
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT ?\",\"args\":[{\"type\":\"integer\",\"value\":\"9223372036854775808\"}]}}]}",
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT ?\",\"args\":[{\"type\":\"integer\",\"value\":1.5}]}}]}",
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT ?\",\"args\":[{\"type\":\"float\",\"value\":\"1\"}]}}]}",
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT ?\",\"args\":[{\"type\":\"blob\",\"base64\":\"a*\"}]}}]}",
                "{\"requests\":[{\"type\":\"store_sql\",\"sql_id\":2147483648,\"sql\":\"\"}]}",
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql_id\":1}}]}",
                "{\"requests\":[{\"type\":\"close\"},{\"type\":\"get_autocommit\"}]}",
                "{\"requests\":[{\"type\":\"batch\",\"batch\":{\"steps\":[{\"stmt\":{\"sql\":\"SELECT 1\"},\"condition\":{\"type\":\"ok\",\"step\":0}}]}}]}",
                "{\"requests\":[{\"type\":\"batch\",\"batch\":{\"steps\":[{\"stmt\":{\"sql\":\"SELECT 1\"},\"condition\":{\"type\":\"maybe\"}}]}}]}",
            })
    void whatIsNoRequestIsRefusedWith400(String body) {
        var answer = server.post("/db/a/v3/pipeline", body);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(TestServer.json(answer).getAsJsonObject().keySet()).containsExactlyInAnyOrder("message", "code");
    }

    @Test
    void storedIdInUseIsRefusedWith400() {
        var store = "{\"type\":\"store_sql\",\"sql_id\":1,\"sql\":\"SELECT 1\"}";

        var answer = server.post("/db/a/v3/pipeline", "{\"requests\":[" + store + "," + store + "," + CLOSE + "]}");

        assertThat(answer.statusCode()).isEqualTo(400);
    }

    @Test
    void unknownPropertiesAndNullsAreIgnored() {
        var answer = server.pipeline(
                "{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT 1\",\"sql_id\":null,\"replication_index\":null,\"args\":null,"
                        + "\"named_args\":[],\"new\":{\"deep\":[1,{\"x\":null}]}},\"batch\":null,\"hint\":[[]]},"
                        + CLOSE);

        assertThat(rows(answer, 0)).hasSize(1);
    }

    @Test
    void contentTypeIsIgnored() {
        for (var type :
                new String[] {"text/plain", "application/json", "application/x-www-form-urlencoded", "nonsense"}) {
            var answer = server.post("/db/a/v2/pipeline", "{\"requests\":[" + CLOSE + "]}", "content-type", type);

            assertThat(answer.statusCode()).as(type).isEqualTo(200);
        }
    }

    @Test
    void largeAnswersAreCompressedForThoseWhoAcceptIt() throws Exception {
        var body = "{\"requests\":[" + TestServer.executeRequest("SELECT printf('%.10000c', 'x')") + "," + CLOSE + "]}";

        var plain = server.post("/db/a/v2/pipeline", body);
        var refused = server.post("/db/a/v2/pipeline", body, "accept-encoding", "gzip;q=0");
        var packed = server.client.send(
                server.builder("/db/a/v2/pipeline", "accept-encoding", "deflate, gzip;q=0.5")
                        .POST(java.net.http.HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                java.net.http.HttpResponse.BodyHandlers.ofByteArray());

        assertThat(plain.headers().firstValue("content-encoding")).isEmpty();
        assertThat(refused.headers().firstValue("content-encoding")).isEmpty();
        assertThat(packed.headers().firstValue("content-encoding")).hasValue("gzip");
        assertThat(packed.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(packed.body().length).isLessThan(1000);
        try (var unpacked = new java.util.zip.GZIPInputStream(new java.io.ByteArrayInputStream(packed.body()))) {
            assertThat(unpacked.readAllBytes()).asString().contains("x".repeat(10_000));
        }
    }

    @Test
    void version1RunsOneStatementOrBatch() {
        var executed = server.post("/db/a/v1/execute", "{\"stmt\":{\"sql\":\"SELECT 7\"}}");
        var batch = server.post("/db/a/v1/batch", "{\"batch\":{\"steps\":[{\"stmt\":{\"sql\":\"SELECT 8\"}}]}}");
        var failed = server.post("/db/a/v1/execute", "{\"stmt\":{\"sql\":\"SELECT * FROM missing\"}}");

        assertThat(TestServer.json(executed)
                        .getAsJsonObject()
                        .getAsJsonObject("result")
                        .get("rows")
                        .toString())
                .contains("\"7\"");
        assertThat(TestServer.json(batch)
                        .getAsJsonObject()
                        .getAsJsonObject("result")
                        .keySet())
                .contains("step_results", "step_errors");
        assertThat(failed.statusCode()).isEqualTo(400);
        assertThat(failed.body()).contains("no such table");
    }

    @Test
    void blobsComeWithoutPadding() {
        var answer = server.execute("SELECT x'00', x'0001', x'000102'");

        for (var value : answer.getAsJsonObject("response")
                .getAsJsonObject("result")
                .getAsJsonArray("rows")
                .get(0)
                .getAsJsonArray()) {
            var base64 = value.getAsJsonObject().get("base64").getAsString();
            assertThat(base64).doesNotContain("=");
            assertThat(Base64.getDecoder().decode(base64)[0]).isZero();
        }
    }

    private static String presence(JsonArray list) {
        var text = new StringBuilder();
        list.forEach(element -> text.append(element.isJsonNull() ? '-' : 'x'));
        return text.toString();
    }

    private static Iterable<com.google.gson.JsonElement> results(JsonObject answer) {
        return answer.getAsJsonArray("results");
    }

    private static JsonObject result(JsonObject answer, int index) {
        return answer.getAsJsonArray("results").get(index).getAsJsonObject();
    }

    private static JsonObject response(JsonObject answer, int index) {
        return result(answer, index).getAsJsonObject("response");
    }

    private static String code(JsonObject answer, int index) {
        return result(answer, index).getAsJsonObject("error").get("code").getAsString();
    }

    private static JsonArray rows(JsonObject answer, int index) {
        return response(answer, index).getAsJsonObject("result").getAsJsonArray("rows");
    }
}
