package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.replica.Watch;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.sync.vector.VersionVector;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Feeds of changes that begin before what is in memory. */
class ChangesFeedTest {
    private static final int KEPT = 100;

    @TempDir
    static Path directory;

    private static TestCluster cluster;

    @BeforeAll
    static void start() {
        cluster = TestCluster.start(
                directory,
                "merklite { request-timeout = 60s, replication.log-window = 64 KiB, log.retain.count = " + KEPT + " }",
                "a1");
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    void feedComesFromTheLogThenFromWhatHappensAndEachBookmarkIsAPlaceToGoOn() throws Exception {
        var shop = prepare("log");
        insert(shop, 1, 80, 2_000);

        var told = new CopyOnWriteArrayList<Watch>();
        try (var feed = shop.changes(VersionVector.EMPTY, told::add)) {
            TestCluster.await(() -> told.size() == 81);
            insert(shop, 81, 5, 10);
            TestCluster.await(() -> told.size() == 86);
        }

        assertThat(seqs(told)).isEqualTo(LongStream.rangeClosed(1, 86).boxed().toList());
        assertThat(changed(told.get(85)).bookmark())
                .isEqualTo(TestCluster.join(shop.status()).vector());
        var rest = new CopyOnWriteArrayList<Watch>();
        try (var feed = shop.changes(changed(told.get(29)).bookmark(), rest::add)) {
            TestCluster.await(() -> rest.size() == 56);
        }
        assertThat(seqs(rest)).isEqualTo(LongStream.rangeClosed(31, 86).boxed().toList());
    }

    @Test
    void feedThatBeginsBeforeTheCutSaysThatItHasAGapAndGoesOn() throws Exception {
        var shop = prepare("cut");
        insert(shop, 1, 3 * KEPT, 2_000);

        var told = new CopyOnWriteArrayList<Watch>();
        try (var feed = shop.changes(VersionVector.EMPTY, told::add)) {
            TestCluster.await(() -> !told.isEmpty());
            assertThat(told.getFirst())
                    .isInstanceOfSatisfying(
                            Watch.Gap.class,
                            gap -> assertThat(gap.bookmark())
                                    .isEqualTo(TestCluster.join(shop.status()).vector()));
            insert(shop, 1_000, 3, 10);
            TestCluster.await(() -> told.size() == 4);
        }

        assertThat(seqs(List.copyOf(told).subList(1, 4)))
                .isEqualTo(List.of(3L * KEPT + 2, 3L * KEPT + 3, 3L * KEPT + 4));
    }

    @Test
    void watcherThatDoesNotTakeIsToldNoMoreUntilItDoes() throws Exception {
        var shop = prepare("slow");
        var told = new CopyOnWriteArrayList<Watch>();
        Queue<CompletableFuture<Void>> untaken = new ConcurrentLinkedQueue<>();

        try (var feed = shop.pacedChanges(VersionVector.EMPTY, watch -> {
            told.add(watch);
            var taken = new CompletableFuture<Void>();
            untaken.add(taken);
            return taken;
        })) {
            insert(shop, 1, 60, 200_000);
            assertThat(told.size()).isLessThan(40);

            TestCluster.await(() -> {
                for (var taken = untaken.poll(); taken != null; taken = untaken.poll()) {
                    taken.complete(null);
                }
                return told.size() == 61;
            });
        }

        assertThat(seqs(told)).isEqualTo(LongStream.rangeClosed(1, 61).boxed().toList());
    }

    private static ClusterDatabase prepare(String name) {
        cluster.create("a1", name);
        var database = cluster.node("a1").database(name);
        TestCluster.join(database.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)"));
        return database;
    }

    /** One transaction for each row. */
    private static void insert(ClusterDatabase database, int first, int count, int size) {
        for (var id = first; id < first + count; id++) {
            TestCluster.join(database.execute(
                    "INSERT INTO item VALUES (?, hex(randomblob(?)))", SqlValue.of(id), SqlValue.of(size / 2)));
        }
    }

    private static List<Long> seqs(List<Watch> told) {
        return told.stream()
                .filter(Watch.Changed.class::isInstance) // and not the end, by ourselves
                .map(watch -> changed(watch).transaction().seq())
                .toList();
    }

    private static Watch.Changed changed(Watch watch) {
        return (Watch.Changed) watch;
    }
}
