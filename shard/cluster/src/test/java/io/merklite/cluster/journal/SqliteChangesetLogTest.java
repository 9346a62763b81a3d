package io.merklite.cluster.journal;

import static io.merklite.cluster.journal.Transactions.ANNE;
import static io.merklite.cluster.journal.Transactions.transaction;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.journal.ChangesetLog.AppendOutcome;
import io.merklite.cluster.journal.ChangesetLog.Appended;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteChangesetLogTest extends ChangesetLogContract {
    @TempDir
    static Path directory;

    private static ActorTestKit kit;

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create("logs", TestJournal.config(directory.resolve("journal.sqlite")));
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    @Override
    ActorTestKit kit() {
        return kit;
    }

    @Test
    void fullJournalStopsTheLogAndWhatItAnsweredIsThere() {
        var full = ActorTestKit.create(
                "full", TestJournal.config(directory.resolve("full.sqlite"), "merklite.journal.max-size = 300 KiB"));
        try {
            var settings = LogSettings.from(full.system().settings().config().getConfig("merklite"));
            var id = new LogId("orders", "node-1", "1");
            var log = full.spawn(ChangesetLog.create(id, settings, InstantSource.fixed(TestJournal.NOW)));
            TestProbe<AppendOutcome> probe = full.createTestProbe();
            TestProbe<Object> watcher = full.createTestProbe();
            for (var seq = 1; seq <= 100; seq++) {
                log.tell(new ChangesetLog.Append(List.of(transaction(ANNE, seq, 10_000 + seq)), probe.ref()));
            }
            watcher.expectTerminated(log, LIMIT);
            probe.ref().tell(new Appended(-1));
            var answered = 0L;
            for (var last = appended(probe); last > 0; last = appended(probe)) {
                answered = last;
            }

            var again = full.spawn(ChangesetLog.create(id, settings, InstantSource.fixed(TestJournal.NOW)));
            TestProbe<ChangesetLog.Description> description = full.createTestProbe();
            again.tell(new ChangesetLog.Describe(description.ref()));

            assertThat(description.receiveMessage(LIMIT).lastSequenceNr()).isEqualTo(answered);
        } finally {
            full.shutdownTestKit();
        }
    }

    private static long appended(TestProbe<AppendOutcome> probe) {
        return ((Appended) probe.receiveMessage(LIMIT)).lastSequenceNr();
    }
}
