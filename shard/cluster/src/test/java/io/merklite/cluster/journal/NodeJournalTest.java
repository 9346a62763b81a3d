package io.merklite.cluster.journal;

import static io.merklite.cluster.journal.TestJournal.await;
import static io.merklite.cluster.journal.TestJournal.event;
import static io.merklite.cluster.journal.TestJournal.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.ClusterException;
import io.merklite.cluster.ClusterException.JournalDamaged;
import io.merklite.cluster.ClusterException.JournalForeign;
import io.merklite.cluster.ClusterException.JournalFull;
import io.merklite.cluster.ClusterException.JournalInUse;
import io.merklite.cluster.ClusterException.JournalNewer;
import io.merklite.cluster.ClusterException.JournalSequenceUsed;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.pekko.Done;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeJournalTest {
    private static final SnapshotRange ALL = new SnapshotRange(0, Long.MAX_VALUE, 0, Long.MAX_VALUE);
    private static final int PAGE_SIZE = 4096;

    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve("journal.sqlite");
    }

    @Test
    void eventsOfARangeAreReadUpToTheLimit() {
        try (var journal = TestJournal.open(file())) {
            journal.write("a", 1, 2, 3);
            journal.write("a", 4);
            journal.write("b", 1);

            assertThat(journal.read("a", 2, 4, 2)).containsExactly(event(2, "a2"), event(3, "a3"));
            assertThat(journal.read("a", 3, 9, 9)).containsExactly(event(3, "a3"), event(4, "a4"));
            assertThat(journal.read("unknown", 1, 9, 9)).isEmpty();
        }
    }

    @Test
    void pagesCoverALongRange() {
        try (var journal = TestJournal.open(file(), "merklite.journal.page-count = 7")) {
            journal.write("a", LongStream.rangeClosed(1, 100).toArray());

            assertThat(journal.numbers("a"))
                    .isEqualTo(LongStream.rangeClosed(1, 100).boxed().toList());
        }
    }

    @Test
    void pageEndsAtItsSize() {
        try (var journal = TestJournal.open(file(), "merklite.journal.page-size = 1 KiB")) {
            await(journal.journal.write("a", List.of(event(1, new byte[700]), event(2, new byte[700]), event(3, "x"))));

            var page = await(journal.journal.readEvents("a", 1, 9, 9));

            assertThat(page.events()).extracting(StoredEvent::sequenceNr).containsExactly(1L, 2L);
            assertThat(page.isLast()).isFalse();
        }
    }

    @Test
    void emptyEventIsReadAsItWasWritten() {
        try (var journal = TestJournal.open(file())) {
            await(journal.journal.write("a", List.of(event(1, ""))));

            assertThat(journal.read("a", 1, 1, 1)).containsExactly(event(1, ""));
        }
    }

    @Test
    void everythingIsThereAfterARestart() {
        try (var journal = TestJournal.open(file())) {
            journal.write("a", 1, 2);
            await(journal.journal.save("a", snapshot(2, 77, "state")));
        }

        try (var journal = TestJournal.open(file())) {
            assertThat(journal.numbers("a")).containsExactly(1L, 2L);
            assertThat(journal.highest("a")).isEqualTo(2);
            assertThat(await(journal.journal.readSnapshot("a", ALL))).contains(snapshot(2, 77, "state"));
        }
    }

    @Test
    void deletedEventsAreNotReadAndTheirNumbersNotUsedAgain() {
        try (var journal = TestJournal.open(file(), "merklite.journal.delete-count = 2")) {
            journal.write("a", 1, 2, 3, 4, 5, 6, 7);

            await(journal.journal.delete("a", 5));

            assertThat(journal.numbers("a")).containsExactly(6L, 7L);
            assertThat(journal.highest("a")).isEqualTo(7);
        }
    }

    @Test
    void highestNumberSurvivesTheDeletionOfEverythingAndARestart() {
        try (var journal = TestJournal.open(file())) {
            journal.write("a", 1, 2, 3);
            await(journal.journal.delete("a", Long.MAX_VALUE));
        }

        try (var journal = TestJournal.open(file())) {
            assertThat(journal.highest("a")).isEqualTo(3);
            assertThatThrownBy(() -> journal.write("a", 3)).hasCauseInstanceOf(JournalSequenceUsed.class);
            journal.write("a", 4);
            assertThat(journal.numbers("a")).containsExactly(4L);
        }
    }

    @Test
    void deletionLeavesWhatIsWrittenWhileItRuns() {
        try (var journal = TestJournal.open(file(), "merklite.journal.delete-count = 1")) {
            journal.write("a", LongStream.rangeClosed(1, 50).toArray());

            var deleted = journal.journal.delete("a", Long.MAX_VALUE);
            var written = journal.journal.write("a", List.of(event(51, "a51")));
            await(deleted);
            await(written);

            assertThat(journal.numbers("a")).containsExactly(51L);
        }
    }

    @Test
    void writeThatUsesANumberAgainIsRefusedAsAWhole() {
        try (var journal = TestJournal.open(file())) {
            journal.write("a", 1, 2);

            assertThatThrownBy(() -> journal.write("a", 2, 3)).hasCauseInstanceOf(JournalSequenceUsed.class);

            assertThat(journal.numbers("a")).containsExactly(1L, 2L);
        }
    }

    @Test
    void refusedWriteDoesNotHarmThoseOfTheSameCommit() {
        try (var journal = TestJournal.open(file())) {
            journal.write("a", 1);

            var before = journal.journal.write("b", List.of(event(1, "b1")));
            var refused = journal.journal.write("a", List.of(event(1, "again")));
            var after = journal.journal.write("c", List.of(event(1, "c1")));
            await(before);
            await(after);

            assertThatThrownBy(() -> await(refused)).hasCauseInstanceOf(JournalSequenceUsed.class);
            assertThat(journal.numbers("b")).containsExactly(1L);
            assertThat(journal.numbers("c")).containsExactly(1L);
        }
    }

    @Test
    void manyPersistenceIdsShareCommits() throws SQLException {
        try (var journal = TestJournal.open(file())) {
            journal.write("first", 1);
            List<CompletionStage<Done>> writes = new ArrayList<>();
            try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file());
                    var statement = connection.createStatement()) {
                statement.execute("BEGIN IMMEDIATE"); // the journal waits for this, and meanwhile all comes together
                for (var sequenceNr = 1; sequenceNr <= 5; sequenceNr++) {
                    for (var i = 0; i < 1000; i++) {
                        writes.add(journal.journal.write("id-" + i, List.of(event(sequenceNr, "x" + sequenceNr))));
                    }
                }
                statement.execute("ROLLBACK");
            }
            writes.forEach(TestJournal::await);

            assertThat(IntStream.range(0, 1000)).allMatch(i -> journal.highest("id-" + i) == 5);
            assertThat(counter(journal, "merklite_journal_events")).isEqualTo(5001);
            assertThat(counter(journal, "merklite_journal_commits")).isLessThan(50);
            assertThat(observations(journal, "merklite_journal_append_seconds")).isEqualTo(5001);
        }
    }

    @Test
    void moreThanTheQueueHoldsIsWrittenAllTheSame() {
        try (var journal = TestJournal.open(file(), "merklite.journal.max-queued-size = 64 KiB")) {
            List<CompletionStage<Done>> writes = new ArrayList<>();
            for (var sequenceNr = 1; sequenceNr <= 20; sequenceNr++) {
                writes.add(journal.journal.write("a", List.of(event(sequenceNr, new byte[100_000]))));
            }
            writes.forEach(TestJournal::await);

            assertThat(journal.numbers("a")).hasSize(20);
        }
    }

    @Test
    void latestSnapshotOfARangeIsFound() {
        try (var journal = TestJournal.open(file())) {
            await(journal.journal.save("a", snapshot(5, 100, "five")));
            await(journal.journal.save("a", snapshot(9, 200, "nine")));
            await(journal.journal.save("a", snapshot(9, 250, "nine again")));

            assertThat(await(journal.journal.readSnapshot("a", ALL))).contains(snapshot(9, 250, "nine again"));
            assertThat(await(journal.journal.readSnapshot("a", new SnapshotRange(0, 8, 0, 999))))
                    .contains(snapshot(5, 100, "five"));
            assertThat(await(journal.journal.readSnapshot("a", new SnapshotRange(6, 99, 0, 200))))
                    .isEmpty();

            await(journal.journal.deleteSnapshots("a", new SnapshotRange(9, 9, 0, 999)));
            assertThat(await(journal.journal.readSnapshot("a", ALL))).contains(snapshot(5, 100, "five"));
        }
    }

    @Test
    void newJournalSaysThatItIsNew() {
        String id;
        try (var journal = TestJournal.open(file())) {
            var status = await(journal.journal.status());
            id = status.id();
            assertThat(status.wasCreated()).isTrue();
        }

        try (var journal = TestJournal.open(file())) {
            assertThat(await(journal.journal.status())).isEqualTo(new JournalStatus(file(), id, false));
        }
    }

    @Test
    void twoSystemsOfAProcessHaveAJournalEach() {
        try (var one = TestJournal.open(file());
                var other = TestJournal.open(directory.resolve("other.sqlite"))) {
            one.write("a", 1);
            other.write("a", 1, 2);

            assertThat(one.highest("a")).isEqualTo(1);
            assertThat(other.highest("a")).isEqualTo(2);
        }
    }

    @Test
    void journalOfAnotherNodeIsRefused() {
        try (var one = TestJournal.open(file())) {
            one.write("a", 1);
            try (var other = TestJournal.open(file())) {
                assertThatThrownBy(() -> await(other.journal.status())).hasCauseInstanceOf(JournalInUse.class);
                assertThatThrownBy(() -> other.write("a", 2)).hasCauseInstanceOf(JournalInUse.class);
                assertThatThrownBy(() -> other.numbers("a")).hasRootCauseInstanceOf(JournalInUse.class);
            }
            one.write("a", 2);
        }
    }

    @Test
    void databaseOfAnotherProgramIsRefusedAndLeftAsItIs() throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file());
                var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE theirs (x)");
        }
        var before = Files.readAllBytes(file());

        try (var journal = TestJournal.open(file())) {
            assertThatThrownBy(() -> journal.write("a", 1)).hasCauseInstanceOf(JournalForeign.class);
        }
        assertThat(Files.readAllBytes(file())).isEqualTo(before);
    }

    @Test
    void journalOfALaterVersionIsRefused() throws Exception {
        TestJournal.open(file()).close();
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file());
                var statement = connection.createStatement()) {
            statement.execute("PRAGMA user_version = 2");
        }

        try (var journal = TestJournal.open(file())) {
            assertThatThrownBy(() -> await(journal.journal.status())).hasCauseInstanceOf(JournalNewer.class);
        }
    }

    @Test
    void fileThatIsNoDatabaseIsRefused() throws Exception {
        Files.writeString(file(), "this was once a journal, before the disk was replaced".repeat(100));

        try (var journal = TestJournal.open(file())) {
            assertThatThrownBy(() -> journal.write("a", 1)).hasCauseInstanceOf(JournalDamaged.class);
            assertThatThrownBy(() -> journal.highest("a")).hasCauseInstanceOf(JournalDamaged.class);
        }
    }

    @Test
    void pathThatCannotBeMadeIsRefused() throws Exception {
        Files.writeString(directory.resolve("plain"), "a file");

        try (var journal = TestJournal.open(directory.resolve("plain/journal.sqlite"))) {
            assertThatThrownBy(() -> journal.write("a", 1))
                    .cause()
                    .isInstanceOfSatisfying(
                            ClusterException.class, e -> assertThat(e.code()).isEqualTo("journal.failure"));
        }
    }

    @Test
    void fullDiskFailsTheWriteAndNothingElse() {
        try (var journal = TestJournal.open(file(), "merklite.journal.max-size = 400 KiB")) {
            var written = 0;
            Optional<Throwable> refusal = Optional.empty();
            while (refusal.isEmpty() && written < 1000) {
                refusal = failure(journal.journal.write(
                        "a", List.of(event(written + 1L, new byte[5000]), event(written + 2L, new byte[5000]))));
                written += refusal.isEmpty() ? 2 : 0;
            }

            assertThat(refusal).get().isInstanceOf(JournalFull.class);
            assertThat(written).isPositive();
            assertThat(journal.numbers("a"))
                    .isEqualTo(LongStream.rangeClosed(1, written).boxed().toList());
            assertThat(journal.highest("a")).isEqualTo(written);

            await(journal.journal.delete("a", written / 2));
            journal.write("a", written + 1);
            assertThat(journal.highest("a")).isEqualTo(written + 1L);
        }
    }

    @Test
    void changedByteOfAnEventIsFound() throws Exception {
        try (var journal = TestJournal.open(file())) {
            await(journal.journal.write("a", List.of(event(1, "the first event"), event(2, "the second event"))));
            await(journal.journal.write("b", List.of(event(1, "another"))));
        }
        replace("the second event", "the SECOND event");

        try (var journal = TestJournal.open(file())) {
            assertThatThrownBy(() -> journal.read("a", 1, 9, 9))
                    .hasCauseInstanceOf(JournalDamaged.class)
                    .hasMessageContaining("2 of a");
            assertThat(journal.read("a", 1, 1, 1)).containsExactly(event(1, "the first event"));
            assertThat(journal.numbers("b")).containsExactly(1L);
        }
    }

    @Test
    void tornPagesAreFoundAndNothingIsAcknowledgedOnThem() throws Exception {
        try (var journal = TestJournal.open(file())) {
            for (var sequenceNr = 1; sequenceNr <= 200; sequenceNr++) {
                await(journal.journal.write("a", List.of(event(sequenceNr, new byte[500]))));
            }
        }
        tearPagesFrom(1);

        try (var journal = TestJournal.open(file())) {
            assertThatThrownBy(() -> journal.numbers("a")).rootCause().hasMessageContaining("SQLITE_CORRUPT");
            assertThatThrownBy(() -> journal.write("a", 201)).hasCauseInstanceOf(JournalDamaged.class);
            assertThatThrownBy(() -> journal.write("new", 1)).hasCauseInstanceOf(JournalDamaged.class);
        }
    }

    @Test
    void writeAheadLogDoesNotGrowWithWhatIsWritten() throws IOException {
        try (var journal = TestJournal.open(
                file(), "merklite.journal.checkpoint-size = 256 KiB", "merklite.journal.max-wal-size = 1 MiB")) {
            var log = Path.of(file() + "-wal");
            var deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
            var written = 0L;
            var first = 1;
            // It grows while a checkpoint is under way, and no more: how much that is depends on the disk.
            while (written < 15_000_000 || written < 4 * Files.size(log)) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                await(journal.journal.write(
                        "a",
                        LongStream.range(first, first + 20)
                                .mapToObj(sequenceNr -> event(sequenceNr, new byte[5000]))
                                .toList()));
                first += 20;
                written += 20 * 5000;
            }

            assertThat(observations(journal, "merklite_journal_checkpoint_seconds"))
                    .isPositive();
        }
    }

    private static Optional<Throwable> failure(CompletionStage<Done> outcome) {
        return await(
                outcome.handle((done, failure) -> Optional.ofNullable(failure).map(Throwable::getCause)));
    }

    private static double counter(TestJournal journal, String name) {
        var metric = journal.registry.scrape(name::equals).get(0);
        return ((CounterSnapshot) metric).getDataPoints().getFirst().getValue();
    }

    private static long observations(TestJournal journal, String name) {
        var metric = journal.registry.scrape(name::equals).get(0);
        return ((HistogramSnapshot) metric).getDataPoints().getFirst().getCount();
    }

    private void replace(String found, String replacement) throws IOException {
        var bytes = Files.readAllBytes(file());
        var text = new String(bytes, StandardCharsets.ISO_8859_1);
        var at = text.indexOf(found);
        assertThat(at).isPositive();
        System.arraycopy(replacement.getBytes(StandardCharsets.ISO_8859_1), 0, bytes, at, replacement.length());
        Files.write(file(), bytes);
    }

    private void tearPagesFrom(int page) throws IOException {
        try (var channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
            for (long at = (long) page * PAGE_SIZE; at < channel.size(); at += PAGE_SIZE) {
                var noise = new byte[PAGE_SIZE / 2];
                Arrays.fill(noise, (byte) 0xa5);
                channel.write(ByteBuffer.wrap(noise), at);
            }
        }
    }
}
