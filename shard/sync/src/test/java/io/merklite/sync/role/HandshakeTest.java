package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.sync.role.Progress.Phase;
import io.merklite.sync.role.RoleMessage.Acknowledged;
import io.merklite.sync.role.RoleMessage.Answer;
import io.merklite.sync.role.RoleMessage.Changes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Section 5 of the specification of replication. */
class HandshakeTest {
    private static void fill(End end, int count) {
        end.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + count
                + ") INSERT INTO item SELECT i, 'label ' || i, i FROM n");
    }

    @Test
    void r38_replicaEndsWithTheRowsOfTheMaster() {
        try (var pair = Pair.of(End.ITEMS)) {
            fill(pair.there, 1000);
            fill(pair.here, 900);
            pair.here.sql(
                    "UPDATE item SET label = 'local' WHERE id = 7",
                    "INSERT INTO item VALUES (5000, 'extra', 1)",
                    "DELETE FROM item WHERE id = 8");

            var said = pair.handshake();

            assertThat(said.getLast()).isInstanceOf(Acknowledged.class);
            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
            pair.requireEqual("item");
        }
    }

    @Test
    void r38_rowChangesAreReturned() {
        try (var pair = Pair.of(End.ITEMS)) {
            fill(pair.there, 3);
            pair.here.sql("INSERT INTO item VALUES (3, 'old', 1), (4, 'extra', 1)");
            List<ChangeOp> operations = new ArrayList<>();
            List<RoleMessage> asked = List.of(pair.replica.hello());
            while (!asked.isEmpty()) {
                List<RoleMessage> next = new ArrayList<>();
                for (var message : asked) {
                    for (var answer : pair.master.handleMessage(message)) {
                        var outcome = pair.replica.handleMessage(answer);
                        next.addAll(outcome.answers());
                        outcome.changes()
                                .forEach(changes -> changes.tables()
                                        .forEach(table -> table.changes().forEach(row -> operations.add(row.op()))));
                    }
                }
                asked = next;
            }

            assertThat(operations)
                    .containsExactlyInAnyOrder(ChangeOp.INSERT, ChangeOp.INSERT, ChangeOp.UPDATE, ChangeOp.DELETE);
        }
    }

    @Test
    void r39_equalDataIsNotExchanged() {
        try (var pair = Pair.live(End.ITEMS)) {
            fill(pair.there, 100);
            pair.deliver();
            pair.replica.reset();
            pair.there.sql("CREATE TABLE unkeyed(a)");

            var said = pair.talk(pair.replica.converge());

            assertThat(said).noneMatch(Answer.class::isInstance);
            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
        }
    }

    @Test
    void r40_enforcementIsSuspendedAndRestored() {
        try (var pair = Pair.of(
                "CREATE TABLE child(id INTEGER PRIMARY KEY, parent INT REFERENCES parent)",
                "CREATE TABLE parent(id INTEGER PRIMARY KEY)")) {
            pair.here.sql("PRAGMA foreign_keys = ON");
            pair.there.sql("INSERT INTO parent VALUES (1)", "INSERT INTO child VALUES (1, 1)");

            pair.handshake();

            pair.requireEqual("child");
            assertThat(pair.here.query("PRAGMA foreign_keys")).containsExactly("1");
        }
    }

    @Test
    void r41_equalNumberIsConfirmedAtOnce() {
        try (var pair = Pair.live(End.ITEMS)) {
            fill(pair.there, 10);
            pair.deliver();
            pair.replica.reset();

            var said = pair.handshake();

            assertThat(said).hasSize(3).noneMatch(Answer.class::isInstance);
            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
        }
    }

    @Test
    void b41_changesNotFlushedYetAreNotMissed() {
        try (var pair = Pair.live(End.ITEMS)) {
            fill(pair.there, 10);
            pair.deliver();
            pair.replica.reset();
            pair.there.sql("DELETE FROM item WHERE id = 3");

            pair.handshake();

            pair.requireEqual("item");
            assertThat(pair.deliver()).hasSize(1);
        }
    }

    @Test
    void r42_missedChangesAreReplayedFromTheQueue() {
        try (var pair = Pair.live(End.ITEMS)) {
            fill(pair.there, 10);
            pair.deliver();
            pair.replica.reset();
            pair.there.sql("UPDATE item SET label = 'a' WHERE id = 1");
            pair.master.flush();
            pair.there.sql("UPDATE item SET label = 'b' WHERE id = 1");
            pair.master.flush();

            var said = pair.handshake();

            assertThat(said).filteredOn(Changes.class::isInstance).hasSize(2);
            assertThat(said).noneMatch(Answer.class::isInstance);
            pair.requireEqual("item");
        }
    }

    @Test
    void r42_beyondTheQueueRowsAreCompared() {
        try (var pair = Pair.of(options -> options.withChangesetQueueSize(1), UnaryOperator.identity(), End.ITEMS)) {
            pair.handshake();
            fill(pair.there, 10);
            pair.deliver();
            pair.replica.reset();
            pair.there.sql("UPDATE item SET label = 'a' WHERE id = 1");
            pair.master.flush();
            pair.there.sql("UPDATE item SET label = 'b' WHERE id = 1");
            pair.master.flush();

            var said = pair.handshake();

            assertThat(said).noneMatch(Changes.class::isInstance).anyMatch(Answer.class::isInstance);
            assertThat(pair.replica.currentSeq()).isEqualTo(3);
            pair.requireEqual("item");
        }
    }

    @Test
    void r43_progressIsReportedOnBothSides() {
        Set<Phase> phases = EnumSet.noneOf(Phase.class);
        UnaryOperator<RoleOptions> watched = options -> options.withProgress(progress -> phases.add(progress.phase()));
        try (var pair = Pair.of(watched, watched, End.ITEMS)) {
            fill(pair.there, 2000);
            fill(pair.here, 2000);

            pair.handshake();

            assertThat(phases).containsExactlyInAnyOrder(Phase.values());
        }
    }

    @Test
    void r44_differentSizesOfAnswersEndEqual() {
        try (var pair = Pair.of(
                options -> options.withMaxAnswerBytes(1024),
                options -> options.withMaxAnswerBytes(1 << 20),
                End.ITEMS)) {
            fill(pair.there, 3000);
            fill(pair.here, 1500);

            pair.handshake();

            pair.requireEqual("item");
        }
    }

    @Test
    void b45_firstTransferIsCutIntoParts() {
        try (var pair = Pair.of(options -> options.withMaxAnswerBytes(4096), UnaryOperator.identity(), End.ITEMS)) {
            fill(pair.there, 5000);

            var said = pair.handshake();

            var codec = new RoleMessageCodec();
            assertThat(said).allMatch(message -> codec.encode(message).length < 64 << 10);
            assertThat(said).filteredOn(Answer.class::isInstance).hasSizeGreaterThan(10);
            pair.requireEqual("item");
        }
    }

    @Test
    void b46_uniqueValueThatMovedDoesNotStopAComparison() {
        try (var pair = Pair.of("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT UNIQUE, size REAL)")) {
            pair.there.sql("INSERT INTO item VALUES (1, 'a', 1), (2, 'b', 1)");
            pair.here.sql("INSERT INTO item VALUES (1, 'b', 1), (2, 'a', 1), (3, 'c', 1)");
            pair.there.sql("INSERT INTO item VALUES (4, 'c', 1)");

            pair.handshake();

            pair.requireEqual("item");
        }
    }
}
