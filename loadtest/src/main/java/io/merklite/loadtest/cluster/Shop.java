package io.merklite.loadtest.cluster;

import io.merklite.loadtest.local.LocalNode;
import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.NodeApi;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The database that all figures are measured on, and requests to it over HTTP. */
final class Shop {
    static final String NAME = "shop";
    static final String CREATE = "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)";
    static final String UPSERT =
            "INSERT INTO item(id, label) VALUES (?1, ?2)" + " ON CONFLICT(id) DO UPDATE SET label = excluded.label";
    static final String APPEND = "INSERT INTO item(label) VALUES (?1)";
    private static final String INSERT = "INSERT INTO item(id, label) VALUES (merklite_id(), ?1)";
    static final String FILL = "INSERT INTO item(id, label)"
            + " WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
            + " SELECT (SELECT coalesce(max(id), -1) FROM item) + 1 + i, printf('%0100d', i) FROM n";
    static final String SELECT = "SELECT label FROM item WHERE id = ?1";
    static final int KEYS = 100_000;
    /** How often {@link #FILL} must run for all keys. */
    static final int FILLS = 10;

    private static final int STRIDE = 7919;
    private static final String PADDING = "x".repeat(88);
    private static final long FIRST_TAIL = 100_000_000_000L;

    private Shop() {}

    /** A key, spread over all of them. */
    static long key(long number) {
        return number * STRIDE % KEYS;
    }

    /** A hundred bytes that no other number has. */
    static String label(long number) {
        return PADDING + (FIRST_TAIL + number);
    }

    /** Writes a key's label anew. */
    static String upsert(long number) {
        return upsert(key(number), number);
    }

    /** Writes the label of {@code id} anew. */
    static String upsert(long id, long number) {
        return pipeline(UPSERT, integer(id) + "," + text(label(number)));
    }

    /** Writes a row of its own, with the next id that the database gives. */
    static String append(long number) {
        return pipeline(APPEND, text(label(number)));
    }

    /**
     * Writes a row whose key no other writer gives. A new writer gives SQLite's own keys anew if only the dead one had their
     * rows, and then its rows beat those.
     */
    static String insert(long number) {
        return pipeline(INSERT, text(label(number)));
    }

    /** Reads a label. */
    static String select(long number) {
        return pipeline(SELECT, integer(key(number)));
    }

    static String statement(String sql) {
        return pipeline(sql, "");
    }

    /** Requests to a node, whose every answer is looked at. */
    static HttpLoad on(LocalNode node) {
        return HttpLoad.to(node.url().getPort(), "/db/" + NAME + "/v2/pipeline", Shop::isGood);
    }

    /** Requests to a server that has this database alone. */
    static HttpLoad onPort(int port) {
        return HttpLoad.to(port, "/v2/pipeline", Shop::isGood);
    }

    /** Starts a datacenter of so many nodes, each a process of its own. */
    static LocalNodes start(Path folder, int nodeCount) {
        return LocalNodes.start(LocalNodes.Options.fast(folder, List.of(nodeCount)), System.out::println);
    }

    /** As {@link #start}, where a node is taken for dead as early as in production. */
    static LocalNodes startWithoutPatience(Path folder, int nodeCount) {
        return LocalNodes.start(
                LocalNodes.Options.fast(folder, List.of(nodeCount)).withoutPatience(), System.out::println);
    }

    /** Starts two datacenters of one node each, whose link can be cut. */
    static LocalNodes startTwoDatacenters(Path folder) {
        return LocalNodes.start(LocalNodes.Options.fast(folder, List.of(1, 1)).withProxies(), System.out::println);
    }

    /** Makes the database, which all of its hosts then have. */
    static void create(LocalNodes cluster) {
        var first = cluster.nodes().getFirst();
        NodeApi.of(first).create(NAME, CREATE);
        for (var node : cluster.nodes()) {
            LocalNodes.await(
                    node + " knows the database",
                    Duration.ofMinutes(1),
                    () -> NodeApi.of(node).status(NAME) instanceof NodeApi.Answer.Done);
        }
    }

    /** The node that writes for the datacenter of {@code node}. */
    static LocalNode writer(LocalNodes cluster, LocalNode node) {
        var name = NodeApi.done(NodeApi.of(node).status(NAME)).path("node").asText();
        return cluster.nodes().stream()
                .filter(other -> other.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the writer is at " + name + ", which is no node"));
    }

    private static boolean isGood(String body) {
        return body.contains("\"type\":\"ok\"") && !body.contains("\"error\"");
    }

    private static String integer(long value) {
        return "{\"type\":\"integer\",\"value\":\"" + value + "\"}";
    }

    private static String text(String value) {
        return "{\"type\":\"text\",\"value\":\"" + value + "\"}";
    }

    private static String pipeline(String sql, String args) {
        return "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"" + sql + "\",\"args\":[" + args
                + "]}},{\"type\":\"close\"}]}";
    }
}
