package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.apply.Conflict;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.apply.ConflictType;
import io.merklite.session.apply.Resolution;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.ErrorCode;
import io.merklite.sync.SyncException.ConflictAborted;
import io.merklite.sync.SyncException.ProtocolViolation;
import io.merklite.sync.SyncException.SchemaMismatch;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.role.RoleMessage.Acknowledged;
import io.merklite.sync.role.RoleMessage.Failed;
import io.merklite.sync.row.MergePolicy;
import io.merklite.sync.store.TableMerge;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Section 4 of the specification of replication. */
class LiveFlowTest {
    @Test
    void r27_statesFollowTheHandshake() {
        try (var pair = Pair.of(End.ITEMS)) {
            for (var i = 0; i < 200; i++) {
                pair.there.sql("INSERT INTO item VALUES (" + i + ", 'x', 1)");
                pair.here.sql("INSERT INTO item VALUES (" + i + ", 'y', 1)");
            }
            assertThat(pair.replica.state()).isEqualTo(Replica.State.INIT);
            var hello = pair.replica.hello();
            assertThat(pair.replica.state()).isEqualTo(Replica.State.HANDSHAKE);
            var standing = pair.master.handleMessage(hello).getFirst();
            var asks = pair.replica.handleMessage(standing).answers();
            assertThat(pair.replica.state()).isEqualTo(Replica.State.COMPARING);
            for (var ask : asks) {
                pair.master
                        .handleMessage(ask)
                        .forEach(answer ->
                                pair.replica.handleMessage(answer).answers().forEach(pair::talk));
            }
            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
            pair.requireEqual("item");

            pair.replica.reset();

            assertThat(pair.replica.state()).isEqualTo(Replica.State.INIT);
        }
    }

    @Test
    void r28_changesAreAppliedAcknowledgedAndReturned() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1.5)");
            var inserted = pair.deliver().getFirst();
            pair.there.sql("UPDATE item SET label = 'uno'");
            var updated = pair.deliver().getFirst();

            assertThat(inserted.answers()).containsExactly(new Acknowledged(1));
            assertThat(updated.answers()).containsExactly(new Acknowledged(2));
            var change = updated.netChanges().tables().getFirst();
            assertThat(change.table().keyPositions()).containsExactly(1, 0, 0);
            assertThat(change.changes()).singleElement().satisfies(row -> {
                assertThat(row.op()).isEqualTo(ChangeOp.UPDATE);
                assertThat(row.oldValues().get(1)).isEqualTo(ChangesetValue.Text.of("one"));
                assertThat(row.newValues().get(1)).isEqualTo(ChangesetValue.Text.of("uno"));
                assertThat(row.newValues().get(2)).isInstanceOf(ChangesetValue.Undefined.class);
            });
            pair.requireEqual("item");
        }
    }

    @Test
    void r28_statesAreThoseOfTheMaster() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1.5), (2, 'two', 2)");
            pair.deliver();
            pair.there.sql("UPDATE item SET label = 'uno' WHERE id = 1", "DELETE FROM item WHERE id = 2");
            pair.deliver();

            var said = pair.converge();

            assertThat(said).hasSize(3);
        }
    }

    /** The master's own row does not have what was written: the value before it won, and a counter counts from 0. */
    @Test
    void r28_valueThatDoesNotStandIsPutRightAsOnTheMaster() {
        var merges = Map.of("item", new TableMerge(MergePolicy.MAX, Set.of("size")));
        try (var pair = Pair.of(End.openAt(":memory:", merges, End.ITEMS), End.openAt(":memory:", merges, End.ITEMS))) {
            pair.handshake();
            pair.there.sql("INSERT INTO item VALUES (1, 'z', 5)");
            pair.deliver();
            pair.there.sql("UPDATE item SET label = 'a', size = NULL");

            pair.deliver();

            assertThat(pair.there.items()).containsExactly("1|z|0.0");
            pair.requireEqual("item");
        }
    }

    @Test
    void r29_gapIsAnErrorAndTheMissingOnesMend() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            var first = pair.master.flush().getFirst();
            pair.there.sql("INSERT INTO item VALUES (2, 'two', 2)");
            var second = pair.master.flush().getFirst();

            assertThatThrownBy(() -> pair.replica.handleMessage(second)).isInstanceOf(ProtocolViolation.class);
            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
            pair.replica.handleMessage(first);
            pair.replica.handleMessage(second);

            pair.requireEqual("item");
        }
    }

    @Test
    void b29_duplicateIsAcknowledged() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            var message = pair.master.flush().getFirst();
            pair.replica.handleMessage(message);

            var again = pair.replica.handleMessage(message);

            assertThat(again.answers()).containsExactly(new Acknowledged(1));
            assertThat(again.changes()).isEmpty();
        }
    }

    @Test
    void r30_changesOutsideLiveAreInvalid() {
        try (var pair = Pair.of(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");

            var outcome = pair.deliver().getFirst();

            assertThat(outcome.answers())
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Failed.class, failed -> assertThat(failed.code()).isEqualTo(ErrorCode.INVALID_STATE));
            assertThat(pair.replica.state()).isEqualTo(Replica.State.ERROR);
        }
    }

    @Test
    void b30_changesAreAppliedDuringAConvergence() {
        try (var pair = Pair.live(End.ITEMS)) {
            var request = pair.replica.converge();
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            pair.deliver();

            pair.talk(request);

            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
            pair.requireEqual("item");
        }
    }

    @Test
    void r31_unexpectedKindsAreInvalid() {
        try (var pair = Pair.live(End.ITEMS)) {
            var outcome = pair.replica.handleMessage(new RoleMessage.Granted());

            assertThat(outcome.answers()).singleElement().isInstanceOf(Failed.class);
        }
    }

    @Test
    void r32_conflictsGoToTheHandlerWithTheirKind() {
        List<ConflictType> seen = new ArrayList<>();
        ConflictHandler handler = conflict -> {
            seen.add(conflict.type());
            return ConflictHandler.REPLACE.resolve(conflict);
        };
        var ddl = "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT, size REAL UNIQUE)";
        try (var pair = Pair.live(options -> options.withOnConflict(handler), ddl)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'a', 1), (2, 'b', 2)");
            pair.deliver();
            pair.here.sql(
                    "UPDATE item SET label = 'local' WHERE id = 1",
                    "DELETE FROM item WHERE id = 2",
                    "INSERT INTO item VALUES (3, 'mine', 30), (9, 'unique', 40)");
            pair.there.sql(
                    "UPDATE item SET label = 'A' WHERE id = 1",
                    "UPDATE item SET label = 'B' WHERE id = 2",
                    "INSERT INTO item VALUES (3, 'c', 3), (4, 'd', 40)");
            pair.deliver();

            assertThat(seen)
                    .containsExactlyInAnyOrder(
                            ConflictType.DATA, ConflictType.NOT_FOUND, ConflictType.CONFLICT, ConflictType.CONSTRAINT);
            assertThat(pair.here.query("SELECT id, label FROM item ORDER BY id"))
                    .containsExactly("1|A", "3|c", "9|unique");
        }
    }

    @Test
    void r32_withoutAHandlerConflictsAbort() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.here.sql("INSERT INTO item VALUES (2, 'mine', 1)");
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1), (2, 'two', 2)");

            assertThatThrownBy(pair::deliver)
                    .isInstanceOfSatisfying(
                            ConflictAborted.class,
                            failure -> assertThat(failure.kind()).isEqualTo(ErrorCode.SQLITE_ERROR));

            assertThat(pair.here.items()).containsExactly("2|mine|1.0");
            assertThat(pair.replica.currentSeq()).isZero();
            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
        }
    }

    @Test
    void r32_foreignKeysAreAskedForOnce() {
        List<Conflict> seen = new ArrayList<>();
        ConflictHandler handler = conflict -> {
            seen.add(conflict);
            return Resolution.OMIT;
        };
        try (var pair = Pair.live(
                options -> options.withOnConflict(handler),
                "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
                "CREATE TABLE child(id INTEGER PRIMARY KEY, parent INT REFERENCES parent)")) {
            pair.here.sql("PRAGMA foreign_keys = ON");
            pair.there.sql("INSERT INTO parent VALUES (1)");
            pair.deliver();
            pair.here.sql("DELETE FROM parent");
            pair.there.sql("INSERT INTO child VALUES (7, 1)");

            pair.deliver();

            assertThat(seen).singleElement().isEqualTo(new Conflict.OfForeignKeys(1));
            assertThat(pair.here.query("PRAGMA foreign_keys")).containsExactly("1");
        }
    }

    @Test
    void r33_numberIsStoredWithTheChanges() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            pair.deliver();

            try (var reopened = Replica.open(pair.here.store(), End.options())) {
                assertThat(reopened.currentSeq()).isEqualTo(1);
            }
        }
    }

    @Test
    void b33_rowsThatCannotBeCountedAreNotApplied() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            pair.here.sql("CREATE TEMP TRIGGER refused BEFORE INSERT ON main._merklite_roles"
                    + " BEGIN SELECT RAISE(ABORT, 'no room'); END");

            assertThatThrownBy(pair::deliver).hasMessageContaining("no room");

            assertThat(pair.here.items()).isEmpty();
            assertThat(pair.replica.currentSeq()).isZero();
            pair.here.sql("DROP TRIGGER refused");
            pair.converge();
            pair.requireEqual("item");
        }
    }

    @Test
    void b34_changesOfOtherColumnsAreAnErrorAndNotCounted() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("ALTER TABLE item ADD COLUMN colour TEXT", "INSERT INTO item VALUES (1, 'one', 1, 'red')");

            assertThatThrownBy(pair::deliver).isInstanceOf(SchemaMismatch.class);

            assertThat(pair.replica.currentSeq()).isZero();
        }
    }

    @Test
    void b35_uniqueValuesCanBeSwapped() {
        try (var pair = Pair.live("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT UNIQUE, size REAL)")) {
            pair.there.sql("INSERT INTO item VALUES (1, 'a', 1), (2, 'b', 2)");
            pair.deliver();
            pair.there.sql(
                    "BEGIN",
                    "UPDATE item SET label = 'x' WHERE id = 1",
                    "UPDATE item SET label = 'a' WHERE id = 2",
                    "UPDATE item SET label = 'b' WHERE id = 1",
                    "COMMIT");
            pair.deliver();

            pair.requireEqual("item");
        }
    }

    @Test
    void b36_earlierAnswersAreKeptWhenOneFails() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            var first = pair.master.flush().getFirst();
            pair.there.sql("INSERT INTO item VALUES (2, 'two', 2)");
            pair.master.flush();
            pair.there.sql("INSERT INTO item VALUES (3, 'three', 3)");
            var third = pair.master.flush().getFirst();

            var outcome = pair.replica.handleMessages(List.of(first, third));

            assertThat(outcome.answers()).containsExactly(new Acknowledged(1));
            assertThat(outcome.changes()).hasSize(1);
            assertThat(outcome.failure()).containsInstanceOf(ProtocolViolation.class);
        }
    }

    /** Also if the file itself fails, in the middle of a comparison. */
    @Test
    void b36_earlierAnswersAreKeptWhenTheFileFails() {
        try (var pair = Pair.of(options -> options.withChangesetQueueSize(0), UnaryOperator.identity(), End.ITEMS)) {
            pair.handshake();
            pair.there.sql(
                    "INSERT INTO item WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
                            + " SELECT i, 'small', 1 FROM n");
            var first = pair.master.flush().getFirst();
            pair.replica.handleMessage(first);
            pair.there.sql("UPDATE item SET label = hex(zeroblob(2000))");
            var answers = pair.master.handleMessage(pair.replica.converge());
            while (answers.stream().noneMatch(LiveFlowTest::hasRows)) {
                var asked = pair.replica.handleMessages(answers).answers();
                answers = asked.stream()
                        .flatMap(ask -> pair.master.handleMessage(ask).stream())
                        .toList();
            }
            pair.here.query("PRAGMA max_page_count = "
                    + pair.here.query("PRAGMA page_count").getFirst());
            List<RoleMessage> messages = new ArrayList<>(List.of(first));
            messages.addAll(answers);

            var outcome = pair.replica.handleMessages(messages);

            assertThat(outcome.answers()).containsExactly(new Acknowledged(1));
            assertThat(outcome.failure()).isPresent();
            assertThat(outcome.failure().get()).hasMessageContaining("SQLITE_FULL");
        }
    }

    private static boolean hasRows(RoleMessage message) {
        return message instanceof RoleMessage.Answer answer
                && answer.answer() instanceof SyncMessage.Rows rows
                && !rows.rows().isEmpty();
    }

    @Test
    void r37_localWritesGoWithTheNextComparison() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            pair.deliver();
            pair.here.sql("INSERT INTO item VALUES (2, 'mine', 1)", "UPDATE item SET label = 'changed' WHERE id = 1");

            pair.converge();

            pair.requireEqual("item");
        }
    }

    @Test
    void b18_triggersAndCascadesAreNotRepeated() {
        try (var pair = Pair.live(
                "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
                "CREATE TABLE child(id INTEGER PRIMARY KEY, parent INT REFERENCES parent ON DELETE CASCADE)",
                "CREATE TABLE log(id INTEGER PRIMARY KEY, what TEXT)",
                "CREATE TRIGGER t AFTER INSERT ON parent BEGIN INSERT INTO log(what) VALUES ('new'); END")) {
            pair.there.sql("PRAGMA foreign_keys = ON");
            pair.here.sql("PRAGMA foreign_keys = ON");
            pair.there.sql("INSERT INTO parent VALUES (1)", "INSERT INTO child VALUES (1, 1)");
            pair.deliver();
            assertThat(pair.here.query("SELECT * FROM log")).containsExactly("1|new");
            pair.there.sql("DELETE FROM parent");
            pair.deliver();

            for (var table : List.of("parent", "child", "log")) {
                pair.requireEqual(table);
            }
            assertThat(pair.here.query("SELECT name FROM sqlite_schema WHERE type = 'trigger'"))
                    .containsExactly("t");
        }
    }
}
