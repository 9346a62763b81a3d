package io.merklite.node.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.merklite.node.serve.OneNode;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code DELETE /v1/nodes/ID} between two nodes that are members of one cluster. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class NodeRemovalTest {
    @TempDir
    Path directory;

    private OneNode stays;
    private OneNode goes;

    @BeforeEach
    void start() {
        stays = OneNode.open(directory.resolve("n1"), settings("n1", Map.of()));
        goes = OneNode.open(
                directory.resolve("n2"), settings("n2", Map.of("merklite.cluster.seed-nodes", stays.clusterAddress())));
        OneNode.await(() -> states().equals(Map.of("n1", "up", "n2", "up")));
    }

    /** The split brain resolver is slower than the operator. */
    private static Map<String, String> settings(String id, Map<String, String> others) {
        Map<String, String> settings = new TreeMap<>(others);
        settings.put("merklite.node-id", id);
        settings.put("pekko.cluster.split-brain-resolver.stable-after", "60s");
        settings.put("pekko.cluster.down-removal-margin", "off");
        settings.put("pekko.remote.artery.advanced.test-mode", "on");
        return settings;
    }

    @AfterEach
    void stop() {
        goes.close();
        stays.close();
    }

    @Test
    void nodeWithinReachIsCastOutOnlyByForce() {
        var asked = remove("n2");
        var unknown = remove("n3");
        var forced = remove("n2?force");

        assertThat(asked.statusCode()).isEqualTo(409);
        assertThat(asked.body()).contains("NODE_REACHABLE");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).contains("NODE_NOT_FOUND");
        assertThat(forced.statusCode()).as(forced.body()).isEqualTo(202);
        assertThat(forced.body()).isEqualTo("{\"id\":\"n2\",\"state\":\"down\"}");
        OneNode.await(() -> states().equals(Map.of("n1", "up")));
        assertThat(goes.hasLeft()).isFalse();
    }

    @Test
    void nodeOutOfReachIsCastOutAndEndsWhenItHears() {
        goes.cutOff(stays);
        OneNode.await(() -> states().equals(Map.of("n1", "up", "n2", "unreachable")));

        var removed = remove("n2");

        assertThat(removed.statusCode()).as(removed.body()).isEqualTo(202);
        OneNode.await(() -> states().equals(Map.of("n1", "up")));
        goes.reach(stays);
        assertThat(goes.hasLeft()).isFalse();
    }

    private HttpResponse<String> remove(String node) {
        return stays.send("DELETE", "v1/nodes/" + node, "");
    }

    /** Of each node, as the one that stays sees it. */
    private Map<String, String> states() {
        var items = JsonParser.parseString(stays.send("GET", "v1/nodes", "").body())
                .getAsJsonObject()
                .getAsJsonArray("items");
        Map<String, String> states = new TreeMap<>();
        StreamSupport.stream(items.spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .forEach(node -> states.put(
                        node.get("id").getAsString(), node.get("state").getAsString()));
        return states;
    }
}
