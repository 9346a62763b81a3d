package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sections 3.1, 3.3, 4 of the notes on Hrana, over a bound server. */
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

        assertThat(answer.getAsJsonArray("results")).hasSize(3);
        assertThat(type(answer, 0)).isEqualTo("error");
        assertThat(type(answer, 1)).isEqualTo("ok");
        assertThat(answer.get("baton").isJsonNull()).isTrue();
    }

    private static String type(JsonObject answer, int index) {
        return answer.getAsJsonArray("results")
                .get(index)
                .getAsJsonObject()
                .get("type")
                .getAsString();
    }
}
