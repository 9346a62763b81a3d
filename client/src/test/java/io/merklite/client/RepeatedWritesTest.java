package io.merklite.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.client.FaultyProxy.Fault;
import io.merklite.testkit.Seeds;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writes that come again, since their answer got lost, against real nodes: applied once. */
class RepeatedWritesTest {
    @TempDir
    private Path folder;

    private final RealNode node = RealNode.shared();
    private final String database = node.newDatabase();
    private final FaultyProxy proxy = new FaultyProxy(node.port());
    private final MerkliteClient client = MerkliteClient.of(database, proxy.address());
    private final BlockingClient blocking = client.blocking();
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeEach
    void createTable() {
        blocking.script("CREATE TABLE item(id INTEGER PRIMARY KEY AUTOINCREMENT, v)");
    }

    @AfterEach
    void close() {
        client.close();
        proxy.close();
        http.shutdownNow();
    }

    private long count() {
        return blocking.execute("SELECT count(*) FROM item").as(Long.class).getFirst();
    }

    @Test
    void writeWhoseAnswerIsLostIsAppliedOnceAndAnsweredAsTheFirstTime() {
        blocking.execute("INSERT INTO item(v) VALUES ('before')");
        proxy.failNext(Fault.LOST_AFTER);

        var result = blocking.execute("INSERT INTO item(v) VALUES ('once') RETURNING id");

        assertThat(result.as(Long.class)).containsExactly(2L);
        assertThat(count()).isEqualTo(2);
        var inserts = proxy.seen().stream()
                .filter(text -> text.contains("merklite-idempotency-key") && text.contains("'once'"))
                .map(text -> text.replaceAll("(?is).*merklite-idempotency-key: *([^\\r]+).*", "$1"))
                .toList();
        assertThat(inserts).hasSize(2);
        assertThat(inserts.getFirst()).isEqualTo(inserts.getLast());
    }

    @Test
    void batchWhoseAnswerIsLostIsAppliedOnce() {
        blocking.execute("SELECT 1");
        proxy.failNext(Fault.LOST_AFTER);

        var results = blocking.batch(List.of(
                SqlStatement.of("INSERT INTO item(v) VALUES ('a')"),
                SqlStatement.of("INSERT INTO item(v) VALUES ('b')")));

        assertThat(results).hasSize(2);
        assertThat(count()).isEqualTo(2);
    }

    @Test
    void commitWhoseAnswerIsLostIsFoundByItsKey() {
        blocking.execute("SELECT 1");
        var transaction = client.begin(TransactionMode.WRITE);
        transaction
                .execute("INSERT INTO item(v) VALUES (1)")
                .toCompletableFuture()
                .join();
        proxy.failNext(Fault.LOST_AFTER);

        transaction.commit().toCompletableFuture().join();

        assertThat(count()).isEqualTo(1);
    }

    @Test
    void commitThatNeverArrivedIsSentAgain() {
        blocking.execute("SELECT 1");
        var transaction = client.begin(TransactionMode.WRITE);
        transaction
                .execute("INSERT INTO item(v) VALUES (1)")
                .toCompletableFuture()
                .join();
        proxy.failNext(Fault.LOST_BEFORE);

        transaction.commit().toCompletableFuture().join();

        assertThat(count()).isEqualTo(1);
    }

    @Test
    void refusalOfTheRepetitionSaysNothingOfTheFirstTime() {
        blocking.execute("SELECT 1");
        proxy.failNext(Fault.LOST_AFTER, Fault.EXPIRED_TOKEN);

        assertThatThrownBy(() -> blocking.execute("INSERT INTO item(v) VALUES (1)"))
                .isInstanceOf(ClientException.OutcomeUnknown.class);

        assertThat(count()).isEqualTo(1);
    }

    @Test
    void writeWhoseRowsAreStreamedIsNotRepeated() {
        blocking.execute("SELECT 1");
        proxy.failNext(Fault.LOST_AFTER);
        var end = new CompletableFuture<Void>();

        client.stream(SqlStatement.of("INSERT INTO item(v) VALUES (1) RETURNING id"))
                .subscribe(new Flow.Subscriber<>() {
                    @Override
                    public void onSubscribe(Flow.Subscription subscription) {
                        subscription.request(Long.MAX_VALUE);
                    }

                    @Override
                    public void onNext(Row row) {
                        // its end matters here
                    }

                    @Override
                    public void onError(Throwable failure) {
                        end.completeExceptionally(failure);
                    }

                    @Override
                    public void onComplete() {
                        end.complete(null);
                    }
                });

        assertThat(end)
                .failsWithin(RealNode.PATIENCE)
                .withThrowableThat()
                .withCauseInstanceOf(ClientException.OutcomeUnknown.class);
        assertThat(proxy.seen())
                .filteredOn(text -> text.contains("RETURNING id"))
                .hasSize(1);
        assertThat(count()).isLessThanOrEqualTo(1);
    }

    @Test
    void cursorWithAKeyIsRefusedSinceItCouldNotBeRepeated() throws Exception {
        var request = HttpRequest.newBuilder(URI.create(node.address() + "db/" + database + "/v3/cursor"))
                .timeout(RealNode.PATIENCE)
                .header("merklite-idempotency-key", UUID.randomUUID().toString())
                .POST(
                        BodyPublishers.ofString(
                                "{\"baton\":null,\"batch\":{\"steps\":[{\"stmt\":{\"sql\":\"INSERT INTO item(v) VALUES (1)\"}}]}}"))
                .build();

        var response = http.send(request, BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("HEADER_INVALID");
        assertThat(count()).isZero();
    }

    private HttpResponse<String> pipeline(RealNode at, String name, String key, String sql) {
        try {
            return http.send(request(at, name, key, sql), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static HttpRequest request(RealNode at, String name, String key, String sql) {
        return HttpRequest.newBuilder(URI.create(at.address() + "db/" + name + "/v3/pipeline"))
                .timeout(RealNode.PATIENCE)
                .header("content-type", "application/json")
                .header("merklite-idempotency-key", key)
                .POST(BodyPublishers.ofString("{\"baton\":null,\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\""
                        + sql + "\"}},{\"type\":\"close\"}]}"))
                .build();
    }

    @Test
    void anotherRequestUnderTheSameKeyIsRefused() {
        var key = UUID.randomUUID().toString();
        var first = pipeline(node, database, key, "INSERT INTO item(v) VALUES (1)");

        var second = pipeline(node, database, key, "INSERT INTO item(v) VALUES (2)");

        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(first.headers().firstValue("merklite-features")).hasValue("idempotency");
        assertThat(second.statusCode()).isEqualTo(422);
        assertThat(second.body()).contains("IDEMPOTENCY_KEY_REUSED");
        assertThat(count()).isEqualTo(1);
    }

    @Test
    void failedWriteIsNotRecordedAndMaySucceedLater() {
        var key = UUID.randomUUID().toString();
        var failed = pipeline(node, database, key, "INSERT INTO missing VALUES (1)");
        blocking.script("CREATE TABLE missing(v)");

        var succeeded = pipeline(node, database, key, "INSERT INTO missing VALUES (1)");

        assertThat(failed.body()).contains("\"error\"");
        assertThat(succeeded.body()).contains("\"ok\"").doesNotContain("\"error\"");
    }

    @Test
    void manyAtOnceWithOneKeyAreAppliedOnceAndAllAnsweredAlike() {
        for (var round = 0; round < 20; round++) {
            var key = UUID.randomUUID().toString();
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (var copy = 0; copy < 8; copy++) {
                answers.add(http.sendAsync(
                        request(node, database, key, "INSERT INTO item(v) VALUES (" + round + ") RETURNING id"),
                        BodyHandlers.ofString()));
            }

            var ids = answers.stream()
                    .map(answer -> answer.join().body().replaceAll("(?s).*\"rows\":(\\[\\[.*?\\]\\]).*", "$1"))
                    .distinct()
                    .toList();

            assertThat(ids).hasSize(1);
        }
        assertThat(count()).isEqualTo(20);
    }

    @Test
    void writesUnderFaultsAtRandomAreEachAppliedOnce() {
        blocking.execute("SELECT 1");
        var random = Seeds.random(5);
        var transientFaults = List.of(Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.NO_WRITER);
        for (var id = 0; id < 60; id++) {
            if (random.nextInt(3) == 0) {
                proxy.failNext(transientFaults.get(random.nextInt(transientFaults.size())));
            }
            blocking.execute("INSERT INTO item(v) VALUES (?)", id);
        }

        assertThat(blocking.execute("SELECT v FROM item ORDER BY id").as(Long.class))
                .isEqualTo(java.util.stream.LongStream.range(0, 60).boxed().toList());
    }

    @Test
    void writeIsKnownToTheNextWriterOnAnotherNode() {
        var nodes = RealNode.pair(folder, Map.of("merklite.replicas-per-dc", "2"));
        try (var survivor = nodes.get(1)) {
            List<String> names = List.of("one", "two", "three", "four");
            List<String> keys = new ArrayList<>();
            List<String> bodies = new ArrayList<>();
            for (var name : names) {
                nodes.getFirst().create(name);
                var key = UUID.randomUUID().toString();
                pipeline(nodes.getFirst(), name, "t" + key, "CREATE TABLE item(id INTEGER PRIMARY KEY, v)");
                bodies.add(
                        answer(pipeline(nodes.getFirst(), name, key, "INSERT INTO item(v) VALUES (7) RETURNING id")));
                keys.add(key);
            }

            nodes.getFirst().close();

            for (var index = 0; index < names.size(); index++) {
                var name = names.get(index);
                var key = keys.get(index);
                RealNode.await(
                        "the write is known to the new writer of " + name,
                        () -> pipeline(survivor, name, key, "INSERT INTO item(v) VALUES (7) RETURNING id")
                                        .statusCode()
                                == 200);
                assertThat(answer(pipeline(survivor, name, key, "INSERT INTO item(v) VALUES (7) RETURNING id")))
                        .isEqualTo(bodies.get(index));
                try (var reader = MerkliteClient.of(ClientSettings.of(name, survivor.address())
                        .withTimeouts(RealNode.PATIENCE, RealNode.PATIENCE))) {
                    assertThat(reader.blocking()
                                    .execute("SELECT count(*) FROM item")
                                    .as(Long.class))
                            .containsExactly(1L);
                }
            }
        }
    }

    /** The rows of an answer, without what differs from one time to the next. */
    private static String answer(HttpResponse<String> response) {
        return response.body().replaceAll("(?s).*(\"rows\":\\[.*?\\]).*", "$1");
    }
}
