package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.role.RoleMessage.Answer;
import io.merklite.sync.role.RoleMessage.Converge;
import io.merklite.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Section 6 of the specification of replication. */
class ConvergenceTest {
    private static void fill(End end, int count, long step) {
        end.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + count
                + ") INSERT INTO item SELECT i * " + step + ", 'label ' || i, i FROM n");
    }

    @Test
    void r47_convergeWorksInAnyStateWithoutAHello() {
        try (var pair = Pair.of(End.ITEMS)) {
            fill(pair.there, 100, 1);
            assertThat(pair.replica.converge()).isInstanceOfSatisfying(Converge.class, request -> {
                assertThat(request.protocol()).isEqualTo(RoleMessage.PROTOCOL);
                assertThat(request.schema()).isEqualTo(pair.master.schemaVersion());
                assertThat(request.seq()).isZero();
            });
            pair.replica.handleMessage(new RoleMessage.Changes(9, 0, List.of()));
            assertThat(pair.replica.state()).isEqualTo(Replica.State.ERROR);

            pair.converge();

            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
            pair.requireEqual("item");
        }
    }

    @Test
    void r48_lostMessagesAreMendedByAnotherConverge() {
        var random = Seeds.random(48);
        try (var pair = Pair.of(End.ITEMS)) {
            fill(pair.there, 3000, 1);
            fill(pair.here, 2000, 1);
            for (var attempt = 0; attempt < 20; attempt++) {
                List<RoleMessage> asked = List.of(pair.replica.converge());
                while (!asked.isEmpty()) {
                    List<RoleMessage> next = new ArrayList<>();
                    for (var message : asked) {
                        for (var answer : pair.master.handleMessage(message)) {
                            if (random.nextInt(5) > 0) {
                                next.addAll(pair.replica.handleMessage(answer).answers());
                            }
                        }
                    }
                    asked = next;
                }
            }

            pair.converge();

            pair.requireEqual("item");
        }
    }

    @Test
    void r49_inSyncCostsAnAnswerAndAnAck() {
        try (var pair = Pair.live(End.ITEMS)) {
            fill(pair.there, 1000, 1);
            pair.deliver();

            var said = pair.converge();

            var codec = new RoleMessageCodec();
            assertThat(said).hasSize(3);
            assertThat(said.stream()
                            .mapToInt(message -> codec.encode(message).length)
                            .sum())
                    .isLessThan(300);
        }
    }

    @Test
    void b50_messagesOfAnOlderRoundHaveNoEffect() {
        try (var pair = Pair.of(End.ITEMS)) {
            fill(pair.there, 500, 1);
            fill(pair.here, 400, 1);
            var said = pair.converge();
            pair.there.sql("UPDATE item SET label = 'new'", "DELETE FROM item WHERE id = 5");
            pair.deliver();
            var seq = pair.replica.currentSeq();

            for (var message : said) {
                if (message instanceof Answer || message instanceof RoleMessage.Standing) {
                    assertThat(pair.replica.handleMessage(message).answers()).isEmpty();
                }
            }

            assertThat(pair.replica.currentSeq()).isEqualTo(seq);
            pair.requireEqual("item");
            pair.there.sql("DELETE FROM item WHERE id = 6");
            pair.deliver();
            pair.requireEqual("item");
        }
    }

    @Test
    void b51_rowsNotFlushedDoNotMakeTheFollowingChangesFail() {
        try (var pair = Pair.live(End.ITEMS)) {
            fill(pair.there, 300, 1);
            pair.deliver();
            pair.here.sql("UPDATE item SET label = 'damaged'");
            pair.there.sql("INSERT INTO item VALUES (9000, 'unflushed', 1)", "DELETE FROM item WHERE id = 4");

            pair.converge();
            pair.deliver();

            pair.requireEqual("item");
            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
        }
    }

    @Test
    void b51_changesBetweenTheAnswersOfARoundAreReplayedWithoutHarm() {
        var random = Seeds.random(51);
        try (var pair = Pair.live("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT UNIQUE, size REAL)")) {
            fill(pair.there, 3000, 1);
            pair.deliver();
            pair.here.sql("UPDATE item SET size = -1 WHERE id % 7 = 0");
            List<RoleMessage> late = new ArrayList<>();
            List<RoleMessage> asked = List.of(pair.replica.converge());
            while (!asked.isEmpty()) {
                List<RoleMessage> next = new ArrayList<>();
                for (var message : asked) {
                    write(pair.there, random.nextInt(3000));
                    late.addAll(pair.master.flush());
                    for (var answer : pair.master.handleMessage(message)) {
                        next.addAll(pair.replica.handleMessage(answer).answers());
                    }
                }
                asked = next;
            }

            late.forEach(
                    message -> pair.replica.handleMessage(message).answers().forEach(pair::talk));

            assertThat(late.size()).isGreaterThan(3);
            pair.requireEqual("item");
        }
    }

    private static void write(End end, int id) {
        end.sql(
                "DELETE FROM item WHERE id = " + id,
                "UPDATE item SET label = 'moved ' || " + id + " || label WHERE id = " + (id + 1),
                "INSERT OR REPLACE INTO item VALUES (" + (id + 2) + ", 'put ' || " + id + ", 0)",
                "INSERT OR REPLACE INTO item VALUES (" + (id + 10_000) + ", 'label ' || " + (id + 1) + ", 0)");
    }

    @Test
    void b52_damageIsFoundAlsoWhenTheQueueCovers() {
        try (var pair = Pair.live(End.ITEMS)) {
            fill(pair.there, 300, 1);
            pair.deliver();
            pair.here.sql("UPDATE item SET label = 'damaged' WHERE id = 17");
            pair.there.sql("UPDATE item SET label = 'new' WHERE id = 18");
            pair.master.flush();

            var said = pair.converge();

            assertThat(said).anyMatch(Answer.class::isInstance);
            pair.requireEqual("item");
        }
    }

    @Test
    void b52_damageOfWhatTheQueueChangesIsMended() {
        try (var pair = Pair.live(End.ITEMS)) {
            fill(pair.there, 300, 1);
            pair.deliver();
            pair.here.sql("UPDATE item SET label = 'damaged' WHERE id = 18", "DELETE FROM item WHERE id = 19");
            pair.there.sql("UPDATE item SET label = 'new' WHERE id IN (18, 19)");
            pair.master.flush();

            pair.converge();

            pair.requireEqual("item");
        }
    }

    @Test
    void b53_costFollowsTheDifference() {
        var codec = new RoleMessageCodec();
        List<Integer> sizes = new ArrayList<>();
        for (var count : List.of(1000, 20_000)) {
            try (var pair = Pair.live(End.ITEMS)) {
                fill(pair.there, count, 1_000_000_007L);
                pair.deliver();
                pair.here.sql("UPDATE item SET label = 'damaged' WHERE id = 17 * 1000000007");

                var said = pair.converge();

                pair.requireEqual("item");
                sizes.add(said.stream()
                        .mapToInt(message -> codec.encode(message).length)
                        .sum());
            }
        }
        assertThat(sizes.get(1)).isLessThan(2 * sizes.get(0)).isLessThan(20_000);
    }

    @Test
    void b54_openTransactionsAreNamed() {
        try (var pair = Pair.live(End.ITEMS)) {
            fill(pair.there, 10, 1);
            pair.deliver();
            pair.here.sql("UPDATE item SET label = 'damaged'");

            pair.there.sql("BEGIN");
            pair.talk(pair.replica.converge());
            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
            assertThat(pair.replica.failure())
                    .hasValueSatisfying(
                            failed -> assertThat(failed.text()).contains("transaction is open on the master"));
            pair.there.sql("COMMIT");
            pair.here.sql("BEGIN");
            assertThatThrownBy(pair::converge)
                    .isInstanceOf(InvalidState.class)
                    .hasMessageContaining("transaction is open");
            pair.here.sql("COMMIT");

            pair.converge();

            pair.requireEqual("item");
        }
    }
}
