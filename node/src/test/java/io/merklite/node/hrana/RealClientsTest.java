package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.node.http.Access;
import io.merklite.node.serve.OneNode;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients of libSQL as their users install them, with nothing changed but the URL. */
class RealClientsTest {
    private static final String IDLE = "hrana.stream-idle = 3s";

    @Test
    void unmodifiedClientsOfLibsqlWorkOnANodeAsItIsShipped(@TempDir Path data) throws Exception {
        var clients = NodeClients.install(".");
        try (var node = OneNode.open(data, Map.of("merklite.hrana.stream-idle", "3s"))) {
            assertThat(node.send("PUT", "v1/databases/a", "").statusCode()).isEqualTo(201);
            var http = node.url() + "db/a/";

            var passed =
                    NodeClients.check(clients, "--http", http, "--ws", http.replace("http:", "ws:"), "--idle", "6000");

            assertThat(passed).isGreaterThanOrEqualTo(68);
        }
    }

    @Test
    void unmodifiedClientsOfLibsqlWork(@TempDir Path folder) throws Exception {
        var clients = NodeClients.install(".");
        try (var server = TestServer.start(folder, IDLE, Access.OPEN)) {
            var http = server.url("/db/a/");

            var passed =
                    NodeClients.check(clients, "--http", http, "--ws", http.replace("http:", "ws:"), "--idle", "6000");

            assertThat(passed).isGreaterThanOrEqualTo(68);
        }
    }
}
