package io.merklite.node.demo;

import io.merklite.node.NodeException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which nodes a local cluster has.
 *
 * @param directory with a folder for each node
 * @param nodes in the order in which they start; the first one forms the cluster
 */
public record LocalPlan(Path directory, List<Node> nodes) {
    private static final int LAST_PORT = 65_535;

    public LocalPlan {
        directory = directory.toAbsolutePath().normalize();
        nodes = List.copyOf(nodes);
    }

    /**
     * One node.
     *
     * @param name such as {@code a1}: datacenter and number
     * @param datacenter such as {@code a}
     * @param httpPort where it serves
     * @param clusterPort where other nodes reach it
     */
    public record Node(String name, String datacenter, int httpPort, int clusterPort) {
        /** Where clients reach it, with a slash at the end. */
        public String url() {
            return "http://127.0.0.1:" + httpPort + "/";
        }
    }

    /**
     * Datacenters called {@code a}, {@code b} and so on, each with nodes {@code a1}, {@code a2} and so on. They take turns, so
     * that the seed nodes are in different datacenters.
     *
     * @param firstPort from which on free ports are looked for
     */
    public static LocalPlan of(Path directory, int datacenterCount, int nodesPerDatacenter, int firstPort) {
        Set<Integer> taken = new HashSet<>();
        List<Node> nodes = new ArrayList<>();
        for (var number = 1; number <= nodesPerDatacenter; number++) {
            for (var index = 0; index < datacenterCount; index++) {
                var datacenter = String.valueOf((char) ('a' + index));
                nodes.add(new Node(
                        datacenter + number,
                        datacenter,
                        freePort(firstPort, taken),
                        freePort(firstPort + 1000, taken)));
            }
        }
        return new LocalPlan(directory, nodes);
    }

    /** The first node of a datacenter. */
    public Node firstOf(String datacenter) {
        return nodes.stream()
                .filter(node -> node.datacenter().equals(datacenter))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no datacenter " + datacenter));
    }

    /** Names of the datacenters, in order. */
    public List<String> datacenters() {
        return nodes.stream().map(Node::datacenter).distinct().sorted().toList();
    }

    /** Settings of {@code node}, in HOCON. */
    String settingsOf(Node node) {
        var seeds = nodes.stream()
                .limit(2)
                .map(seed -> "\"127.0.0.1:" + seed.clusterPort() + "\"")
                .toList();
        return """
                merklite {
                  node-id = "%s"
                  data-directory = "%s"
                  cluster { datacenter = "%s", port = %d, seed-nodes = [%s] }
                  http.port = %d
                }
                # All nodes share few cores with whatever else runs here: a slow one is not a dead one.
                pekko.cluster.failure-detector.acceptable-heartbeat-pause = 5s
                """.formatted(
                        node.name(),
                        folderOf(node).resolve("data"),
                        node.datacenter(),
                        node.clusterPort(),
                        String.join(", ", seeds),
                        node.httpPort());
    }

    Path folderOf(Node node) {
        return directory.resolve(node.name());
    }

    private static int freePort(int first, Set<Integer> taken) {
        for (var port = first; port <= LAST_PORT; port++) {
            if (!taken.contains(port) && isFree(port)) {
                taken.add(port);
                return port;
            }
        }
        throw new NodeException.StartFailed("no port from " + first + " on is free", "Name a lower --port", null);
    }

    private static boolean isFree(int port) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
