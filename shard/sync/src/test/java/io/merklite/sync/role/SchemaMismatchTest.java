package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.ErrorCode;
import io.merklite.sync.role.RoleMessage.Failed;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Section 7 of the specification of replication. */
class SchemaMismatchTest {
    private static final String WIDER = "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT, size REAL, colour TEXT)";

    @Test
    void r55_masterTellsItsFingerprintAndTables() {
        try (var pair = Pair.of(End.open(WIDER, "CREATE TABLE unkeyed(a)"), End.open(End.ITEMS))) {
            var toHello = pair.master.handleMessage(pair.replica.hello());
            var toConverge = pair.master.handleMessage(pair.replica.converge());

            for (var answers : List.of(toHello, toConverge)) {
                assertThat(answers).singleElement().isInstanceOfSatisfying(Failed.class, failed -> {
                    assertThat(failed.code()).isEqualTo(ErrorCode.SCHEMA_MISMATCH);
                    assertThat(failed.schema()).isEqualTo(pair.master.schemaVersion());
                    assertThat(failed.ddl()).containsExactly(WIDER);
                });
            }
        }
    }

    @Test
    void r55_mastersCallbackMayMend() {
        var there = End.open(End.ITEMS);
        var here = End.open(WIDER);
        List<Integer> asked = new ArrayList<>();
        SchemaMismatchHandler widen = (remote, local, ddl) -> {
            asked.addAll(List.of(remote, local, ddl.size()));
            there.sql("ALTER TABLE item ADD COLUMN colour TEXT");
            return true;
        };
        try (there;
                here;
                var master = Master.open(there.store(), End.options().withOnSchemaMismatch(widen));
                var replica = Replica.open(here.store(), End.options())) {
            var local = master.schemaVersion();

            Conversation.handshake(master, replica);

            assertThat(replica.state()).isEqualTo(Replica.State.LIVE);
            assertThat(asked).containsExactly(replica.schemaVersion(), local, 0);
        }
    }

    @Test
    void r55_mastersPromiseIsNotBelieved() {
        try (var pair = Pair.of(
                options -> options.withOnSchemaMismatch((remote, local, ddl) -> true),
                UnaryOperator.identity(),
                WIDER)) {
            pair.there.sql("ALTER TABLE item ADD COLUMN more TEXT");

            assertThat(pair.master.handleMessage(pair.replica.hello()))
                    .singleElement()
                    .isInstanceOf(Failed.class);
        }
    }

    @Test
    void r56_replicasCallbackDecides() {
        for (var promise : List.of(true, false)) {
            var there = End.open(WIDER);
            var here = End.open(End.ITEMS);
            List<Object> asked = new ArrayList<>();
            SchemaMismatchHandler handler = (remote, local, ddl) -> {
                asked.addAll(List.of(remote, local, ddl));
                return promise;
            };
            try (there;
                    here;
                    var master = Master.open(there.store(), End.options());
                    var replica = Replica.open(here.store(), End.options().withOnSchemaMismatch(handler))) {
                Conversation.handshake(master, replica);

                assertThat(asked).containsExactly(master.schemaVersion(), replica.schemaVersion(), List.of(WIDER));
                assertThat(replica.state()).isEqualTo(promise ? Replica.State.INIT : Replica.State.ERROR);
            }
        }
    }

    @Test
    void r56_withoutACallbackTheSchemaIsTakenOver() {
        try (var pair =
                Pair.of(End.open(WIDER, "CREATE TABLE other(k TEXT PRIMARY KEY) WITHOUT ROWID"), End.open(End.ITEMS))) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1, 'red')", "INSERT INTO other VALUES ('x')");
            pair.here.sql("INSERT INTO item VALUES (2, 'mine', 1)");

            pair.handshake();
            assertThat(pair.replica.state()).isEqualTo(Replica.State.INIT);
            pair.handshake();

            assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
            pair.requireEqual("item");
            pair.requireEqual("other");
        }
    }

    @Test
    void b57_tablesThatTheMasterDoesNotKnowStay() {
        var there = End.open(WIDER);
        var here = End.open(
                End.ITEMS,
                "CREATE TABLE local(id INTEGER PRIMARY KEY, note TEXT)",
                "CREATE TABLE unkeyed(a)",
                "CREATE VIEW notes AS SELECT note FROM local");
        here.sql("INSERT INTO local VALUES (1, 'keep')", "INSERT INTO unkeyed VALUES (5)");
        try (there;
                here;
                var master = Master.open(there.store(), End.options().withTables(Set.of("item")));
                var replica = Replica.open(here.store(), End.options().withTables(Set.of("item")))) {
            Conversation.handshake(master, replica);
            Conversation.handshake(master, replica);

            assertThat(replica.state()).isEqualTo(Replica.State.LIVE);
            assertThat(here.query("SELECT * FROM notes")).containsExactly("keep");
            assertThat(here.query("SELECT * FROM unkeyed")).containsExactly("5");
        }
    }

    @Test
    void b58_takingOverWorksAgainAndAfterAnIndexWasAdded() {
        try (var pair = Pair.live(End.ITEMS)) {
            for (var column : List.of("colour", "weight", "height")) {
                pair.there.sql(
                        "ALTER TABLE item ADD COLUMN " + column, "INSERT INTO item(label) VALUES ('" + column + "')");
                pair.handshake();
                assertThat(pair.replica.state()).isEqualTo(Replica.State.INIT);
                pair.handshake();
                assertThat(pair.replica.state()).isEqualTo(Replica.State.LIVE);
                pair.requireEqual("item");
                pair.here.sql("CREATE INDEX by_" + column + " ON item(" + column + ")");
            }
            assertThat(pair.here.query("SELECT count(*) FROM sqlite_schema WHERE name GLOB 'by_*'"))
                    .contains("3");
        }
    }

    @Test
    void r14_filtersMustAgree() {
        var ddl = List.of(End.ITEMS, "CREATE TABLE other(id INTEGER PRIMARY KEY)");
        try (var there = End.open(ddl.toArray(String[]::new));
                var here = End.open(ddl.toArray(String[]::new));
                var master = Master.open(there.store(), End.options().withTables(Set.of("item")));
                var all = Replica.open(here.store(), End.options())) {
            assertThat(master.handleMessage(all.hello())).singleElement().isInstanceOf(Failed.class);
        }
    }
}
