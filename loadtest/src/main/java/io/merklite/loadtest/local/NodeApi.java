package io.merklite.loadtest.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.merklite.node.http.Bookmark;
import io.merklite.sync.vector.VersionVector;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One node, over its REST interface.
 *
 * <p>It repeats nothing and asks no other node: what an answer means is the caller's to judge.
 *
 * <p><b>Threading.</b> Thread-safe; blocks.
 */
public final class NodeApi {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration CREATE_PATIENCE = Duration.ofMinutes(2);
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private static final int CONFLICT_PAGE = 1000;

    private final URI base;

    /** What came of a request. */
    public sealed interface Answer {
        /**
         * It was done.
         *
         * @param body what the node said
         * @param bookmark what a read must have seen to see this
         */
        record Done(JsonNode body, VersionVector bookmark) implements Answer {}

        /**
         * Nothing was done.
         *
         * @param why what the node said
         */
        record Refused(String why) implements Answer {}

        /**
         * Nobody knows.
         *
         * @param why what the node said, or what became of the connection
         */
        record Unknown(String why) implements Answer {}
    }

    private NodeApi(URI base) {
        this.base = base;
    }

    /** A node of a local cluster. */
    public static NodeApi of(LocalNode node) {
        return at(node.url());
    }

    /** The node at {@code base}, which ends with a slash. */
    public static NodeApi at(URI base) {
        return new NodeApi(base);
    }

    /** Whether it is ready and sees {@code memberCount} nodes up. */
    public boolean isReady(int memberCount) {
        if (!(ask("GET", "health/ready", "", VersionVector.EMPTY, "") instanceof Answer.Done)
                || !(ask("GET", "v1/nodes", "", VersionVector.EMPTY, "") instanceof Answer.Done nodes)) {
            return false;
        }
        var upCount = 0;
        for (var node : nodes.body().path("items")) {
            if (node.path("state").asText().equals("up")) {
                upCount++;
            }
        }
        return upCount == memberCount;
    }

    /** Makes a database with tables, if it is not there; asks again while the cluster is being formed. */
    public void create(String database, String schema) {
        var body = JSON.createObjectNode().put("schema", schema).toString();
        var isMade = Waiting.until(
                CREATE_PATIENCE,
                () -> ask("PUT", "v1/databases/" + database, body, VersionVector.EMPTY, "") instanceof Answer.Done);
        if (!isMade) {
            throw new IllegalStateException(base + " has not made " + database + " within " + CREATE_PATIENCE);
        }
    }

    /** One transaction: each statement is its text and its values. */
    public Answer transaction(String database, List<List<Object>> statements, VersionVector after, String ack) {
        return ask("POST", "v1/databases/" + database + "/transaction", json(statements), after, ack);
    }

    /** One query: its text and its values. */
    public Answer query(String database, List<Object> statement, VersionVector after) {
        return ask("POST", "v1/databases/" + database + "/query", json(statement), after, "");
    }

    /** How the datacenter's writer is. */
    public Answer status(String database) {
        return ask("GET", "v1/databases/" + database + "/status", "", VersionVector.EMPTY, "");
    }

    /** Values of one column of all rows in the conflicts ledger that came from {@code table}. */
    public Set<String> conflicts(String database, String table, String column) {
        Set<String> values = new LinkedHashSet<>();
        var page = "";
        do {
            var body = done(ask(
                    "GET",
                    "v1/databases/" + database + "/conflicts?table=" + table + "&limit=" + CONFLICT_PAGE + page,
                    "",
                    VersionVector.EMPTY,
                    ""));
            for (var item : body.path("items")) {
                values.add(item.path("row").path(column).asText());
            }
            var next = body.path("next").asText("");
            page = next.isEmpty() || next.equals("null")
                    ? ""
                    : "&page=" + URLEncoder.encode(next, StandardCharsets.UTF_8);
        } while (!page.isEmpty());
        return values;
    }

    /** The page of metrics; nothing while the node does not answer. */
    public Optional<String> metrics() {
        try {
            var response = HTTP.send(
                    HttpRequest.newBuilder(base.resolve("metrics"))
                            .timeout(PATIENCE)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            return response.statusCode() == 200 ? Optional.of(response.body()) : Optional.empty();
        } catch (IOException gone) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + base + " was asked", e);
        }
    }

    /** The body of an answer that must be good. */
    public static JsonNode done(Answer answer) {
        return switch (answer) {
            case Answer.Done done -> done.body();
            case Answer.Refused refused -> throw new IllegalStateException("refused: " + refused.why());
            case Answer.Unknown unknown -> throw new IllegalStateException("unknown outcome: " + unknown.why());
        };
    }

    private static String json(Object value) {
        return JSON.valueToTree(value).toString();
    }

    private Answer ask(String method, String path, String body, VersionVector after, String ack) {
        var request = HttpRequest.newBuilder(base.resolve(path))
                .timeout(PATIENCE)
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body))
                .header("content-type", "application/json");
        if (!after.seqs().isEmpty()) {
            request.header(Bookmark.AFTER_HEADER, Bookmark.encode(after));
        }
        if (!ack.isEmpty()) {
            request.header("merklite-ack", ack);
        }
        try {
            return judge(HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString()));
        } catch (ConnectException | HttpConnectTimeoutException nobodyThere) {
            return new Answer.Refused("no connection to " + base);
        } catch (IOException e) {
            return new Answer.Unknown(e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + base + " was asked", e);
        }
    }

    /** Only what the node promises not to have done counts as refused: see errors.md. */
    private static Answer judge(HttpResponse<String> response) throws IOException {
        var text = response.body();
        var status = response.statusCode();
        if (status >= 200 && status < 300) {
            var body = text.startsWith("{") ? JSON.readTree(text) : JSON.createObjectNode();
            var inside = errorsIn(body);
            if (!inside.isEmpty()) {
                return new Answer.Refused("status " + status + " with " + inside);
            }
            var bookmark = response.headers()
                    .firstValue(Bookmark.HEADER)
                    .map(Bookmark::joined)
                    .orElse(VersionVector.EMPTY);
            return new Answer.Done(body, bookmark);
        }
        var why = status + " " + text;
        var isCertain = (status < 500 && status != 408) || (status == 503 && text.contains("NO_WRITER"));
        return isCertain ? new Answer.Refused(why) : new Answer.Unknown(why);
    }

    /** An answer with status 200 may have errors of statements inside. */
    private static List<String> errorsIn(JsonNode body) {
        List<String> errors = new ArrayList<>();
        for (var result : body.path("results")) {
            if (result.has("error")) {
                errors.add(result.path("error").asText());
            }
        }
        return errors;
    }
}
