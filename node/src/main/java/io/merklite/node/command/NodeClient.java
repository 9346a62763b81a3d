package io.merklite.node.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.merklite.node.NodeException;
import io.merklite.node.security.Trust;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Talks to one node over HTTP, one request at a time, and turns every answer that is not a success into a {@link
 * NodeException}. Blocks.
 */
final class NodeClient implements AutoCloseable {
    static final ObjectMapper JSON = new ObjectMapper();

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final URI base;
    private final Optional<String> token;
    private final Duration timeout;
    private final HttpClient http;

    NodeClient(URI base, Optional<String> token, Optional<Path> authorityFile, Duration timeout) {
        this.base = base;
        this.token = token;
        this.timeout = timeout;
        var builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT_TIMEOUT);
        authorityFile.ifPresent(file -> builder.sslContext(Trust.in(file)));
        http = builder.build();
    }

    /** Where the node is, with a slash at the end. */
    URI base() {
        return base;
    }

    JsonNode get(String path) {
        return json(send(request(path).GET(), BodyHandlers.ofString()));
    }

    /** Sends {@code body} as JSON, or nothing if it is null. */
    JsonNode send(String method, String path, Optional<JsonNode> body) {
        return send(method, path, body, Map.of());
    }

    /** The same, with headers. */
    JsonNode send(String method, String path, Optional<JsonNode> body, Map<String, String> headers) {
        var publisher =
                body.map(json -> BodyPublishers.ofString(json.toString())).orElseGet(BodyPublishers::noBody);
        var request = request(path).header("Content-Type", "application/json").method(method, publisher);
        headers.forEach(request::header);
        return json(send(request, BodyHandlers.ofString()));
    }

    /**
     * Sends a file, and waits as long as the node works on it: it shows that it does by blanks, behind which a failure has no
     * status any more.
     */
    JsonNode upload(String path, Path file) {
        var request = HttpRequest.newBuilder(base.resolve(path))
                .header("Content-Type", "application/vnd.sqlite3")
                .method("POST", content(file));
        token.ifPresent(value -> request.header("Authorization", "Bearer " + value));
        var response = send(request, BodyHandlers.ofString());
        var answer = json(response);
        if (answer.hasNonNull("code")) {
            throw new NodeException.Refused(response.statusCode(), reason(response.body()));
        }
        return answer;
    }

    /** Fetches a file. {@code target} is there only when all of it has come. Returns its size. */
    long download(String path, Path target) {
        var folder = Optional.ofNullable(target.toAbsolutePath().getParent()).orElse(target);
        try {
            var part = Files.createTempFile(folder, target.getFileName().toString(), ".part");
            try {
                send(request(path).GET(), BodyHandlers.ofFile(part));
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                return Files.size(target);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw new NodeException.UnusableFile(target, "cannot be written", "Name a file in a writable folder", e);
        }
    }

    /** A segment of a path or a value of a query. */
    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private HttpRequest.Builder request(String path) {
        var builder = HttpRequest.newBuilder(base.resolve(path)).timeout(timeout);
        token.ifPresent(value -> builder.header("Authorization", "Bearer " + value));
        return builder;
    }

    private <T> HttpResponse<T> send(HttpRequest.Builder request, BodyHandler<T> handler) {
        try {
            var response = http.send(request.build(), handler);
            if (response.statusCode() >= 400) {
                throw new NodeException.Refused(response.statusCode(), reason(response.body()));
            }
            return response;
        } catch (IOException e) {
            throw new NodeException.Unreachable(base.toString(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NodeException.Unreachable(base.toString(), e);
        }
    }

    private static String reason(Object body) {
        try {
            var text = body instanceof Path file ? Files.readString(file) : String.valueOf(body);
            var json = JSON.readTree(text);
            return json.hasNonNull("message")
                    ? json.path("code").asText("?") + ": "
                            + json.path("message").asText()
                    : text;
        } catch (JsonProcessingException e) {
            return "no JSON: " + body;
        } catch (IOException e) {
            throw new UncheckedIOException("a file just written can be read", e);
        }
    }

    private JsonNode json(HttpResponse<String> response) {
        try {
            return response.body().isBlank() ? JSON.createObjectNode() : JSON.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new NodeException.UnexpectedAnswer(base.toString(), "the answer is no JSON", e);
        }
    }

    private static BodyPublisher content(Path file) {
        try {
            return BodyPublishers.ofFile(file);
        } catch (FileNotFoundException e) {
            throw new NodeException.UnusableFile(file, "cannot be read", "Name a readable file", e);
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
