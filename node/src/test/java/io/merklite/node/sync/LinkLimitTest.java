package io.merklite.node.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.node.serve.OneNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LinkLimitTest {
    @TempDir
    static Path directory;

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static OneNode node;

    @BeforeAll
    static void start() {
        node = OneNode.open(directory, Map.of("merklite.sync.max-links", "1"));
        assertThat(node.send("PUT", "v1/databases/orders", "").statusCode()).isEqualTo(201);
    }

    @AfterAll
    static void stop() {
        node.close();
        CLIENT.shutdownNow();
    }

    @Test
    void replicaBeyondTheLimitIsToldToComeBackLater() throws Exception {
        var first = Link.open("orders");
        var second = Link.open("orders");

        assertThat(second.closeCode()).isEqualTo(4429);
        assertThat(first.closed).isNotDone();

        first.socket.sendClose(WebSocket.NORMAL_CLOSURE, "");
        assertThat(first.closeCode()).isEqualTo(WebSocket.NORMAL_CLOSURE);
        var third = Link.served();
        third.socket.sendClose(WebSocket.NORMAL_CLOSURE, "");
        assertThat(third.closeCode()).isEqualTo(WebSocket.NORMAL_CLOSURE);
    }

    @Test
    void linkThatIsTurnedAwayTakesNoPlace() throws Exception {
        var foreign = Link.open("nowhere");
        var good = Link.served();

        assertThat(foreign.closeCode()).isEqualTo(4404);
        assertThat(good.closed).isNotDone();
        good.socket.sendClose(WebSocket.NORMAL_CLOSURE, "");
        assertThat(good.closeCode()).isEqualTo(WebSocket.NORMAL_CLOSURE);
    }

    /** A WebSocket that does not answer the closing frame of the node. */
    private static final class Link implements WebSocket.Listener {
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private WebSocket socket;

        static Link open(String database) throws Exception {
            var link = new Link();
            link.socket = CLIENT.newWebSocketBuilder()
                    .subprotocols("merklite-sync1")
                    .buildAsync(URI.create(node.url().replace("http:", "ws:") + "db/" + database + "/sync"), link)
                    .get(60, TimeUnit.SECONDS);
            return link;
        }

        /** A ping that is answered shows that it is served: who is turned away is told so before. */
        static Link served() throws Exception {
            var link = open("orders");
            link.socket.sendPing(ByteBuffer.allocate(0)).get(60, TimeUnit.SECONDS);
            var first = CompletableFuture.anyOf(link.ponged, link.closed).get(60, TimeUnit.SECONDS);
            assertThat(first).isEqualTo(0);
            return link;
        }

        private final CompletableFuture<Integer> ponged = new CompletableFuture<>();

        int closeCode() throws Exception {
            return closed.get(60, TimeUnit.SECONDS);
        }

        @Override
        public CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
            ponged.complete(0);
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int statusCode, String reason) {
            closed.complete(statusCode);
            return new CompletableFuture<>();
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            closed.completeExceptionally(error);
        }
    }
}
