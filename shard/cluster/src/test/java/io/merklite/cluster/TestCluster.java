package io.merklite.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.remote.RemoteActorRefProvider;
import org.apache.pekko.remote.transport.ThrottlerTransportAdapter;
import scala.jdk.javaapi.FutureConverters;

/** Nodes of one or more datacenters in this JVM. */
public final class TestCluster implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private final Path directory;
    private final Map<String, MerkliteNode> nodes = new LinkedHashMap<>();
    private final Map<String, Integer> ports = new LinkedHashMap<>();
    private final String settings;

    /** @param settings HOCON that differs from the tests' defaults */
    public TestCluster(Path directory, String settings) {
        this.directory = directory;
        this.settings = settings;
    }

    /** Starts nodes called by datacenter and number, such as a1, and waits until each knows all. */
    public static TestCluster start(Path directory, String settings, String... names) {
        var cluster = new TestCluster(directory, settings);
        for (var name : names) {
            cluster.startNode(name);
        }
        cluster.awaitMembers(names.length);
        return cluster;
    }

    /** Starts one node, again if it was stopped: it finds its files. */
    public MerkliteNode startNode(String name) {
        return startNode(name, "");
    }

    /** As {@link #startNode(String)}, with settings of its own. */
    public MerkliteNode startNode(String name, String own) {
        var isFirst = ports.isEmpty();
        var node = MerkliteNode.start(
                ConfigFactory.parseString(own).withFallback(config(name, ports.getOrDefault(name, 0))));
        var cluster = Cluster.get(node.system());
        var address = cluster.selfMember().address();
        ports.put(name, address.getPort().orElseThrow());
        if (isFirst) {
            cluster.manager().tell(Join.create(address));
        }
        nodes.put(name, node);
        return node;
    }

    /** Starts one node as a process of its own, which can be killed. */
    public Process startProcess(String name) {
        try {
            var file = directory.resolve(name + ".conf");
            var port = ports.computeIfAbsent(name, node -> freePort());
            Files.writeString(file, config(name, port).root().render());
            return new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx256m",
                            "-XX:+UseSerialGC",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            TestNode.class.getName(),
                            file.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            directory.resolve(name + ".log").toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All nodes that were started so far are seeds, so that any of them can come back. */
    private Config config(String name, int port) {
        var seeds = ports.values().stream()
                .map(known -> "\"pekko://merklite@127.0.0.1:" + known + "\"")
                .collect(Collectors.joining(", "));
        return ConfigFactory.parseString(settings).withFallback(ConfigFactory.parseString("""
                        merklite {
                          node-id = %1$s
                          data-directory = "%2$s"
                          journal.path = "%2$s/journal.db"
                          anti-entropy.interval = 1s
                          # a busy machine is no reason for an unknown outcome
                          request-timeout = 60s
                          replication.acknowledge-timeout = 60s
                          database { queue-timeout = 60s, lease-contended = 10m, lease-idle = 10m }
                          # what one node acknowledged, another's copy may have a moment later
                          reads = writer
                        }
                        pekko {
                          loglevel = WARNING
                          stdout-loglevel = OFF
                          remote.artery {
                            canonical { hostname = "127.0.0.1", port = %3$d }
                            advanced.test-mode = on
                          }
                          cluster {
                            seed-nodes = [%4$s]
                            multi-data-center.self-data-center = %5$s
                            jmx.multi-mbeans-in-same-jvm = on
                            # several nodes of a JVM on a busy machine are slow together
                            failure-detector.acceptable-heartbeat-pause = 5s
                          }
                        }
                        """.formatted(
                        name, directory.resolve(name), port, seeds, name.substring(0, 1))));
    }

    /** Cuts the links between two nodes of this JVM, in both directions. */
    @SuppressWarnings("deprecation") // there is no other way to lose messages of Artery
    public void cut(String one, String other) {
        throttle(one, other, ThrottlerTransportAdapter.Blackhole$.MODULE$);
        throttle(other, one, ThrottlerTransportAdapter.Blackhole$.MODULE$);
    }

    /** Mends the links between two nodes of this JVM. */
    @SuppressWarnings("deprecation")
    public void mend(String one, String other) {
        throttle(one, other, ThrottlerTransportAdapter.Unthrottled$.MODULE$);
        throttle(other, one, ThrottlerTransportAdapter.Unthrottled$.MODULE$);
    }

    @SuppressWarnings("deprecation")
    private void throttle(String at, String to, ThrottlerTransportAdapter.ThrottleMode mode) {
        var provider = (RemoteActorRefProvider)
                ((ExtendedActorSystem) nodes.get(at).system().classicSystem()).provider();
        var address = new Address("pekko", "merklite", "127.0.0.1", ports.get(to));
        join(FutureConverters.asJava(provider.transport()
                .managementCommand(new ThrottlerTransportAdapter.SetThrottle(
                        address,
                        org.apache.pekko.remote.transport.ThrottlerTransportAdapter$Direction$Both$.MODULE$,
                        mode))));
    }

    /** For a process of its own, whose seeds must be known before it has taken a port. */
    private static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until each node sees so many members that are up. */
    public void awaitMembers(int count) {
        for (var node : nodes.values()) {
            await(() -> {
                var up = 0;
                for (var member : org.apache.pekko.cluster.Cluster.get(node.system())
                        .state()
                        .getMembers()) {
                    if (member.status().equals(org.apache.pekko.cluster.MemberStatus.up())) {
                        up++;
                    }
                }
                return up == count;
            });
        }
    }

    public MerkliteNode node(String name) {
        return nodes.get(name);
    }

    /** Leaves and stops. */
    public void stopNode(String name) {
        nodes.remove(name).close();
    }

    public Path directory(String name) {
        return directory.resolve(name);
    }

    /** Makes a database. */
    public void create(String node, String database) {
        join(node(node).catalog().thenCompose(catalog -> catalog.create(database)));
    }

    /** The rows of a statement, as text. */
    public List<List<String>> rows(String node, String database, String sql, SqlValue... args) {
        return result(node, database, StreamOptions.DEFAULTS, sql, args).rows().stream()
                .map(row -> row.stream().map(TestCluster::text).toList())
                .toList();
    }

    /** Runs one statement that must succeed. */
    public StatementResult result(String node, String database, StreamOptions options, String sql, SqlValue... args) {
        var responses = join(node(node).stream(database, options)
                .run(List.of(SqlRequest.Batch.of(SqlStatement.of(sql, args))), true));
        if (responses.getFirst() instanceof SqlResponse.BatchDone done
                && done.outcomes().getFirst() instanceof StepOutcome.Done step) {
            return step.result();
        }
        throw new AssertionError(sql + " gave " + responses);
    }

    public static String text(SqlValue value) {
        return switch (value) {
            case SqlValue.Null none -> "NULL";
            case SqlValue.Integer number -> Long.toString(number.value());
            case SqlValue.Real real -> Double.toString(real.value());
            case SqlValue.Text text -> text.value();
            case SqlValue.Blob blob -> blob.toString();
        };
    }

    /** Waits for a stage. */
    public static <T> T join(java.util.concurrent.CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture()
                    .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** Waits until a condition holds. */
    public static void await(BooleanSupplier condition) {
        var deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("did not happen within " + PATIENCE);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    @Override
    public void close() {
        // One by one, the youngest first: nodes that leave at once wait for each other to take over, until they give
        // up.
        List.copyOf(nodes.values()).reversed().forEach(MerkliteNode::close);
    }
}
