package io.merklite.loadtest.cluster;

import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.MerkliteNode;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Command: the bars of one node through its embedded API. */
public final class ClusterBars {
    private static final Duration WARM_UP = Duration.ofSeconds(8);
    private static final Duration MEASURED = Duration.ofSeconds(8);
    private static final int CALLERS = 64;
    private static final String INSERT =
            "INSERT INTO item(id, label) VALUES (?1, ?2)" + " ON CONFLICT(id) DO UPDATE SET label = excluded.label";
    private static final String LABEL = "x".repeat(100);
    private static final int KEYS = 100_000;

    private ClusterBars() {}

    public static void main(String[] arguments) throws Exception {
        var directory = Files.createTempDirectory("merklite-bars");
        try (var node = start(directory)) {
            node.catalog()
                    .toCompletableFuture()
                    .join()
                    .create("shop")
                    .toCompletableFuture()
                    .join();
            run(node, "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)")
                    .toCompletableFuture()
                    .join();
            writes(node, CALLERS, WARM_UP);
            for (var round = 0; round < 3; round++) {
                System.out.println("writes, " + CALLERS + " callers: " + writes(node, CALLERS, MEASURED));
                System.out.println("writes, 1 caller: " + writes(node, 1, MEASURED.dividedBy(2)));
                System.out.println("reads, " + CALLERS + " callers: " + reads(node));
            }
        }
    }

    private static Callers.Seen writes(MerkliteNode node, int callers, Duration duration) throws InterruptedException {
        return Callers.run(
                callers, duration, number -> run(node, INSERT, SqlValue.of(number % KEYS), SqlValue.of(LABEL)));
    }

    private static Callers.Seen reads(MerkliteNode node) throws InterruptedException {
        return Callers.run(
                CALLERS,
                MEASURED,
                number -> run(node, "SELECT label FROM item WHERE id = ?1", SqlValue.of(number * 7919 % KEYS)));
    }

    private static CompletionStage<List<SqlResponse>> run(MerkliteNode node, String sql, SqlValue... args) {
        return node.stream("shop", StreamOptions.DEFAULTS)
                .run(List.of(SqlRequest.Batch.of(SqlStatement.of(sql, args))), true)
                .thenApply(responses -> {
                    if (responses.getFirst() instanceof SqlResponse.BatchDone done
                            && done.outcomes().getFirst() instanceof StepOutcome.Done) {
                        return responses;
                    }
                    throw new IllegalStateException(sql + " gave " + responses);
                });
    }

    private static MerkliteNode start(Path directory) throws IOException {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        return MerkliteNode.start(ConfigFactory.parseString("""
                merklite { data-directory = "%1$s", journal.path = "%1$s/journal.db" }
                pekko.loglevel = WARNING
                pekko.stdout-loglevel = OFF
                pekko.remote.artery.canonical { hostname = "127.0.0.1", port = %2$d }
                pekko.cluster.seed-nodes = ["pekko://merklite@127.0.0.1:%2$d"]
                """.formatted(directory, port)));
    }
}
