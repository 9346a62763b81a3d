package io.merklite.loadtest.gatling;

import io.merklite.loadtest.local.LocalNode;
import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.NodeApi;
import io.merklite.loadtest.local.Waiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The cluster that is put under load: the one whose addresses are given, or one that is started for it.
 *
 * <p>Addresses are in the system property {@value #PROPERTY}: {@code a=http://host:8080/ a=http://host2:8080/ b=…}, datacenter and
 * URL.
 */
final class Target implements AutoCloseable {
    static final String PROPERTY = "merklite.nodes";
    private static final Duration CONVERGENCE = Duration.ofMinutes(3);

    private final Map<String, List<String>> urls;
    private final Optional<LocalNodes> started;

    private Target(Map<String, List<String>> urls, Optional<LocalNodes> started) {
        this.urls = urls;
        this.started = started;
    }

    /** That of the property, else two datacenters of three nodes on this machine. */
    static Target ofProperties() {
        var given = System.getProperty(PROPERTY, "");
        if (!given.isBlank()) {
            return new Target(parse(given), Optional.empty());
        }
        try {
            var directory = Files.createTempDirectory("merklite-gatling");
            var nodes = LocalNodes.start(LocalNodes.Options.local(directory, List.of(3, 3)), System.out::println);
            return new Target(parse(property(nodes.nodes())), Optional.of(nodes));
        } catch (IOException e) {
            throw new UncheckedIOException("a folder for the nodes can't be made", e);
        }
    }

    /** What the property must be for these nodes. */
    static String property(List<LocalNode> nodes) {
        return nodes.stream().map(node -> node.datacenter() + "=" + node.url()).collect(Collectors.joining(" "));
    }

    private static Map<String, List<String>> parse(String given) {
        Map<String, List<String>> urls = new LinkedHashMap<>();
        for (var part : given.strip().split("\\s+", -1)) {
            var equals = part.indexOf('=');
            if (equals < 1 || !part.endsWith("/")) {
                throw new IllegalArgumentException(
                        PROPERTY + " has \"" + part + "\", must be DATACENTER=URL with a slash at the end");
            }
            urls.computeIfAbsent(part.substring(0, equals), any -> new ArrayList<>())
                    .add(part.substring(equals + 1));
        }
        return urls;
    }

    /** All of them, those of each datacenter together. */
    List<String> urls() {
        return urls.values().stream().flatMap(List::stream).toList();
    }

    List<String> datacenters() {
        return List.copyOf(urls.keySet());
    }

    List<String> urls(String datacenter) {
        return urls.getOrDefault(datacenter, List.of());
    }

    NodeApi first() {
        return NodeApi.at(URI.create(urls().getFirst()));
    }

    /** Makes a database with tables, and waits until all nodes have heard of it. */
    void create(String database, String schema) {
        first().create(database, schema);
        awaitEqual(database);
    }

    /** Waits until every node's datacenter has the same transactions and the same root. */
    void awaitEqual(String database) {
        if (!Waiting.until(CONVERGENCE, () -> isEqual(database))) {
            throw new IllegalStateException(
                    "datacenters have not become equal in " + database + " within " + CONVERGENCE);
        }
    }

    private boolean isEqual(String database) {
        Set<String> states = new HashSet<>();
        for (var url : urls()) {
            if (!(NodeApi.at(URI.create(url)).status(database) instanceof NodeApi.Answer.Done done)) {
                return false;
            }
            states.add(done.body().path("root").asText() + done.body().path("vector"));
        }
        return states.size() == 1;
    }

    @Override
    public void close() {
        started.ifPresent(LocalNodes::close);
    }
}
