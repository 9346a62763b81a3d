package io.merklite.wal.archive;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Conditional writes for an S3 service that does not know them: answers 412 to a write with {@code If-None-Match: *} of
 * an object that exists, one write at a time, and passes everything else on.
 */
final class ConditionalWrites implements AutoCloseable {
    private static final int PRECONDITION_FAILED = 412;
    private static final Set<String> OWN_HEADERS = ownHeaders();

    private final HttpServer front;
    private final HttpClient client = HttpClient.newHttpClient();
    private final ExecutorService executor = Executors.newFixedThreadPool(8);
    private final int port;

    ConditionalWrites(int port) throws IOException {
        this.port = port;
        front = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        front.createContext("/", this::handle);
        front.setExecutor(executor);
        front.start();
    }

    /** Headers that each connection has for itself. */
    private static Set<String> ownHeaders() {
        var headers = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        headers.addAll(
                Set.of("Host", "Content-Length", "Connection", "Expect", "Transfer-Encoding", "Upgrade", "Date"));
        return headers;
    }

    int port() {
        return front.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            if ("*".equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
                synchronized (this) {
                    if (exists(exchange.getRequestURI().getPath())) {
                        exchange.getRequestBody().readAllBytes();
                        exchange.sendResponseHeaders(PRECONDITION_FAILED, -1);
                    } else {
                        passOn(exchange);
                    }
                }
            } else {
                passOn(exchange);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private boolean exists(String path) throws IOException, InterruptedException {
        var head = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build();
        return client.send(head, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    }

    private void passOn(HttpExchange exchange) throws IOException, InterruptedException {
        var body = exchange.getRequestBody().readAllBytes();
        var request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + exchange.getRequestURI()))
                .method(
                        exchange.getRequestMethod(),
                        body.length == 0
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!OWN_HEADERS.contains(name)) {
                values.forEach(value -> request.header(name, value));
            }
        });
        var response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        response.headers().map().forEach((name, values) -> {
            if (!OWN_HEADERS.contains(name)) {
                exchange.getResponseHeaders().put(name, values);
            }
        });
        exchange.sendResponseHeaders(response.statusCode(), response.body().length == 0 ? -1 : response.body().length);
        if (response.body().length > 0) {
            exchange.getResponseBody().write(response.body());
        }
    }

    @Override
    public void close() {
        front.stop(0);
        client.close();
        executor.shutdown();
    }
}
