package io.merklite.client.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.merklite.client.ClientSettings;
import io.merklite.client.RealNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a server that answers probes and lets everything else wait. */
class NodeHttpTest {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;

    @BeforeEach
    void listen() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            if (exchange.getRequestMethod().equals("POST")) {
                asked.countDown();
                awaitEnd();
            }
            exchange.getResponseHeaders().add("merklite-features", "idempotency");
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
    }

    private void awaitEnd() {
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void stop() {
        end.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void requestThatItsCallerGaveUpSaysNothingAgainstTheNode() throws Exception {
        var address = "http://127.0.0.1:" + server.getAddress().getPort();
        try (var http = new NodeHttp(ClientSettings.of("shop", address).withProbeInterval(Duration.ofDays(1)))) {
            var sent = http.send(NodeRequest.post("db/shop/v3/pipeline", "{}", Safety.REPEATABLE));
            assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();
            RealNode.await(
                    "the probe is over", () -> http.endpoints().getFirst().knowsKeys());

            sent.cancel(true);

            assertThatThrownBy(sent::join).isInstanceOf(CancellationException.class);
            assertThat(http.endpoints().getFirst().isDown(http.now())).isFalse();
        }
    }
}
