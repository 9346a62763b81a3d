package io.merklite.loadtest.cluster;

import io.merklite.cluster.MerkliteNode;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import io.merklite.loadtest.Bar;
import io.merklite.node.config.Configuration;
import io.merklite.node.config.ConfigurationSources;
import io.merklite.node.serve.NodeServer;
import io.merklite.node.serve.ServeSettings;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Command: the bars of one node, embedded and over HTTP, and of a datacenter of three. Medians of {@value #ROUNDS} runs. */
public final class ClusterBars {
    private static final int ROUNDS = 5;
    private static final int CALLERS = 64;
    private static final Duration WARM_UP = Duration.ofSeconds(10);
    private static final Duration MEASURED = Duration.ofSeconds(5);
    private static final int KEYS = 100_000;
    private static final int SYNCS = 200;
    private static final int SYNC_BYTES = 4096;
    private static final String LABEL = "x".repeat(100);
    private static final String INSERT =
            "INSERT INTO item(id, label) VALUES (?1, ?2)" + " ON CONFLICT(id) DO UPDATE SET label = excluded.label";
    private static final String SELECT = "SELECT label FROM item WHERE id = ?1";
    private static final double NANOS_PER_MICRO = 1e3;

    private ClusterBars() {}

    public static void main(String[] arguments) throws Exception {
        oneNode();
        datacenter();
        System.exit(0); // the nodes' logging may hold threads
    }

    private static void oneNode() throws Exception {
        var directory = Files.createTempDirectory("merklite-bars");
        var begun = System.nanoTime();
        var server = serve(directory, "n1", freePort(), Optional.empty());
        var startMillis = (System.nanoTime() - begun) / 1e6;
        var node = server.node();
        make(node);
        var address = address(server);
        var path = "/db/shop/v2/pipeline";
        Callers.run(CALLERS, WARM_UP, number -> write(node, number, Acknowledgement.LOCAL));
        HttpLoad.run(address, path, CALLERS, WARM_UP, ClusterBars::writePipeline);
        HttpLoad.run(address, path, CALLERS, MEASURED, ClusterBars::readPipeline);

        Map<String, double[]> seen = new LinkedHashMap<>();
        for (var round = 0; round < ROUNDS; round++) {
            var many = Callers.run(CALLERS, MEASURED, number -> write(node, number, Acknowledgement.LOCAL));
            var one = Callers.run(1, MEASURED, number -> write(node, number, Acknowledgement.LOCAL));
            if (many.failedCount() + one.failedCount() > 0) {
                throw new IllegalStateException("writes failed: " + many + ", " + one);
            }
            record(seen, "cluster.write.64", round, 1e6 / many.perSecond());
            record(seen, "cluster.write.64.p99", round, many.p99Micros() / 1e3);
            record(seen, "cluster.write.1.over-fsync", round, one.medianMicros() - fsyncMicros(directory));
            record(seen, "cluster.write.1-against-64", round, one.perSecond() / many.perSecond());
            var writes = HttpLoad.run(address, path, CALLERS, MEASURED, ClusterBars::writePipeline);
            var reads = HttpLoad.run(address, path, CALLERS, MEASURED, ClusterBars::readPipeline);
            record(seen, "cluster.http.write.64", round, 1e6 / writes);
            record(seen, "cluster.http.read.64", round, 1e6 / reads);
        }
        print(seen, "cluster.write.64", "us", 50);
        print(seen, "cluster.write.64.p99", "ms", 20);
        print(seen, "cluster.write.1.over-fsync", "us", 1000);
        print(seen, "cluster.write.1-against-64", "x", 1 / 3.0);
        print(seen, "cluster.http.write.64", "us", 100);
        print(seen, "cluster.http.read.64", "us", 100);
        System.out.println(new Bar("cluster.start", startMillis, "ms", 4000));
        server.stop().toCompletableFuture().join();
    }

    private static void datacenter() throws Exception {
        var directory = Files.createTempDirectory("merklite-bars");
        var port = freePort();
        List<NodeServer> servers = new ArrayList<>();
        servers.add(serve(directory.resolve("n1"), "n1", port, Optional.empty()));
        servers.add(serve(directory.resolve("n2"), "n2", freePort(), Optional.of(port)));
        servers.add(serve(directory.resolve("n3"), "n3", freePort(), Optional.of(port)));
        var node = servers.getFirst().node();
        make(node);
        Callers.run(CALLERS, WARM_UP, number -> write(node, number, Acknowledgement.MAJORITY));
        Map<String, double[]> seen = new LinkedHashMap<>();
        for (var round = 0; round < ROUNDS; round++) {
            var many = Callers.run(CALLERS, MEASURED, number -> write(node, number, Acknowledgement.MAJORITY));
            if (many.failedCount() > 0) {
                throw new IllegalStateException("writes failed: " + many);
            }
            record(seen, "cluster.majority.write.64", round, 1e6 / many.perSecond());
        }
        print(seen, "cluster.majority.write.64", "us", 1e6 / 4400);
    }

    private static void record(Map<String, double[]> seen, String name, int round, double value) {
        seen.computeIfAbsent(name, key -> new double[ROUNDS])[round] = value;
    }

    private static void print(Map<String, double[]> seen, String name, String unit, double limit) {
        System.out.println(new Bar(name, Bar.median(seen.getOrDefault(name, new double[1])), unit, limit));
    }

    private static void make(MerkliteNode node) {
        node.create("shop").toCompletableFuture().join();
        run(node, StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)")
                .toCompletableFuture()
                .join();
        Callers.fill(KEYS, number -> write(node, number, Acknowledgement.LOCAL));
    }

    private static CompletionStage<?> write(MerkliteNode node, long number, Acknowledgement level) {
        return run(
                node,
                new StreamOptions(level, Optional.empty(), false),
                INSERT,
                SqlValue.of(number % KEYS),
                SqlValue.of(LABEL));
    }

    private static CompletionStage<List<SqlResponse>> run(
            MerkliteNode node, StreamOptions options, String sql, SqlValue... args) {
        return node.stream("shop", options)
                .run(List.of(SqlRequest.Batch.of(SqlStatement.of(sql, args))), true)
                .thenApply(responses -> {
                    if (responses.getFirst() instanceof SqlResponse.BatchDone done
                            && done.outcomes().getFirst() instanceof StepOutcome.Done) {
                        return responses;
                    }
                    throw new IllegalStateException(sql + " gave " + responses);
                });
    }

    private static String writePipeline(long number) {
        return pipeline(
                INSERT,
                "{\"type\":\"integer\",\"value\":\"" + number % KEYS + "\"},{\"type\":\"text\",\"value\":\"" + LABEL
                        + "\"}");
    }

    private static String readPipeline(long number) {
        return pipeline(SELECT, "{\"type\":\"integer\",\"value\":\"" + number * 7919 % KEYS + "\"}");
    }

    private static String pipeline(String sql, String args) {
        return "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"" + sql + "\",\"args\":[" + args
                + "]}},{\"type\":\"close\"}]}";
    }

    /** What the disk takes to write and sync one page: the median of some. */
    private static double fsyncMicros(Path directory) throws IOException {
        var file = directory.resolve("sync");
        var micros = new double[SYNCS];
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (var i = 0; i < SYNCS; i++) {
                var begun = System.nanoTime();
                channel.write(ByteBuffer.allocate(SYNC_BYTES), 0);
                channel.force(false);
                micros[i] = (System.nanoTime() - begun) / NANOS_PER_MICRO;
            }
        }
        return Bar.median(micros);
    }

    private static NodeServer serve(Path directory, String name, int port, Optional<Integer> seed) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("merklite.node-id", name);
        settings.put("merklite.data-directory", directory.toString());
        settings.put("merklite.cluster.port", Integer.toString(port));
        settings.put("merklite.http.port", "0");
        settings.put("pekko.cluster.jmx.multi-mbeans-in-same-jvm", "on");
        seed.ifPresent(known -> settings.put("merklite.cluster.seed-nodes", "127.0.0.1:" + known));
        return NodeServer.start(
                        Configuration.load(
                                new ConfigurationSources(Optional.empty(), Map.of(), settings), ServeSettings.CHECKS),
                        "bars")
                .toCompletableFuture()
                .join();
    }

    private static InetSocketAddress address(NodeServer server) {
        var url = URI.create(server.url());
        return new InetSocketAddress(url.getHost(), url.getPort());
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
