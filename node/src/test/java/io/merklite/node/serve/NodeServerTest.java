package io.merklite.node.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.merklite.node.config.Configuration;
import io.merklite.node.config.ConfigurationSources;
import io.merklite.node.http.Access.Right;
import io.merklite.node.security.TokenSigner;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeServerTest {
    private static final TokenSigner.Keys KEYS = TokenSigner.newKeys();
    private static final TokenSigner SIGNER = TokenSigner.of(KEYS.privatePem());
    private static final String ADMIN = SIGNER.sign(Right.ADMIN, Instant.EPOCH, Optional.empty());
    private static final String READER = SIGNER.sign(Map.of("orders", Right.READ), Instant.EPOCH, Optional.empty());

    @TempDir
    static Path directory;

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static NodeServer server;

    @BeforeAll
    static void start() throws Exception {
        server = start(directory, 0).toCompletableFuture().join();
        awaitReady();
        send("PUT", "v1/databases/orders", "", ADMIN);
    }

    @AfterAll
    static void stop() {
        server.stop().toCompletableFuture().join();
        assertThat(server.terminated().toCompletableFuture().join()).isTrue();
        CLIENT.close();
    }

    @Test
    void sqlIsServedToWhoHasAToken() throws Exception {
        var statement =
                "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT 6 * 7\"}},{\"type\":\"close\"}]}";

        var answer = send("POST", "db/orders/v2/pipeline", statement, READER);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("\"value\":\"42\"");
        assertThat(send("POST", "db/orders/v2/pipeline", statement, "").statusCode())
                .isEqualTo(401);
    }

    @Test
    void databasesAreMadeListedAndDropped() throws Exception {
        assertThat(send("PUT", "v1/databases/stock", "", ADMIN).statusCode()).isEqualTo(201);
        assertThat(send("PUT", "v1/databases/stock", "", ADMIN).statusCode()).isEqualTo(200);
        assertThat(send("GET", "v1/databases/stock", "", ADMIN).statusCode()).isEqualTo(200);
        assertThat(json(send("GET", "v1/databases?prefix=st", "", ADMIN))
                        .getAsJsonArray("items")
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString())
                .isEqualTo("stock");
        assertThat(send("DELETE", "v1/databases/stock", "", ADMIN).statusCode()).isEqualTo(409);
        assertThat(send("DELETE", "v1/databases/stock?confirm=stock", "", ADMIN).statusCode())
                .isEqualTo(200);
        assertThat(send("GET", "v1/databases/stock", "", ADMIN).statusCode()).isEqualTo(404);
    }

    @Test
    void aLongListComesInPages() throws Exception {
        send("PUT", "v1/databases/page-1", "", ADMIN);
        send("PUT", "v1/databases/page-2", "", ADMIN);

        var first = json(send("GET", "v1/databases?prefix=page-&limit=1", "", ADMIN));
        var second = json(send(
                "GET",
                "v1/databases?prefix=page-&limit=1&after=" + first.get("next").getAsString(),
                "",
                ADMIN));

        assertThat(first.getAsJsonArray("items")).hasSize(1);
        assertThat(second.getAsJsonArray("items")
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString())
                .isEqualTo("page-2");
    }

    @Test
    void aDatabasesStatusHasItsRootAndVector() throws Exception {
        var status = json(send("GET", "v1/databases/orders/status", "", READER));

        assertThat(status.get("name").getAsString()).isEqualTo("orders");
        assertThat(status.get("root").getAsString()).matches("[0-9a-f]{16}");
        assertThat(status.getAsJsonObject("vector")).isNotNull();
        assertThat(send("GET", "v1/databases/none/status", "", ADMIN).statusCode())
                .isEqualTo(404);
    }

    @Test
    void theNodeTellsOfItselfAndItsCluster() throws Exception {
        var status = json(send("GET", "v1/status", "", ADMIN));
        var nodes = json(send("GET", "v1/nodes", "", ADMIN)).getAsJsonArray("items");

        assertThat(status.get("node").getAsString()).isEqualTo("n1");
        assertThat(status.get("datacenter").getAsString()).isEqualTo("east");
        assertThat(status.get("version").getAsString()).isEqualTo("1.2.3");
        assertThat(nodes).hasSize(1);
        assertThat(nodes.get(0).getAsJsonObject().get("state").getAsString()).isEqualTo("up");
    }

    @Test
    void rightsCountForTheNodeAndForDatabases() throws Exception {
        assertThat(send("GET", "v1/status", "", READER).statusCode()).isEqualTo(403);
        assertThat(send("PUT", "v1/databases/orders", "", READER).statusCode()).isEqualTo(403);
        assertThat(send("GET", "v1/databases", "", "").statusCode()).isEqualTo(401);
        assertThat(send("PUT", "v1/databases/No", "", ADMIN).statusCode()).isEqualTo(400);
        assertThat(send("GET", "v1/databases?limit=0", "", ADMIN).statusCode()).isEqualTo(400);
    }

    @Test
    void probesAndMetricsNeedNoToken() throws Exception {
        assertThat(send("GET", "health/live", "", "").statusCode()).isEqualTo(200);
        assertThat(send("GET", "health/ready", "", "").statusCode()).isEqualTo(200);
        assertThat(send("GET", "metrics", "", "").body()).contains("jvm_memory_used_bytes");
    }

    @Test
    void requestsOfHranaAreCounted() throws Exception {
        send("POST", "db/nowhere/v2/pipeline", "{\"requests\":[]}", "");

        var page = send("GET", "metrics", "", "").body();

        assertThat(page)
                .contains("merklite_hrana_requests_total{outcome=\"refused\",transport=\"http\"}")
                .contains("merklite_hrana_request_seconds_bucket{transport=\"http\",le=\"0.001\"}")
                .contains("merklite_hrana_streams_open{transport=\"websocket\"} 0.0")
                .contains("merklite_hrana_sockets_open 0.0");
    }

    @Test
    void aPortInUseIsAFailureToStart(@TempDir Path other) {
        var port = URI.create(server.url()).getPort();

        assertThatThrownBy(() -> start(other, port).toCompletableFuture().join())
                .isInstanceOf(CompletionException.class);
    }

    private static CompletionStage<NodeServer> start(Path data, int port) {
        var settings = Map.of(
                "merklite.node-id", "n1",
                "merklite.data-directory", data.toString(),
                "merklite.cluster.port", "0",
                "merklite.cluster.datacenter", "east",
                "merklite.http.port", String.valueOf(port),
                "merklite.security.public-keys", KEYS.publicShort(),
                "pekko.cluster.jmx.multi-mbeans-in-same-jvm", "on");
        return NodeServer.start(
                Configuration.load(
                        new ConfigurationSources(Optional.empty(), Map.of(), settings), ServeSettings.CHECKS),
                "1.2.3");
    }

    /** A node alone is up within moments; each question takes one. */
    private static void awaitReady() throws Exception {
        var deadline = Instant.now().plusSeconds(60);
        while (send("GET", "health/ready", "", "").statusCode() != 200) {
            assertThat(Instant.now()).isBefore(deadline);
            Thread.onSpinWait();
        }
    }

    private static JsonObject json(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    private static HttpResponse<String> send(String method, String path, String body, String token) throws Exception {
        var request =
                HttpRequest.newBuilder(URI.create(server.url() + path)).method(method, BodyPublishers.ofString(body));
        if (!token.isEmpty()) {
            request.header("Authorization", "bearer " + token);
        }
        return CLIENT.send(request.build(), BodyHandlers.ofString());
    }
}
