package io.merklite.cluster.journal;

import static io.merklite.cluster.journal.Transactions.ANNE;
import static io.merklite.cluster.journal.Transactions.BERT;
import static io.merklite.cluster.journal.Transactions.transaction;
import static io.merklite.cluster.journal.Transactions.transactions;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.journal.ChangesetLog.AppendFailed;
import io.merklite.cluster.journal.ChangesetLog.Appended;
import io.merklite.cluster.journal.ChangesetLog.Command;
import io.merklite.cluster.journal.ChangesetLog.Description;
import io.merklite.cluster.journal.ChangesetLog.Page;
import io.merklite.cluster.journal.ChangesetLog.ReadFailed;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.Test;

/** What a changeset log does, whatever keeps it. */
abstract class ChangesetLogContract {
    static final Duration LIMIT = Duration.ofSeconds(60);

    private static final long MUCH = 1 << 20;
    private static int logs;

    private final AtomicReference<Instant> now = new AtomicReference<>(TestJournal.NOW);
    private final LogId id = new LogId("orders", "node-1", "file-" + ++logs);

    /** The actor system to test in; its journal is shared by the tests of a class. */
    abstract ActorTestKit kit();

    private static Config config(String... settings) {
        return ConfigFactory.parseString(String.join("\n", settings));
    }

    private ActorRef<Command> log(String... settings) {
        var merklite = config(settings)
                .withFallback(kit().system().settings().config())
                .getConfig("merklite");
        return kit().spawn(ChangesetLog.create(id, LogSettings.from(merklite), now::get));
    }

    private <T> T ask(Consumer<ActorRef<T>> question, Class<T> answer) {
        TestProbe<T> probe = kit().createTestProbe(answer);
        question.accept(probe.ref());
        return probe.receiveMessage(LIMIT);
    }

    private ChangesetLog.AppendOutcome append(ActorRef<Command> log, List<Transaction> transactions) {
        return ask(
                replyTo -> log.tell(new ChangesetLog.Append(transactions, replyTo)), ChangesetLog.AppendOutcome.class);
    }

    private ChangesetLog.ReadOutcome read(ActorRef<Command> log, long maxSizeBytes, SeqRange... ranges) {
        return ask(
                replyTo -> log.tell(new ChangesetLog.Read(List.of(ranges), maxSizeBytes, replyTo)),
                ChangesetLog.ReadOutcome.class);
    }

    private ChangesetLog.ReadOutcome unapplied(ActorRef<Command> log, VersionVector applied, long maxSizeBytes) {
        return ask(
                replyTo -> log.tell(new ChangesetLog.Unapplied(applied, maxSizeBytes, replyTo)),
                ChangesetLog.ReadOutcome.class);
    }

    private Description describe(ActorRef<Command> log) {
        return ask(replyTo -> log.tell(new ChangesetLog.Describe(replyTo)), Description.class);
    }

    private void stop(ActorRef<Command> log) {
        TestProbe<Object> watcher = kit().createTestProbe();
        log.tell(ChangesetLog.Stop.INSTANCE);
        watcher.expectTerminated(log, LIMIT);
    }

    private List<Object> eventsInJournal() throws Exception {
        var plugin = kit().system().settings().config().getString("merklite.log.read-journal-plugin");
        CompletionStage<List<Object>> events = PersistenceQuery.get(kit().system())
                .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, plugin)
                .currentEventsByPersistenceId(id.persistenceId().id(), 1, Long.MAX_VALUE)
                .map(envelope -> envelope.event())
                .runWith(Sink.seq(), kit().system());
        return events.toCompletableFuture().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void whatWasAppendedIsReadInTheOrderOfTheLog() {
        var log = log();

        assertThat(append(log, List.of(transaction(BERT, 1), transaction(ANNE, 1))))
                .isEqualTo(new Appended(2));
        assertThat(append(log, List.of(transaction(ANNE, 2)))).isEqualTo(new Appended(3));

        assertThat(read(log, MUCH, new SeqRange(ANNE, 1, 2), new SeqRange(BERT, 1, 1)))
                .isEqualTo(new Page(
                        List.of(transaction(BERT, 1), transaction(ANNE, 1), transaction(ANNE, 2)),
                        List.of(),
                        List.of()));
    }

    @Test
    void readSaysWhatIsNotThere() {
        var log = log();
        append(log, List.of(transaction(ANNE, 3), transaction(ANNE, 4), transaction(ANNE, 9)));

        assertThat(read(log, MUCH, new SeqRange(ANNE, 1, 10), new SeqRange(BERT, 1, 1)))
                .isEqualTo(new Page(
                        List.of(transaction(ANNE, 3), transaction(ANNE, 4), transaction(ANNE, 9)),
                        List.of(
                                new SeqRange(ANNE, 1, 2),
                                new SeqRange(ANNE, 5, 8),
                                new SeqRange(ANNE, 10, 10),
                                new SeqRange(BERT, 1, 1)),
                        List.of()));
    }

    @Test
    void readTakesOnlyWhatIsAskedFor() {
        var log = log();
        for (var seq = 1; seq <= 30; seq++) {
            append(log, List.of(transaction(ANNE, seq), transaction(BERT, seq)));
        }

        assertThat(read(log, MUCH, new SeqRange(BERT, 7, 9), new SeqRange(BERT, 8, 9), new SeqRange(ANNE, 29, 29)))
                .isEqualTo(new Page(
                        List.of(
                                transaction(BERT, 7),
                                transaction(BERT, 8),
                                transaction(BERT, 9),
                                transaction(ANNE, 29)),
                        List.of(),
                        List.of()));
    }

    @Test
    void fullPageNamesTheRest() {
        var log = log();
        append(log, transactions(ANNE, 1, 10));
        append(log, transactions(BERT, 1, 3));
        var size = transaction(ANNE, 1).sizeBytes();

        assertThat(read(log, 4 * size, new SeqRange(ANNE, 1, 10), new SeqRange(BERT, 2, 3)))
                .isEqualTo(new Page(
                        transactions(ANNE, 1, 4),
                        List.of(),
                        List.of(new SeqRange(ANNE, 5, 10), new SeqRange(BERT, 2, 3))));
        assertThat(read(log, 1, new SeqRange(ANNE, 10, 10), new SeqRange(BERT, 2, 3)))
                .isEqualTo(new Page(List.of(transaction(ANNE, 10)), List.of(), List.of(new SeqRange(BERT, 2, 3))));
    }

    @Test
    void unappliedTransactionsAreGivenBackPageByPage() {
        var log = log();
        append(log, transactions(ANNE, 1, 50));
        append(log, transactions(BERT, 1, 50));
        var applied = VersionVector.of(Map.of(ANNE, 20L));
        List<Transaction> given = new ArrayList<>();

        Page page;
        do {
            page = (Page) unapplied(log, applied, 3000);
            given.addAll(page.transactions());
            for (var transaction : page.transactions()) {
                applied = applied.with(transaction.origin(), transaction.seq());
            }
        } while (!page.rest().isEmpty());

        List<Transaction> expected = new ArrayList<>(transactions(ANNE, 21, 50));
        expected.addAll(transactions(BERT, 1, 50));
        assertThat(given).isEqualTo(expected);
        assertThat(unapplied(log, applied, MUCH)).isEqualTo(new Page(List.of(), List.of(), List.of()));
    }

    @Test
    void appendThatGoesBackIsRefusedAsAWhole() {
        var log = log();
        append(log, transactions(ANNE, 1, 2));

        assertThat(append(log, List.of(transaction(BERT, 1), transaction(ANNE, 2))))
                .isInstanceOfSatisfying(
                        AppendFailed.class, failed -> assertThat(failed.code()).isEqualTo("log.known"));

        assertThat(describe(log).heads()).isEqualTo(VersionVector.of(Map.of(ANNE, 2L)));
        assertThat(append(log, List.of(transaction(BERT, 1)))).isEqualTo(new Appended(3));
    }

    @Test
    void tooLargeTransactionIsRefused() {
        var log = log("merklite.log.max-transaction-size = 2 KiB");

        assertThat(append(log, List.of(transaction(ANNE, 1, 3000))))
                .isInstanceOfSatisfying(
                        AppendFailed.class, failed -> assertThat(failed.code()).isEqualTo("log.too-large"));
        assertThat(append(log, List.of(transaction(ANNE, 1)))).isEqualTo(new Appended(1));
    }

    @Test
    void appendsThatMeetAreAnsweredInOrderAndRefusedOnlyWhereTheyGoBack() {
        var log = log("merklite.log.max-batch-count = 8");
        TestProbe<ChangesetLog.AppendOutcome> probe = kit().createTestProbe();
        for (var seq = 1; seq <= 100; seq++) {
            log.tell(new ChangesetLog.Append(List.of(transaction(ANNE, seq)), probe.ref()));
        }

        for (var seq = 1; seq <= 100; seq++) {
            probe.expectMessage(LIMIT, new Appended(seq));
        }
        log.tell(new ChangesetLog.Append(List.of(transaction(ANNE, 101)), probe.ref()));
        log.tell(new ChangesetLog.Append(List.of(transaction(ANNE, 101)), probe.ref()));
        log.tell(new ChangesetLog.Append(List.of(transaction(ANNE, 102)), probe.ref()));

        probe.expectMessage(LIMIT, new Appended(101));
        assertThat(probe.receiveMessage(LIMIT)).isInstanceOf(AppendFailed.class);
        probe.expectMessage(LIMIT, new Appended(102));
    }

    @Test
    void stopWaitsForWhatWasAskedBefore() {
        var log = log();
        TestProbe<ChangesetLog.AppendOutcome> probe = kit().createTestProbe();

        log.tell(new ChangesetLog.Append(transactions(ANNE, 1, 5), probe.ref()));
        stop(log);

        probe.expectMessage(LIMIT, new Appended(5));
    }

    @Test
    void logThatStartsAgainKnowsEverything() {
        var log = log("merklite.log.snapshot-every = 7");
        for (var seq = 1; seq <= 40; seq++) {
            append(log, List.of(transaction(ANNE, seq), transaction(BERT, seq)));
        }
        var before = describe(log);
        stop(log);

        var again = log();

        assertThat(describe(again)).isEqualTo(before);
        assertThat(before.count()).isEqualTo(80);
        assertThat(append(again, List.of(transaction(ANNE, 41)))).isEqualTo(new Appended(81));
        assertThat(read(again, MUCH, new SeqRange(BERT, 1, 40)))
                .isEqualTo(new Page(transactions(BERT, 1, 40), List.of(), List.of()));
    }

    @Test
    void oldestGoWhenThereAreTooMany() throws Exception {
        var log = log("merklite.log.retain.count = 10");
        for (var seq = 1; seq <= 25; seq++) {
            append(log, List.of(transaction(ANNE, seq)));
        }

        kit().createTestProbe().awaitAssert(LIMIT, () -> {
            assertThat(describe(log).count()).isEqualTo(10);
            return null;
        });
        assertThat(read(log, MUCH, new SeqRange(ANNE, 1, 25)))
                .isEqualTo(new Page(transactions(ANNE, 16, 25), List.of(new SeqRange(ANNE, 1, 15)), List.of()));
        assertThat(append(log, List.of(transaction(ANNE, 3)))).isInstanceOf(AppendFailed.class);
    }

    @Test
    void whatWasCutIsRemovedFromTheJournalAndARestartKnowsIt() throws Exception {
        var log = log("merklite.log.retain.size = 20 KiB");
        for (var seq = 1; seq <= 20; seq++) {
            append(log, List.of(transaction(ANNE, seq, 2000)));
        }
        kit().createTestProbe().awaitAssert(LIMIT, () -> {
            assertThat(describe(log).sizeBytes()).isLessThanOrEqualTo(20 << 10);
            assertThat(eventsInJournal())
                    .filteredOn(LogEvent.Logged.class::isInstance)
                    .hasSize((int) describe(log).count());
            return null;
        });
        var before = describe(log);
        stop(log);

        var again = log("merklite.log.retain.size = 20 KiB");

        assertThat(describe(again)).isEqualTo(before);
        assertThat(append(again, List.of(transaction(ANNE, 21)))).isEqualTo(new Appended(before.lastSequenceNr() + 1));
        assertThat(read(again, MUCH, new SeqRange(ANNE, 20, 21)))
                .isEqualTo(new Page(List.of(transaction(ANNE, 20, 2000), transaction(ANNE, 21)), List.of(), List.of()));
    }

    @Test
    void oldTransactionsGoWithTime() {
        var log = log("merklite.log.retain.age = 1h");
        append(log, transactions(ANNE, 1, 3));
        now.set(TestJournal.NOW.plus(Duration.ofMinutes(40)));
        append(log, transactions(ANNE, 4, 6));

        now.set(TestJournal.NOW.plus(Duration.ofMinutes(70)));
        log.tell(ChangesetLog.Cut.INSTANCE);

        assertThat(describe(log).count()).isEqualTo(3);
        now.set(TestJournal.NOW.plus(Duration.ofDays(2)));
        log.tell(ChangesetLog.Cut.INSTANCE);
        var description = describe(log);
        assertThat(description.count()).isZero();
        assertThat(description.heads()).isEqualTo(VersionVector.of(Map.of(ANNE, 6L)));
    }

    @Test
    void discardedLogLeavesNothingButItsNumbers() throws Exception {
        var log = log("merklite.log.snapshot-every = 3");
        for (var seq = 1; seq <= 10; seq++) {
            append(log, List.of(transaction(ANNE, seq)));
        }
        stop(log);

        TestProbe<Object> watcher = kit().createTestProbe();
        var discard = kit().spawn(ChangesetLog.discard(
                id, LogSettings.from(kit().system().settings().config().getConfig("merklite"))));
        watcher.expectTerminated(discard, LIMIT);

        assertThat(eventsInJournal()).isEmpty();
    }

    @Test
    void moreReadsThanMayRunAreRefused() {
        var log = log("merklite.log.max-reads = 1");
        append(log, transactions(ANNE, 1, 100));
        TestProbe<ChangesetLog.ReadOutcome> probe = kit().createTestProbe();

        for (var i = 0; i < 50; i++) {
            log.tell(new ChangesetLog.Read(List.of(new SeqRange(ANNE, 1, 100)), MUCH, probe.ref()));
        }

        var outcomes = probe.receiveSeveralMessages(50, LIMIT);
        assertThat(outcomes).filteredOn(Page.class::isInstance).isNotEmpty();
        assertThat(outcomes)
                .filteredOn(ReadFailed.class::isInstance)
                .isNotEmpty()
                .allMatch(outcome -> ((ReadFailed) outcome).code().equals("log.busy"));
    }
}
