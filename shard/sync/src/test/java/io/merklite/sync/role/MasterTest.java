package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.ErrorCode;
import io.merklite.sync.role.RoleMessage.Changes;
import io.merklite.sync.role.RoleMessage.Failed;
import io.merklite.sync.role.RoleMessage.Hello;
import io.merklite.sync.role.RoleMessage.Standing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Section 3 of the specification of replication. */
class MasterTest {
    private End end;
    private Master master;

    @BeforeEach
    void open() {
        end = End.open(End.ITEMS);
        master = Master.open(end.store(), End.options());
    }

    @AfterEach
    void close() {
        master.close();
        end.close();
    }

    private List<Long> flushed() {
        return master.flush().stream().map(message -> ((Changes) message).seq()).toList();
    }

    @Test
    void r19_flushGivesOneMessageWithTheNextNumber() {
        end.sql("INSERT INTO item VALUES (1, 'one', 1)");
        assertThat(flushed()).containsExactly(1L);

        end.sql("INSERT INTO item VALUES (2, 'two', 2)", "UPDATE item SET size = 9 WHERE id = 1");

        assertThat(flushed()).containsExactly(2L);
        assertThat(flushed()).isEmpty();
        assertThat(master.currentSeq()).isEqualTo(2);
    }

    @Test
    void r19_whatComesToNothingGivesNoMessage() {
        end.sql("INSERT INTO item VALUES (1, 'one', 1)");
        master.flush();

        end.sql(
                "UPDATE item SET size = size",
                "INSERT INTO item VALUES (2, 'two', 2)",
                "DELETE FROM item WHERE id = 2");

        assertThat(flushed()).isEmpty();
    }

    @Test
    void r19_stampedTransactionsThatCancelOutGiveNoMessage() {
        end.store().write(() -> {
            end.sql("INSERT INTO item VALUES (1, 'one', 1)");
            return true;
        });
        end.store().write(() -> {
            end.sql("DELETE FROM item");
            return true;
        });

        assertThat(flushed()).isEmpty();
    }

    @Test
    void r19_numberIsContinuedByALaterMaster(@TempDir Path folder) {
        var path = folder.resolve("m.db").toString();
        try (var first = End.openAt(path, End.ITEMS);
                var before = Master.open(first.store(), End.options())) {
            first.sql("INSERT INTO item VALUES (1, 'one', 1)");
            before.flush();
        }
        try (var second = End.openAt(path);
                var later = Master.open(second.store(), End.options())) {
            second.sql("INSERT INTO item VALUES (2, 'two', 2)");

            assertThat(later.flush())
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Changes.class, changes -> assertThat(changes.seq()).isEqualTo(2));
        }
    }

    @Test
    void b20_nothingUncommittedIsSent() {
        end.sql("BEGIN", "INSERT INTO item VALUES (1, 'one', 1)");
        var inside = master.flush();
        end.sql("ROLLBACK");

        assertThat(inside).isEmpty();
        assertThat(master.flush()).isEmpty();
        assertThat(master.currentSeq()).isZero();
    }

    @Test
    void b21_changesBeforeAChangeOfSchemaAreNotLost() {
        end.store().write(() -> {
            end.sql("INSERT INTO item VALUES (1, 'one', 1)");
            return true;
        });
        end.sql("ALTER TABLE item ADD COLUMN colour TEXT", "UPDATE item SET colour = 'red'");

        var messages = master.flush();

        assertThat(messages).hasSize(2);
        assertThat(((Changes) messages.get(0)).schema()).isNotEqualTo(((Changes) messages.get(1)).schema());
    }

    @Test
    void b21_rawChangesBeforeAChangeOfSchemaAreNotLost() {
        end.sql("INSERT INTO item VALUES (1, 'one', 1)", "ALTER TABLE item ADD COLUMN colour TEXT");

        assertThat(flushed()).containsExactly(1L);
    }

    @Test
    void r22_execDeliversAfterCommit() {
        List<RoleMessage> delivered = new ArrayList<>();
        master.onFlush(delivered::add);

        master.exec("INSERT INTO item VALUES (1, 'one', 1); INSERT INTO item VALUES (2, 'two', 2)");
        assertThat(delivered).hasSize(1);
        end.sql("UPDATE item SET size = 7");
        master.exec("DELETE FROM item WHERE id = 2");

        assertThat(delivered).hasSize(2);
        assertThat(master.flush()).isEmpty();
    }

    @Test
    void b22_execInATransactionDeliversNothingBeforeCommit() {
        List<RoleMessage> delivered = new ArrayList<>();
        master.onFlush(delivered::add);

        master.exec("BEGIN");
        master.exec("INSERT INTO item VALUES (1, 'one', 1)");
        assertThat(delivered).isEmpty();
        master.exec("COMMIT");

        assertThat(delivered).hasSize(1);
    }

    @Test
    void r23_messagesOfOtherKindsAreInvalid() {
        assertThat(master.handleMessage(new RoleMessage.Acknowledged(3))).isEmpty();
        assertThat(master.handleMessage(new RoleMessage.Skipped(1)))
                .singleElement()
                .isInstanceOfSatisfying(
                        Failed.class, failed -> assertThat(failed.code()).isEqualTo(ErrorCode.INVALID_STATE));
    }

    @Test
    void r24_anotherProtocolIsRefused() {
        var schema = master.schemaVersion();

        var toHello = master.handleMessage(new Hello(99, 1, schema, 0));
        var toConverge = master.handleMessage(new RoleMessage.Converge(99, 1, schema, 0));

        for (var answers : List.of(toHello, toConverge)) {
            assertThat(answers)
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Failed.class, failed -> assertThat(failed.code()).isEqualTo(ErrorCode.PROTOCOL_ERROR));
        }
    }

    @Test
    void r25_schemaVersionIsThatOfTheStructure() {
        var before = master.schemaVersion();

        end.sql("CREATE INDEX by_label ON item(label)", "CREATE VIEW v AS SELECT 1", "CREATE TABLE unkeyed(a)");
        var withOthers = master.schemaVersion();
        try (var other = End.open("create table item ( id integer primary key , label text , size real )");
                var formatted = Master.open(other.store(), End.options())) {
            assertThat(formatted.schemaVersion()).isEqualTo(before);
        }
        end.sql("ALTER TABLE item ADD COLUMN colour TEXT");

        assertThat(withOthers).isEqualTo(before);
        assertThat(master.schemaVersion()).isNotEqualTo(before);
    }

    @Test
    void b26_severalReplicasAtDifferentStages() {
        for (var i = 0; i < 300; i++) {
            end.sql("INSERT INTO item VALUES (" + i + ", 'x', 1)");
        }
        try (var one = End.open(End.ITEMS);
                var two = End.open(End.ITEMS);
                var first = Replica.open(one.store(), End.options());
                var second = Replica.open(two.store(), End.options())) {
            one.sql("INSERT INTO item VALUES (5, 'other', 1)");
            var fromFirst = List.<RoleMessage>of(first.hello());
            var fromSecond = List.<RoleMessage>of(second.hello());
            while (!fromFirst.isEmpty() || !fromSecond.isEmpty()) {
                fromFirst = step(first, fromFirst);
                fromSecond = step(second, fromSecond);
            }

            assertThat(first.state()).isEqualTo(Replica.State.LIVE);
            assertThat(one.items()).isEqualTo(end.items());
            assertThat(two.items()).isEqualTo(end.items());
        }
    }

    private List<RoleMessage> step(Replica replica, List<RoleMessage> messages) {
        List<RoleMessage> answers = new ArrayList<>();
        for (var message : messages) {
            for (var answer : master.handleMessage(message)) {
                answers.addAll(replica.handleMessage(answer).answers());
            }
        }
        return answers;
    }

    @Test
    void b41_unsentChangesAreNotConfirmedByALaterMaster(@TempDir Path folder) {
        var path = folder.resolve("m.db").toString();
        try (var first = End.openAt(path, End.ITEMS);
                var before = Master.open(first.store(), End.options())) {
            first.sql("INSERT INTO item VALUES (1, 'one', 1)");
            before.flush();
            first.sql("INSERT INTO item VALUES (2, 'two', 2)");
        }
        try (var second = End.openAt(path)) {
            try (var later = Master.open(second.store(), End.options())) {
                var answers = later.handleMessage(new Hello(RoleMessage.PROTOCOL, 1, later.schemaVersion(), 1));

                assertThat(answers)
                        .singleElement()
                        .isInstanceOfSatisfying(
                                Standing.class,
                                standing -> assertThat(standing.isCurrent()).isFalse());
            }
        }
    }

    @Test
    void b21_rowsThatANewTableBroughtAlongAreNotLost() {
        try (var here = End.open(End.ITEMS);
                var replica = Replica.open(here.store(), End.options())) {
            end.sql("INSERT INTO item VALUES (1, 'one', 1)");
            master.flush();
            Conversation.handshake(master, replica);
            end.sql(
                    "CREATE TABLE copy(id INTEGER PRIMARY KEY, label TEXT)",
                    "INSERT INTO copy SELECT id, label FROM item");
            master.flush();

            Conversation.handshake(master, replica);
            Conversation.handshake(master, replica);

            assertThat(here.query("SELECT * FROM copy")).containsExactly("1|one");
        }
    }
}
