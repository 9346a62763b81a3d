package io.merklite.node.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.merklite.node.NodeException;
import io.merklite.node.http.ReadLevel;
import java.util.Map;
import java.util.Optional;

/**
 * A stream of SQL over Hrana 3: transactions that one statement begins stay open for the next.
 *
 * <p>Not thread-safe. Blocks.
 */
final class SqlSession implements AutoCloseable {
    private final NodeClient client;
    private final String path;
    private final Map<String, String> headers;
    private Optional<String> baton = Optional.empty();

    /** @param level how fresh reads must be, as a node calls it; the node decides if there is none */
    SqlSession(NodeClient client, String database, Optional<String> level) {
        this.client = client;
        headers = level.map(name -> Map.of(ReadLevel.HEADER, name)).orElse(Map.of());
        path = "db/" + NodeClient.encoded(database) + "/v3/pipeline";
    }

    /**
     * Runs one statement and returns its result in Hrana's form.
     *
     * @throws NodeException.StatementFailed if SQLite refuses it
     */
    JsonNode execute(String sql) {
        var request = NodeClient.JSON.createObjectNode().put("type", "execute");
        request.putObject("stmt").put("sql", sql);
        return ask(request).path("result");
    }

    /** Runs a text of statements, whose rows nobody sees. */
    void sequence(String sql) {
        ask(NodeClient.JSON.createObjectNode().put("type", "sequence").put("sql", sql));
    }

    private JsonNode ask(ObjectNode request) {
        var body = NodeClient.JSON.createObjectNode();
        baton.ifPresent(value -> body.put("baton", value));
        body.putArray("requests").add(request);
        var answer = client.send("POST", path, Optional.of(body), headers);
        baton = Optional.ofNullable(answer.path("baton").textValue());
        var result = answer.path("results").path(0);
        if (result.path("type").asText().equals("error")) {
            var error = result.path("error");
            throw new NodeException.StatementFailed(
                    error.path("code").asText("?"), error.path("message").asText("?"));
        }
        if (!result.path("response").isObject()) {
            throw new NodeException.UnexpectedAnswer(client.base().toString(), "a pipeline without results", null);
        }
        return result.path("response");
    }

    /** Ends the stream; what is open is rolled back. */
    @Override
    public void close() {
        if (baton.isPresent()) {
            ask(NodeClient.JSON.createObjectNode().put("type", "close"));
        }
    }
}
