package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.query.QueryException;
import io.merklite.query.subscribe.Report;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.query.subscribe.SubscriptionId;
import io.merklite.query.subscribe.Subscriptions;
import io.merklite.sync.database.ChangesetRows;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.DatabaseOptions;
import io.merklite.testkit.Seeds;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Section 8 of the specification of replication; predicates have their own cases in the module of queries. */
class RoleSubscriptionsTest {
    private final List<Report> reports = new ArrayList<>();

    @Test
    void r59_subscribingRunsNothingAndIdsAreNotReused() {
        try (var pair = Pair.live(End.ITEMS)) {
            var first = pair.replica.subscribe("SELECT * FROM item", reports::add);
            pair.replica.unsubscribe(first);
            var second = pair.replica.subscribe("SELECT * FROM item", reports::add);

            assertThat(second).isNotEqualTo(first);
            assertThat(reports).isEmpty();
            assertThatThrownBy(() -> pair.replica.subscribe("SELECT nothing FROM nowhere", reports::add))
                    .isInstanceOf(QueryException.class);
        }
    }

    @Test
    void b59_statementsThatWriteAreRefused() {
        try (var pair = Pair.live(End.ITEMS)) {
            assertThatThrownBy(() -> pair.replica.subscribe("DELETE FROM item", reports::add))
                    .isInstanceOf(QueryException.class);
        }
    }

    @Test
    void r60_everySubscriptionReportsOnceOnEnteringLive() {
        try (var pair = Pair.of(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            pair.replica.subscribe("SELECT label FROM item", reports::add);
            pair.replica.subscribe("SELECT count(*) FROM item WHERE id > 5", reports::add);

            pair.handshake();

            assertThat(reports)
                    .extracting(Report::rows)
                    .containsExactly(List.of(List.of(SqlValue.of("one"))), List.of(List.of(SqlValue.of(0))));
        }
    }

    @Test
    void r60_oneAddedInLiveReportsAtTheNextChanges() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.replica.subscribe("SELECT count(*) FROM item WHERE id = 77", reports::add);
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");

            pair.deliver();

            assertThat(reports).hasSize(1);
        }
    }

    @Test
    void r61_onlyAnotherResultIsReported() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.replica.subscribe("SELECT max(size) FROM item", reports::add);
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 5)");
            pair.deliver();
            pair.there.sql("INSERT INTO item VALUES (2, 'two', 3)");
            pair.deliver();
            pair.there.sql("INSERT INTO item VALUES (3, 'three', 7)");
            pair.deliver();

            assertThat(reports).hasSize(2);
            assertThat(reports.getLast().columns()).containsExactly("max(size)");
        }
    }

    @Test
    void r36_subscriptionsAreEvaluatedOnceForAllMessages() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.replica.subscribe("SELECT count(*) FROM item", reports::add);
            List<RoleMessage> messages = new ArrayList<>();
            for (var i = 1; i <= 5; i++) {
                pair.there.sql("INSERT INTO item VALUES (" + i + ", 'x', 1)");
                messages.addAll(pair.master.flush());
            }

            var outcome = pair.replica.handleMessages(messages);

            assertThat(outcome.answers()).hasSize(5);
            assertThat(reports)
                    .singleElement()
                    .satisfies(report -> assertThat(report.rows()).containsExactly(List.of(SqlValue.of(5))));
        }
    }

    @Test
    void r69_unknownIdsAreHarmlessAndResetKeepsSubscriptions() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.replica.unsubscribe(new SubscriptionId(99));
            pair.replica.subscribe("SELECT count(*) FROM item", reports::add);
            pair.replica.reset();
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");

            pair.handshake();

            assertThat(reports).hasSize(1);
        }
    }

    @Test
    void b70_newColumnsAreShownAfterAChangeOfSchema() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            pair.deliver();
            pair.replica.subscribe("SELECT * FROM item", reports::add);
            pair.there.sql("ALTER TABLE item ADD COLUMN colour TEXT");
            pair.handshake();
            pair.handshake();

            assertThat(reports.getLast().columns()).containsExactly("id", "label", "size", "colour");
        }
    }

    @Test
    void r37_localWritesAreReportedWithTheNextMessage() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.replica.subscribe("SELECT count(*) FROM item", reports::add);
            pair.here.sql("INSERT INTO item VALUES (50, 'mine', 1)");
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");

            pair.deliver();

            assertThat(reports.getLast().rows()).containsExactly(List.of(SqlValue.of(2)));
        }
    }

    @Test
    void r71_standaloneWatchIsToldOfTablesAndOfChanges() {
        try (var end = End.open(End.ITEMS, "CREATE TABLE other(id INTEGER PRIMARY KEY)");
                var watch = new Subscriptions(end.store().connection())) {
            assertThat(watch.isEmpty()).isTrue();
            var id = watch.subscribe("SELECT label FROM item WHERE id = 7", reports::add);
            watch.notifyEverything();
            watch.notifyTables(List.of("other"));
            var far = end.write("INSERT INTO item VALUES (1, 'far', 1)");
            var evaluated = watch.evaluationCount();
            watch.notifyChanges(() -> new ChangesetRows(List.of(far), table -> false));
            assertThat(watch.evaluationCount()).isEqualTo(evaluated);
            var near = end.write("INSERT INTO item VALUES (7, 'near', 1)");

            watch.notifyChanges(() -> new ChangesetRows(List.of(near), table -> false));
            end.sql("UPDATE item SET label = 'nearer' WHERE id = 7");
            watch.notifyTables(List.of("item"));
            watch.unsubscribe(id);

            assertThat(reports)
                    .extracting(Report::rows)
                    .containsExactly(
                            List.of(), List.of(List.of(SqlValue.of("near"))), List.of(List.of(SqlValue.of("nearer"))));
            assertThat(watch.isEmpty()).isTrue();
        }
    }

    @Test
    void r10_subscriptionsOfADatabaseHearOfTheMaster() {
        var schema = DatabaseOptions.of("test", InstantSource.system(), Seeds.random(10))
                .withSchema(End.ITEMS);
        List<Integer> counts = new ArrayList<>();
        try (var there = Database.open(":memory:", schema);
                var here = Database.open(":memory:", schema);
                var master = Master.open(there, End.options());
                var replica = Replica.open(here, End.options())) {
            there.exec("INSERT INTO item VALUES (1, 'one', 1)");
            here.subscribe(
                    "SELECT * FROM item", result -> counts.add(result.rows().size()));
            Conversation.handshake(master, replica);
            master.onFlush(replica::handleMessage);

            master.exec("INSERT INTO item VALUES (2, 'two', 2); INSERT INTO item VALUES (3, 'three', 3)");

            assertThat(counts).containsExactly(0, 1, 3);
        }
    }

    @Test
    void b68_localWritesOfTablesWithoutAKeyAreNotMissed() {
        try (var pair = Pair.live(End.ITEMS, "CREATE TABLE loose(a INT, b INT)")) {
            pair.replica.subscribe("SELECT a FROM loose WHERE b = 5", reports::add);
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            pair.deliver();
            pair.here.sql("INSERT INTO loose VALUES (7, 5)");
            pair.there.sql("INSERT INTO item VALUES (2, 'two', 1)");
            pair.deliver();

            assertThat(reports.getLast().rows()).containsExactly(List.of(SqlValue.of(7)));
        }
    }
}
