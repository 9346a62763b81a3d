package io.merklite.loadtest.cluster;

import io.merklite.cluster.MerkliteNode;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.loadtest.Bar;
import io.merklite.node.config.Configuration;
import io.merklite.node.config.ConfigurationSources;
import io.merklite.node.serve.NodeServer;
import io.merklite.node.serve.ServeSettings;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Command: one node in this JVM, through its API: durable writes of many callers and of one, and how fast it starts. */
public final class EmbeddedBars {
    private static final int ROUNDS = Integer.getInteger("figures.runs", 5);
    private static final int CALLERS = 64;
    private static final Duration MEASURED = Duration.ofSeconds(4);
    private static final Duration MEASURED_ALONE = Duration.ofSeconds(2);
    private static final int SYNCS = 200;
    private static final int SYNC_BYTES = 4096;
    private static final double MICROS_PER_SECOND = 1e6;

    private EmbeddedBars() {}

    public static void main(String[] arguments) throws Exception {
        try (var scratchpad = Scratchpad.make()) {
            var begun = System.nanoTime();
            var server = serve(scratchpad.path());
            var startMillis = (System.nanoTime() - begun) / 1e6;
            try {
                measure(server.node(), scratchpad.path());
            } finally {
                server.stop().toCompletableFuture().join();
            }
            Figure.atMost("node.start", "ms", 4000, List.of(startMillis)).print();
        }
    }

    private static void measure(MerkliteNode node, Path folder) throws Exception {
        node.create(Shop.NAME).toCompletableFuture().join();
        node.database(Shop.NAME).execute(Shop.CREATE).toCompletableFuture().join();
        for (var i = 0; i < Shop.FILLS; i++) {
            node.database(Shop.NAME).execute(Shop.FILL).toCompletableFuture().join();
        }
        WarmUp.untilSteady(duration -> Callers.run(CALLERS, duration, number -> write(node, number)));
        var runs = new Runs();
        for (var round = 0; round < ROUNDS; round++) {
            var many = Callers.run(CALLERS, MEASURED, number -> write(node, number))
                    .whole();
            var one = Callers.run(1, MEASURED_ALONE, number -> write(node, number))
                    .whole();
            var syncMicros = syncMicros(folder);
            System.out.printf("# 64 callers %s; 1 caller %s; fsync %.0f us%n", many, one, syncMicros);
            requireWritten(node);
            runs.add("write.64", many.perSecond());
            runs.add("write.64.p99", many.p99Micros() / 1e3);
            runs.add("write.1.over-fsync", (one.medianMicros() - syncMicros) / 1e3);
        }
        Figure.atLeast("embedded.write.64", "/s", 20_000, runs.of("write.64")).print();
        Figure.atMost("embedded.write.64.p99", "ms", 20, runs.of("write.64.p99"))
                .print();
        Figure.atMost("embedded.write.1.over-fsync", "ms", 1, runs.of("write.1.over-fsync"))
                .print();
    }

    private static CompletionStage<StatementResult> write(MerkliteNode node, long number) {
        return node.database(Shop.NAME)
                .execute(Shop.UPSERT, SqlValue.of(Shop.key(number)), SqlValue.of(Shop.label(number)));
    }

    /** The last number that was given out has been answered, so its row must be there. */
    private static void requireWritten(MerkliteNode node) {
        var number = Callers.nextNumber() - 1;
        var rows = node.database(Shop.NAME)
                .query("SELECT max(label) FROM item")
                .toCompletableFuture()
                .join();
        if (!rows.equals(List.of(List.of(SqlValue.of(Shop.label(number)))))) {
            throw new IllegalStateException("the last write was " + Shop.label(number) + ", and there is " + rows);
        }
        write(node, number + 1).toCompletableFuture().join();
    }

    /** What the disk takes to write and sync one page: the median of some. */
    private static double syncMicros(Path folder) throws IOException {
        var micros = new double[SYNCS];
        try (var channel =
                FileChannel.open(folder.resolve("sync"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (var i = 0; i < SYNCS; i++) {
                var begun = System.nanoTime();
                channel.write(ByteBuffer.allocate(SYNC_BYTES));
                channel.force(false);
                micros[i] = (System.nanoTime() - begun) * MICROS_PER_SECOND / 1e9;
            }
        }
        return Bar.median(micros);
    }

    private static NodeServer serve(Path folder) throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("merklite.node-id", "n1");
        settings.put("merklite.data-directory", folder.resolve("data").toString());
        settings.put("merklite.cluster.port", Integer.toString(RivalServer.freePorts(1)[0]));
        settings.put("merklite.http.port", "0");
        var sources = new ConfigurationSources(Optional.empty(), Map.of(), settings);
        return NodeServer.start(Configuration.load(sources, ServeSettings.CHECKS), "bars")
                .toCompletableFuture()
                .join();
    }
}
