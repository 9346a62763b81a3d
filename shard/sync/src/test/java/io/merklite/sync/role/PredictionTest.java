package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.query.subscribe.Report;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.role.RoleMessage.Acknowledged;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Section 9 of the specification of replication. */
class PredictionTest {
    private static Pair withOneItem() {
        var pair = Pair.live(End.ITEMS);
        pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
        pair.deliver();
        return pair;
    }

    @Test
    void r73_localWritesAreVisibleUntilTakenBack() {
        try (var pair = withOneItem()) {
            pair.replica.beginPrediction();
            pair.here.sql("UPDATE item SET label = 'guess'");
            assertThat(pair.here.items()).containsExactly("1|guess|1.0");

            pair.replica.rollbackPrediction();

            pair.requireEqual("item");
        }
    }

    @Test
    void r73_rollbackIsPossibleAfterCommit() {
        try (var pair = withOneItem()) {
            pair.replica.beginPrediction();
            pair.here.sql("DELETE FROM item");
            pair.replica.commitPrediction();
            assertThat(pair.here.items()).isEmpty();

            pair.replica.rollbackPrediction();

            pair.requireEqual("item");
        }
    }

    @Test
    void r73_oneAtATimeAndInOrder() {
        try (var pair = withOneItem()) {
            assertThatThrownBy(pair.replica::commitPrediction).isInstanceOf(InvalidState.class);
            assertThatThrownBy(pair.replica::rollbackPrediction).isInstanceOf(InvalidState.class);
            pair.replica.beginPrediction();
            assertThatThrownBy(pair.replica::beginPrediction).isInstanceOf(InvalidState.class);
            pair.replica.commitPrediction();
            assertThatThrownBy(pair.replica::beginPrediction).isInstanceOf(InvalidState.class);
            assertThatThrownBy(pair.replica::commitPrediction).isInstanceOf(InvalidState.class);
        }
    }

    @Test
    void r74_nextMessageUndoesACommittedPredictionFirst() {
        List<Report> reports = new ArrayList<>();
        try (var pair = withOneItem()) {
            pair.replica.subscribe("SELECT label FROM item ORDER BY id", reports::add);
            pair.replica.beginPrediction();
            pair.here.sql("INSERT INTO item VALUES (2, 'guess', 1)");
            pair.replica.commitPrediction();
            pair.there.sql("INSERT INTO item VALUES (2, 'two', 2)");

            pair.deliver();

            pair.requireEqual("item");
            assertThat(reports.getLast().rows())
                    .containsExactly(List.of(SqlValue.of("one")), List.of(SqlValue.of("two")));
        }
    }

    @Test
    void r74_anyMessageUndoesIt() {
        try (var pair = withOneItem()) {
            pair.replica.beginPrediction();
            pair.here.sql("DELETE FROM item");
            pair.replica.commitPrediction();

            pair.replica.handleMessage(new RoleMessage.Granted());

            pair.requireEqual("item");
        }
    }

    @Test
    void r75_resetUndoesIt() {
        try (var pair = withOneItem()) {
            pair.replica.beginPrediction();
            pair.here.sql("DELETE FROM item");

            pair.replica.reset();

            pair.requireEqual("item");
        }
    }

    @Test
    void b76_messagesHandledWhileDraftingSurviveARollback() {
        try (var pair = withOneItem()) {
            pair.replica.beginPrediction();
            pair.here.sql("UPDATE item SET label = 'guess'", "INSERT INTO item VALUES (9, 'draft', 1)");
            pair.there.sql("INSERT INTO item VALUES (2, 'two', 2)");
            var outcome = pair.deliver().getFirst();
            assertThat(outcome.answers()).containsExactly(new Acknowledged(2));
            assertThat(pair.here.items()).containsExactly("1|guess|1.0", "2|two|2.0", "9|draft|1.0");

            pair.replica.rollbackPrediction();

            pair.requireEqual("item");
            pair.there.sql("DELETE FROM item WHERE id = 1");
            pair.deliver();
            pair.requireEqual("item");
        }
    }

    @Test
    void b77_convergeWorksOnConfirmedData() {
        try (var pair = withOneItem()) {
            pair.here.sql("UPDATE item SET label = 'damaged'");
            pair.replica.beginPrediction();
            pair.here.sql("INSERT INTO item VALUES (9, 'draft', 1)");

            pair.converge();
            assertThat(pair.here.items()).containsExactly("1|one|1.0", "9|draft|1.0");
            pair.replica.rollbackPrediction();

            pair.requireEqual("item");
        }
    }
}
