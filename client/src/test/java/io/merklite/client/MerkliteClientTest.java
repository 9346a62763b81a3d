package io.merklite.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.client.ClientException.OutcomeUnknown;
import io.merklite.client.ClientException.Refused;
import io.merklite.client.ClientException.StatementFailed;
import io.merklite.client.ClientException.TransactionLost;
import io.merklite.client.ClientException.Unreachable;
import io.merklite.client.FaultyProxy.Fault;
import io.merklite.client.feed.ChangesQuery;
import io.merklite.client.feed.CommittedChanges;
import io.merklite.client.feed.ResultEvent;
import io.merklite.client.sql.JavaValues;
import io.merklite.query.subscribe.SqlValue;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MerkliteClientTest {
    private FaultyProxy node;
    private String database;
    private MerkliteClient client;
    private BlockingClient blocking;

    record Item(long id, String label, Optional<Double> price) {}

    @BeforeEach
    void startNode() {
        open(RealNode.shared());
    }

    private void open(RealNode real) {
        node = new FaultyProxy(real.port());
        database = real.newDatabase();
        client = MerkliteClient.of(database, node.address());
        blocking = client.blocking();
        blocking.script(
                "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT UNIQUE, price REAL); CREATE TABLE any(v)");
    }

    @AfterEach
    void stopNode() {
        client.close();
        node.close();
    }

    @Test
    void rowsBecomeRecords() {
        blocking.execute("INSERT INTO item VALUES (?, ?, ?), (?, ?, ?)", 1, "one", 1.5, 2, "two", null);

        var items = blocking.execute("SELECT * FROM item ORDER BY id").as(Item.class);

        assertThat(items).containsExactly(new Item(1, "one", Optional.of(1.5)), new Item(2, "two", Optional.empty()));
    }

    @Test
    void requestsSayWhereWritesMustBeAndHowFreshReads() {
        var settings = ClientSettings.of(database, node.address())
                .withAcknowledgement(Acknowledgement.MAJORITY)
                .withReadLevel(ReadLevel.WRITER);

        try (var strict = MerkliteClient.of(settings)) {
            strict.blocking().execute("INSERT INTO item VALUES (1, 'one', NULL)");
            assertThat(strict.blocking().execute("SELECT id FROM item").rows()).hasSize(1);
        }

        assertThat(node.seen())
                .filteredOn(request -> request.contains("SELECT id FROM item"))
                .isNotEmpty()
                .allMatch(request ->
                        request.contains("merklite-ack: majority") && request.contains("merklite-level: writer"));
    }

    @Test
    void everyValueComesBackAsItWasSent() {
        var values = new Object[] {
            null,
            Long.MIN_VALUE,
            Long.MAX_VALUE,
            0.1,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            -0.0,
            "",
            "zero \0 and \uD83D\uDE00 \" \\",
            new byte[] {0, -1, 10}
        };
        for (var value : values) {
            blocking.execute("INSERT INTO any VALUES (?)", value);
        }

        var read = blocking.execute("SELECT v FROM any ORDER BY rowid");

        assertThat(read.rows().stream().map(row -> row.value(0)))
                .isEqualTo(Arrays.stream(values).map(JavaValues::toSql).toList());
    }

    @Test
    void typesOfJavaAreStoredAsTextAndReadBack() {
        record Kept(UUID id, Instant at) {}
        var kept = new Kept(new UUID(1, 2), Instant.parse("2026-01-02T03:04:05.678Z"));

        var read = blocking.execute("SELECT ? AS id, ? AS at", kept.id(), kept.at());

        assertThat(read.as(Kept.class)).containsExactly(kept);
    }

    @Test
    void namedArgumentsAreBound() {
        var result = blocking.execute(
                SqlStatement.of("SELECT :a + @b AS sum").with(":a", 1).with("b", 2));

        assertThat(result.as(Long.class)).containsExactly(3L);
    }

    @Test
    void writeTellsRowsAndKey() {
        var result = blocking.execute("INSERT INTO item(label) VALUES ('x')");

        assertThat(result.affectedRowCount()).isEqualTo(1);
        assertThat(result.lastInsertRowid()).isEqualTo(OptionalLong.of(1));
    }

    @Test
    void constraintIsToldByItsCode() {
        blocking.execute("INSERT INTO item VALUES (1, 'x', 0)");

        assertThatThrownBy(() -> blocking.execute("INSERT INTO item VALUES (2, 'x', 0)"))
                .isInstanceOfSatisfying(StatementFailed.class, failure -> {
                    assertThat(failure.sqlCode()).isEqualTo("SQLITE_CONSTRAINT");
                    assertThat(failure.sqlMessage()).contains("UNIQUE constraint failed: item.label");
                    assertThat(failure.isTransient()).isFalse();
                });
    }

    @Test
    void batchIsAllOrNothingAndNamesTheStatement() {
        assertThatThrownBy(() -> blocking.batch(List.of(
                        SqlStatement.of("INSERT INTO item VALUES (1, 'x', 0)"),
                        SqlStatement.of("INSERT INTO item VALUES (2, 'x', 0)"),
                        SqlStatement.of("INSERT INTO item VALUES (3, 'z', 0)"))))
                .isInstanceOfSatisfying(
                        StatementFailed.class,
                        failure -> assertThat(failure.step()).isEqualTo(1));

        var results = blocking.batch(List.of(
                SqlStatement.of("INSERT INTO item VALUES (4, 'x', 0)"), SqlStatement.of("SELECT count(*) FROM item")));

        assertThat(results.get(1).as(Long.class)).containsExactly(1L);
        assertThat(node.seen()).as("the stream is closed").anyMatch(request -> request.contains("\"close\""));
    }

    @Test
    void transactionCommitsWhatItsClosureDid() {
        var count = blocking.transaction(transaction -> {
            transaction.execute("INSERT INTO item(label) VALUES (?)", "a");
            transaction.execute("INSERT INTO item(label) VALUES (?)", "b");
            return transaction
                    .execute("SELECT count(*) FROM item")
                    .as(Long.class)
                    .getFirst();
        });

        assertThat(count).isEqualTo(2);
        assertThat(blocking.execute("SELECT label FROM item").as(String.class)).containsExactly("a", "b");
        assertThat(node.seen()).as("the stream is closed").anyMatch(request -> request.contains("\"close\""));
    }

    @Test
    void transactionRollsBackWhenItsClosureThrows() {
        assertThatThrownBy(() -> blocking.transaction(transaction -> {
                    transaction.execute("INSERT INTO item(label) VALUES ('a')");
                    throw new IllegalStateException("no");
                }))
                .isInstanceOf(IllegalStateException.class);

        assertThat(blocking.execute("SELECT count(*) FROM item").as(Long.class)).containsExactly(0L);
        assertThat(node.seen()).as("the stream is closed").anyMatch(request -> request.contains("\"close\""));
    }

    @Test
    void failedStatementDoesNotEndTheTransaction() {
        blocking.transaction(transaction -> {
            transaction.execute("INSERT INTO item(label) VALUES ('a')");
            assertThatThrownBy(() -> transaction.execute("INSERT INTO item(label) VALUES ('a')"))
                    .isInstanceOf(StatementFailed.class);
            return transaction.execute("INSERT INTO item(label) VALUES ('b')");
        });

        assertThat(blocking.execute("SELECT count(*) FROM item").as(Long.class)).containsExactly(2L);
    }

    @Test
    void nothingRunsOnceAStatementHasEndedTheTransaction() {
        var transaction = client.begin(TransactionMode.WRITE);
        var first = transaction.execute("INSERT INTO item(label) VALUES ('a')");
        var ending = transaction.execute("INSERT OR ROLLBACK INTO item(label) VALUES ('a')");
        var outside = transaction.execute("INSERT INTO item(label) VALUES ('b')");

        first.toCompletableFuture().join();
        assertThat(ending.toCompletableFuture())
                .failsWithin(RealNode.PATIENCE)
                .withThrowableThat()
                .withCauseInstanceOf(StatementFailed.class);
        assertThat(outside.toCompletableFuture())
                .failsWithin(RealNode.PATIENCE)
                .withThrowableThat()
                .withCauseInstanceOf(TransactionLost.class);
        assertThat(transaction.commit().toCompletableFuture())
                .failsWithin(RealNode.PATIENCE)
                .withThrowableThat()
                .withCauseInstanceOf(TransactionLost.class);
        assertThat(blocking.execute("SELECT count(*) FROM item").as(Long.class)).containsExactly(0L);
    }

    @Test
    void lostTransactionIsRunAgain() {
        var runs = new AtomicInteger();

        blocking.transaction(transaction -> {
            transaction.execute("INSERT INTO item(label) VALUES ('a')");
            if (runs.getAndIncrement() == 0) {
                node.failNext(Fault.LOST_BEFORE);
            }
            return transaction.execute("INSERT INTO item(label) VALUES ('b')");
        });

        assertThat(runs).hasValue(2);
        assertThat(blocking.execute("SELECT count(*) FROM item").as(Long.class)).containsExactly(2L);
    }

    @Test
    void transactionThatExpiredSaysSo() {
        stopNode();
        open(RealNode.impatient());
        var transaction = client.begin(TransactionMode.WRITE);
        transaction
                .execute("INSERT INTO item(label) VALUES ('a')")
                .toCompletableFuture()
                .join();

        RealNode.impatient().awaitLostTransaction(database);

        assertThat(transaction.commit().toCompletableFuture())
                .failsWithin(RealNode.PATIENCE)
                .withThrowableThat()
                .withCauseInstanceOf(TransactionLost.class);
    }

    @Test
    void writeIsNotRepeatedAtANodeThatDoesNotKnowKeys() {
        node.hideFeatures();
        blocking.execute("SELECT 1");
        node.failNext(Fault.LOST_AFTER);

        assertThatThrownBy(() -> blocking.execute("INSERT INTO any VALUES (1)")).isInstanceOf(OutcomeUnknown.class);

        assertThat(blocking.execute("SELECT count(*) FROM any").as(Long.class)).containsExactly(1L);
    }

    @Test
    void readIsRepeatedWhateverGetsLost() {
        node.failNext(Fault.LOST_BEFORE, Fault.LOST_AFTER);

        assertThat(blocking.execute("SELECT 7").as(Long.class)).containsExactly(7L);
    }

    @Test
    void writeWaitsForAWriter() {
        node.failNext(Fault.NO_WRITER, Fault.NO_WRITER);

        blocking.execute("INSERT INTO any VALUES (1)");

        assertThat(blocking.execute("SELECT count(*) FROM any").as(Long.class)).containsExactly(1L);
    }

    @Test
    void anotherNodeIsAskedWhenOneIsGone() {
        try (var twin = new FaultyProxy(RealNode.shared().port());
                var both = MerkliteClient.of(database, node.address(), twin.address())) {
            both.blocking().execute("INSERT INTO any VALUES (1)");
            node.close();

            both.blocking().execute("INSERT INTO any VALUES (2)");

            assertThat(both.blocking().execute("SELECT v FROM any").as(Long.class))
                    .containsExactly(1L, 2L);
        }
    }

    @Test
    void nothingIsAppliedWhereNobodyListens() throws Exception {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        var settings = ClientSettings.of("shop", "http://127.0.0.1:" + port).withRetryFor(Duration.ofMillis(100));

        try (var nobody = MerkliteClient.of(settings)) {
            assertThatThrownBy(() -> nobody.blocking().execute("INSERT INTO any VALUES (1)"))
                    .isInstanceOf(Unreachable.class);
        }
    }

    @Test
    void laterReadsBringTheBookmarkOfEarlierWrites() {
        blocking.execute("INSERT INTO any VALUES (1)");
        var bookmark = client.bookmark();

        blocking.execute("SELECT 1");

        assertThat(bookmark).isPresent();
        assertThat(node.seen()).anyMatch(request -> request.contains("merklite-after: " + bookmark.orElseThrow()));
    }

    @Test
    void tokenIsSent() {
        try (var known =
                MerkliteClient.of(ClientSettings.of(database, node.address()).withToken("t0k"))) {
            known.blocking().execute("SELECT 1");
        }

        assertThat(node.seen())
                .anySatisfy(request -> assertThat(request).containsIgnoringCase("authorization: Bearer t0k"));
    }

    @Test
    void unknownDatabaseIsRefused() {
        try (var other = MerkliteClient.of("other", node.address())) {
            assertThatThrownBy(() -> other.blocking().execute("SELECT 1"))
                    .isInstanceOfSatisfying(
                            Refused.class,
                            refused -> assertThat(refused.nodeCode()).hasValue("DATABASE_NOT_FOUND"));
        }
    }

    // ---- streams

    /** Takes items as a test asks for them. */
    private static final class Taker<T> implements Flow.Subscriber<T> {
        private final LinkedBlockingQueue<T> items = new LinkedBlockingQueue<>();
        private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
        private final CompletableFuture<Void> end = new CompletableFuture<>();

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription.complete(given);
        }

        @Override
        public void onNext(T item) {
            items.add(item);
        }

        @Override
        public void onError(Throwable failure) {
            end.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            end.complete(null);
        }

        private List<T> take(int count) throws Exception {
            ask(count);
            return await(count);
        }

        private void ask(int count) throws Exception {
            subscription.get(60, TimeUnit.SECONDS).request(count);
        }

        private List<T> await(int count) throws Exception {
            List<T> taken = new ArrayList<>();
            while (taken.size() < count) {
                taken.add(Optional.ofNullable(items.poll(60, TimeUnit.SECONDS)).orElseThrow());
            }
            return taken;
        }
    }

    private static final String NUMBERS =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n";

    @Test
    void streamGivesAllRowsInOrder() throws Exception {
        var taker = new Taker<Row>();
        client.stream(SqlStatement.of(NUMBERS.formatted(5_000))).subscribe(taker);

        var rows = taker.take(5_000);

        assertThat(rows.stream().map(row -> row.value(0)))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, 5_000).mapToObj(SqlValue::of).toList());
        taker.subscription.get().request(1);
        taker.end.get(60, TimeUnit.SECONDS);
    }

    @Test
    void streamSendsNoMoreThanWasAskedFor() throws Exception {
        var taker = new Taker<Row>();
        client.stream(SqlStatement.of(NUMBERS.formatted(10_000_000))).subscribe(taker);

        taker.take(10);
        taker.subscription.get().cancel();

        assertThat(taker.items).isEmpty();
        assertThat(taker.end).isNotDone();
    }

    @Test
    void streamOfAWrongStatementFails() {
        var taker = new Taker<Row>();

        client.stream(SqlStatement.of("SELECT * FROM nowhere")).subscribe(taker);
        taker.subscription.join().request(1);

        assertThat(taker.end)
                .failsWithin(RealNode.PATIENCE)
                .withThrowableThat()
                .withCauseInstanceOf(StatementFailed.class);
    }

    // ---- feeds

    @Test
    void changesGoOnBehindTheLastEventAfterTheConnectionBroke() throws Exception {
        var taker = new Taker<CommittedChanges>();
        blocking.execute("INSERT INTO item VALUES (1, 'x', 0.5)");
        var since = client.bookmark().orElseThrow();
        client.changes(ChangesQuery.FROM_NOW.withTables("item").withSince(since))
                .subscribe(taker);
        taker.ask(2);

        blocking.execute("INSERT INTO item VALUES (2, 'y', 0.5)");
        var one = taker.await(1).getFirst();
        node.disconnect();
        blocking.execute("DELETE FROM item WHERE id = 1");
        var two = taker.await(1).getFirst();

        assertThat(one.rows().getFirst().key()).containsEntry("id", SqlValue.of(2));
        assertThat(one.rows().getFirst().after().orElseThrow()).containsEntry("label", SqlValue.of("y"));
        assertThat(two.rows().getFirst().key()).containsEntry("id", SqlValue.of(1));
        assertThat(node.seen())
                .anyMatch(request -> request.contains("since=" + one.place()))
                .anyMatch(request -> request.contains("tables=item"));
        taker.subscription.get().cancel();
    }

    @Test
    void followedQueryGoesOnAfterTheConnectionBroke() throws Exception {
        var taker = new Taker<ResultEvent>();
        blocking.execute("INSERT INTO item VALUES (1, 'x', 0.5)");
        client.follow(SqlStatement.of("SELECT id, label FROM item")).subscribe(taker);
        var begun = taker.take(3);
        taker.ask(2);

        blocking.execute("UPDATE item SET label = 'y'");
        var one = taker.await(1).getFirst();
        node.disconnect();
        blocking.execute("DELETE FROM item");
        var two = taker.await(1).getFirst();

        assertThat(begun.getLast()).isEqualTo(ResultEvent.Ready.READY);
        assertThat(one).isInstanceOf(ResultEvent.Updated.class);
        assertThat(two).as("only what has changed meanwhile").isInstanceOf(ResultEvent.Deleted.class);
        assertThat(node.seen()).anyMatch(request -> request.startsWith("GET ") && request.contains("/subscriptions/"));
        taker.subscription.get().cancel();
    }

    @Test
    void feedWithAGapFails() throws Exception {
        try (var feeds = new ScriptedFeeds();
                var scripted = MerkliteClient.of("shop", feeds.address())) {
            var taker = new Taker<CommittedChanges>();
            scripted.changes(ChangesQuery.FROM_NOW.withSince("old")).subscribe(taker);
            taker.subscription.get().request(1);
            var feed = feeds.feeds().poll(60, TimeUnit.SECONDS);

            feed.send("event: gap\ndata: {}\n\n");

            assertThat(taker.end)
                    .failsWithin(RealNode.PATIENCE)
                    .withThrowableThat()
                    .withCauseInstanceOf(ClientException.FeedGap.class);
            feed.end();
        }
    }

    @Test
    void eventThatWasCutOffBehindItsIdIsAskedForAgain() throws Exception {
        try (var feeds = new ScriptedFeeds();
                var scripted = MerkliteClient.of("shop", feeds.address())) {
            var taker = new Taker<CommittedChanges>();
            scripted.changes(ChangesQuery.FROM_NOW).subscribe(taker);
            taker.ask(1);
            var first = feeds.feeds().poll(10, TimeUnit.SECONDS);
            first.send("id: p4\nevent: transaction\ndata: {\"origin\":\"1\",\"seq\":\"4\",\"rows\":[]}\n\n");
            var told = taker.await(1).getFirst();
            taker.ask(1);

            first.send("id: p5\nevent: transaction\ndata: {\"origin\"");
            first.end();

            var second = feeds.feeds().poll(10, TimeUnit.SECONDS);
            assertThat(told.place()).isEqualTo("p4");
            assertThat(second.lastId()).hasValue("p4");
            second.end();
            taker.subscription.get().cancel();
        }
    }

    @Test
    void followedQueryResumesItsSubscription() throws Exception {
        try (var feeds = new ScriptedFeeds();
                var scripted = MerkliteClient.of("shop", feeds.address())) {
            var taker = new Taker<ResultEvent>();
            scripted.follow(SqlStatement.of("SELECT label FROM item WHERE id = ?", 1))
                    .subscribe(taker);
            var first = feeds.feeds().poll(60, TimeUnit.SECONDS);
            first.send(
                    "event: columns\ndata: [\"label\"]\n\nevent: row\ndata: [\"k1\",[\"x\"]]\n\nid: 4\nevent: ready\ndata: {}\n\n");
            var begun = taker.take(3);
            taker.ask(1);
            first.end();

            var second = feeds.feeds().poll(60, TimeUnit.SECONDS);
            second.send("id: 5\nevent: change\ndata: [\"update\",\"k1\",[\"y\"],5]\n\n");
            var changed = taker.await(1).getFirst();
            second.end();

            assertThat(first.body()).isEqualTo("[\"SELECT label FROM item WHERE id = ?\",1]");
            assertThat(begun.get(1)).isInstanceOf(ResultEvent.Present.class);
            assertThat(second.path()).endsWith("/subscriptions/s1?from=4");
            assertThat(changed)
                    .isInstanceOfSatisfying(
                            ResultEvent.Updated.class,
                            updated ->
                                    assertThat(updated.row().as(String.class)).isEqualTo("y"));
            taker.subscription.get().cancel();
        }
    }
}
