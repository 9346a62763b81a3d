package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import io.merklite.node.http.Access;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Section 8 of the notes on Hrana. */
class StatementsApiTest {
    private static TestServer server;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = TestServer.start(folder, "", Access.OPEN);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Test
    void statementsGiveAListOfResults() {
        var answer = post(
                "[\"CREATE TABLE IF NOT EXISTS plain (a, b)\",{\"q\":\"INSERT INTO plain VALUES (?, ?)\",\"params\":[1, 2.5]},"
                        + "\"SELECT a, b, 9223372036854775807 AS c, x'0102' AS d, NULL AS e, 1e999 AS f FROM plain\"]");

        assertThat(answer.get(2).getAsJsonObject().getAsJsonObject("results").get("columns"))
                .isEqualTo(JsonParser.parseString("[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]"));
        assertThat(answer.get(2).getAsJsonObject().getAsJsonObject("results").get("rows"))
                .isEqualTo(JsonParser.parseString("[[1,2.5,9223372036854775807,{\"base64\":\"AQI\"},null,null]]"));
        assertThat(answer.get(1)
                        .getAsJsonObject()
                        .getAsJsonObject("results")
                        .get("rows_written")
                        .getAsInt())
                .isEqualTo(1);
        assertThat(answer.get(1).getAsJsonObject().getAsJsonObject("results").has("query_duration_ms"))
                .isTrue();
    }

    @Test
    void parametersHaveTypesOfJson() {
        var answer = post(
                "[{\"q\":\"SELECT typeof(?), typeof(?), typeof(?), typeof(?), typeof(?), ?\","
                        + "\"params\":[1, 1.0, true, \"x\", null, {\"base64\":\"AQI=\"}]},{\"q\":\"SELECT :a, :b\",\"params\":{\"a\":1,\":b\":\"two\"}}]");

        assertThat(rows(answer, 0))
                .isEqualTo(JsonParser.parseString(
                        "[[\"integer\",\"real\",\"integer\",\"text\",\"null\",{\"base64\":\"AQI\"}]]"));
        assertThat(rows(answer, 1)).isEqualTo(JsonParser.parseString("[[1,\"two\"]]"));
    }

    @Test
    void statementsStopAtTheFirstError() {
        var answer = post("[\"SELECT 1\",\"SELECT * FROM missing\",\"SELECT 2\"]");

        assertThat(answer.get(0).getAsJsonObject().has("results")).isTrue();
        assertThat(answer.get(1).getAsJsonObject().get("error").getAsString()).contains("no such table: missing");
        assertThat(answer.get(2).isJsonNull()).isTrue();
    }

    @Test
    void errorInATransactionRollsItBack() {
        post("[\"CREATE TABLE IF NOT EXISTS undone (x)\"]");
        post("[\"BEGIN\",\"INSERT INTO undone VALUES (1)\",\"SELECT * FROM missing\",\"COMMIT\"]");

        var count = post("[\"SELECT count(*) FROM undone\"]");

        assertThat(rows(count, 0)).isEqualTo(JsonParser.parseString("[[0]]"));
    }

    @Test
    void transactionLeftOpenIsRefused() {
        var answer = server.post("/db/a/", "{\"statements\":[\"BEGIN\",\"SELECT 1\"]}");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(TestServer.json(answer).getAsJsonObject().get("error").getAsString())
                .contains("left open");
    }

    @Test
    void errorsOfWholeRequestsAreTexts() {
        for (var body : new String[] {
            "{}",
            "x",
            "{\"statements\":[1]}",
            "{\"statements\":[{}]}",
            "{\"statements\":[{\"q\":\"SELECT ?\",\"params\":[[]]}]}"
        }) {
            var answer = server.post("/db/a/", body);

            assertThat(answer.statusCode()).as(body).isEqualTo(400);
            assertThat(TestServer.json(answer).getAsJsonObject().get("error").isJsonPrimitive())
                    .isTrue();
        }
        assertThat(server.post("/db/unknown/", "{\"statements\":[\"SELECT 1\"]}")
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void lastSlashMayBeMissing() {
        assertThat(server.post("/db/a", "{\"statements\":[\"SELECT 1\"]}").statusCode())
                .isEqualTo(200);
        assertThat(server.post("/", "{\"statements\":[\"SELECT 1\"]}").statusCode())
                .isEqualTo(200);
    }

    private static JsonArray post(String statements) {
        var answer = server.post("/db/a/", "{\"statements\":" + statements + "}");
        assertThat(answer.statusCode()).isEqualTo(200);
        return TestServer.json(answer).getAsJsonArray();
    }

    private static Object rows(JsonArray answer, int index) {
        return answer.get(index).getAsJsonObject().getAsJsonObject("results").get("rows");
    }
}
