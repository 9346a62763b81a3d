package io.merklite.node.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.merklite.node.serve.OneNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Conflicts that two datacenters have made, over REST. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class TwoDatacentersTest {
    private static final String SHOP = "v1/databases/shop";

    @TempDir
    static Path eastern;

    @TempDir
    static Path western;

    private static OneNode east;
    private static OneNode west;
    private static int round;

    @BeforeAll
    static void start() {
        east = OneNode.open(
                eastern, Map.of("merklite.cluster.datacenter", "east", "merklite.anti-entropy.interval", "1s"));
        west = OneNode.open(
                western,
                Map.of(
                        "merklite.node-id",
                        "n2",
                        "merklite.cluster.datacenter",
                        "west",
                        "merklite.cluster.seed-nodes",
                        east.clusterAddress(),
                        "merklite.anti-entropy.interval",
                        "1s"));
        east.send("PUT", SHOP, "{\"schema\":\"CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT UNIQUE)\"}");
        OneNode.await(() ->
                west.send("POST", SHOP + "/query", "\"SELECT * FROM item\"").statusCode() == 200);
    }

    @AfterAll
    static void stop() {
        west.close();
        east.close();
    }

    @Test
    void rowThatLostIsListedInBothAndRestoredInThePlaceOfTheOther() {
        var lost = conflict();
        var restore = SHOP + "/conflicts/" + lost.get("id").getAsString() + "/restore";

        var clashing = west.send("POST", restore, "");
        var restored = west.send("POST", restore + "?replace", "");

        assertThat(lost.get("kind").getAsString()).isEqualTo("unique");
        assertThat(lost.get("table").getAsString()).isEqualTo("item");
        assertThat(clashing.statusCode()).as(clashing.body()).isEqualTo(409);
        assertThat(clashing.body()).contains("sync.still-clashing");
        assertThat(restored.statusCode()).as(restored.body()).isEqualTo(200);
        var row = lost.getAsJsonObject("row");
        OneNode.await(() -> conflicts(east).isEmpty() && conflicts(west).isEmpty());
        OneNode.await(() -> id(east, row).equals(row.get("id").toString())
                && id(west, row).equals(row.get("id").toString()));
    }

    @Test
    void rowThatLostIsDiscardedEverywhere() {
        var lost = conflict();
        var row = lost.getAsJsonObject("row");
        var winner = id(east, row);

        var discarded =
                east.send("DELETE", SHOP + "/conflicts/" + lost.get("id").getAsString(), "");

        assertThat(discarded.statusCode()).as(discarded.body()).isEqualTo(200);
        OneNode.await(() -> conflicts(east).isEmpty() && conflicts(west).isEmpty());
        assertThat(id(west, row)).isEqualTo(winner).isNotEqualTo(row.get("id").toString());
    }

    /** Both write the same label at the same time, until neither has heard of the other's: then one row loses. */
    private static JsonObject conflict() {
        OneNode.await(() -> {
            round++;
            var label = "label " + round;
            var there = CompletableFuture.supplyAsync(() -> insert(west, 2 * round + 1, label));
            insert(east, 2 * round, label);
            there.join();
            OneNode.await(() -> root(east).equals(root(west)));
            return !conflicts(east).isEmpty();
        });
        OneNode.await(() -> conflicts(west).equals(conflicts(east)));
        return conflicts(west).get(0).getAsJsonObject();
    }

    private static int insert(OneNode node, int id, String label) {
        return node.send(
                        "POST",
                        SHOP + "/transaction",
                        "[\"INSERT INTO item VALUES (?, ?)\", " + id + ", \"" + label + "\"]")
                .statusCode();
    }

    private static String id(OneNode node, JsonObject row) {
        var answer = node.send(
                "POST", SHOP + "/query", "[\"SELECT id FROM item WHERE label = ?\", " + row.get("label") + "]");
        var values = JsonParser.parseString(answer.body())
                .getAsJsonObject()
                .getAsJsonArray("results")
                .get(0)
                .getAsJsonObject()
                .getAsJsonArray("values");
        return values.isEmpty() ? "" : values.get(0).getAsJsonArray().get(0).toString();
    }

    private static JsonArray conflicts(OneNode node) {
        return JsonParser.parseString(node.send("GET", SHOP + "/conflicts", "").body())
                .getAsJsonObject()
                .getAsJsonArray("items");
    }

    private static String root(OneNode node) {
        return JsonParser.parseString(node.send("GET", SHOP + "/status", "").body())
                .getAsJsonObject()
                .get("root")
                .getAsString();
    }
}
