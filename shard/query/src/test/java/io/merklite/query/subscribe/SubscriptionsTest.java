package io.merklite.query.subscribe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.query.QueryException.DatabaseFailure;
import io.merklite.query.QueryException.UnwatchableQuery;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubscriptionsTest {
    private Watched watched;
    private Subscriptions subscriptions;

    @BeforeEach
    void open() throws SQLException {
        watched = new Watched(
                "CREATE TABLE item(id INTEGER PRIMARY KEY, grp INT, label TEXT)",
                "CREATE TABLE other(id INTEGER PRIMARY KEY)",
                "INSERT INTO item VALUES (1, 1, 'a'), (2, 2, 'b')");
        subscriptions = watched.subscriptions;
    }

    @AfterEach
    void close() throws SQLException {
        watched.close();
    }

    @Test
    void subscribingRunsNothingAndTheNextNotificationReports() {
        subscriptions.subscribe("SELECT id FROM item", watched.reports::add);
        var runBefore = subscriptions.evaluationCount();

        subscriptions.notifyTables(Set.of("other"));

        assertThat(runBefore).isZero();
        assertThat(watched.reports).hasSize(1);
        assertThat(watched.reports.getFirst().columns()).containsExactly("id");
    }

    @Test
    void identitiesAreNotUsedAgain() {
        var first = subscriptions.subscribe("SELECT 1", report -> {});
        subscriptions.unsubscribe(first);

        assertThat(subscriptions.subscribe("SELECT 1", report -> {})).isNotEqualTo(first);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DELETE FROM item",
                "INSERT INTO item(id) VALUES (9) RETURNING id",
                "WITH x AS (SELECT 1) DELETE FROM item",
                "WITH x AS (SELECT 1) UPDATE item SET grp = 1 RETURNING id",
                "PRAGMA user_version",
                "EXPLAIN SELECT 1",
                "BEGIN",
                "",
                " -- nothing",
                "/* nothing */ ;"
            })
    void whatIsNoQueryIsRefused(String sql) throws SQLException {
        assertThatThrownBy(() -> subscriptions.subscribe(sql, report -> {})).isInstanceOf(UnwatchableQuery.class);

        assertThat(subscriptions.isEmpty()).isTrue();
        assertThat(watched.changes("SELECT 1")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT nothing FROM item", "SELECT", "SELECT * FROM nowhere", "SELECT 'open"})
    void whatDoesNotCompileIsAnErrorAtOnce(String sql) {
        assertThatThrownBy(() -> subscriptions.subscribe(sql, report -> {})).isInstanceOf(DatabaseFailure.class);

        assertThat(subscriptions.isEmpty()).isTrue();
    }

    @Test
    void sameResultIsNotReportedAgain() throws SQLException {
        watched.follow("SELECT max(id) FROM item");

        assertThat(watched.after("INSERT INTO item(id) VALUES (-5)")).isEmpty();
        assertThat(subscriptions.evaluationCount()).isEqualTo(2);
    }

    @Test
    void tablesAreNotifiedByNameInAnyCase() throws SQLException {
        watched.follow("SELECT count(*) FROM item");
        watched.execute("INSERT INTO item(id) VALUES (3)");

        subscriptions.notifyTables(Set.of("other", "nowhere"));
        var before = List.copyOf(watched.reports);
        subscriptions.notifyTables(Set.of("ITEM"));

        assertThat(before).isEmpty();
        assertThat(Watched.text(watched.reports.getFirst().rows())).isEqualTo("[3]");
    }

    @Test
    void everythingMayHaveChanged() throws SQLException {
        watched.follow("SELECT count(*) FROM item");
        watched.execute("DELETE FROM item");

        subscriptions.notifyEverything();

        assertThat(Watched.text(watched.reports.getFirst().rows())).isEqualTo("[0]");
    }

    @Test
    void unknownIdentityEndsNothing() {
        assertThatCode(() -> subscriptions.unsubscribe(new SubscriptionId(99))).doesNotThrowAnyException();
    }

    @Test
    void endedSubscriptionIsSilent() throws SQLException {
        var id = watched.follow("SELECT id FROM item WHERE grp = 1");
        subscriptions.unsubscribe(id);

        assertThat(watched.runsAfter("DELETE FROM item")).isFalse();
        assertThat(subscriptions.isEmpty()).isTrue();
    }

    @Test
    void parametersAreBoundAndSkipRows() throws SQLException {
        watched.follow("SELECT id FROM item WHERE grp = ? AND label <> ?", SqlValue.of(1), SqlValue.of("z"));

        assertThat(watched.after("INSERT INTO item VALUES (3, 1, 'y')")).isEqualTo("[1, 3]");
        assertThat(watched.runsAfter("INSERT INTO item VALUES (4, 2, 'y')")).isFalse();
        assertThat(watched.runsAfter("INSERT INTO item VALUES (5, 1, 'z')")).isFalse();
    }

    @Test
    void parametersKeepTheirOrderThroughTheWholeText() throws SQLException {
        watched.follow(
                "WITH w AS (SELECT id FROM other WHERE id > ?) SELECT coalesce(?, id), (SELECT count(*) FROM w WHERE id < ?)"
                        + " FROM (SELECT * FROM item WHERE label IN (?, ?)) WHERE (grp = ? OR grp = ?) LIMIT ?",
                SqlValue.of(0),
                SqlValue.NULL,
                SqlValue.of(100),
                SqlValue.of("x"),
                SqlValue.of("y"),
                SqlValue.of(8),
                SqlValue.of(9),
                SqlValue.of(5));

        assertThat(watched.runsAfter("INSERT INTO item VALUES (3, 8, 'z')")).isFalse();
        assertThat(watched.runsAfter("INSERT INTO other VALUES (0), (100)")).isTrue();
        assertThat(watched.runsAfter("INSERT INTO other VALUES (-1)")).isFalse();
        assertThat(watched.after("INSERT INTO item VALUES (4, 9, 'y')")).isEqualTo("[4,0]");
    }

    @Test
    void namedAndNumberedParametersAreBound() throws SQLException {
        watched.follow("SELECT id FROM item WHERE grp = ?2 OR label = :x OR id = ?1", SqlValue.of(7), SqlValue.of(1));

        assertThat(watched.after("INSERT INTO item VALUES (7, 5, 'y')")).isEqualTo("[1, 7]");
    }

    @Test
    void changeOfSchemaShowsNewColumns() throws SQLException {
        watched.follow("SELECT * FROM item WHERE id = 1");
        watched.execute("ALTER TABLE item ADD COLUMN more INT DEFAULT 7");

        subscriptions.notifyTables(Set.of());

        var report = watched.reports.getFirst();
        assertThat(report.columns()).containsExactly("id", "grp", "label", "more");
        assertThat(report.difference().added()).hasSize(1);
        assertThat(watched.after("UPDATE item SET more = 8 WHERE id = 1")).isEqualTo("[1,1,a,8]");
    }

    @Test
    void queryWhoseTableIsDroppedFailsOnceAndRecovers() throws SQLException {
        watched.follow("SELECT id FROM item");
        watched.execute("DROP TABLE item");

        assertThatThrownBy(() -> subscriptions.notifyTables(Set.of())).isInstanceOf(DatabaseFailure.class);
        assertThatCode(() -> subscriptions.notifyTables(Set.of("other"))).doesNotThrowAnyException();
        watched.execute("CREATE TABLE item(id INTEGER PRIMARY KEY)", "INSERT INTO item VALUES (8)");
        subscriptions.notifyTables(Set.of());

        assertThat(Watched.text(watched.reports.getFirst().rows())).isEqualTo("[8]");
    }

    @Test
    void queryThatFailsOnTheDataRunsAgainWhenTheseChange() throws SQLException {
        watched.follow("SELECT abs(grp) FROM item WHERE id = 1");

        assertThatThrownBy(() -> watched.after("UPDATE item SET grp = -9223372036854775808 WHERE id = 1"))
                .isInstanceOf(DatabaseFailure.class);
        assertThatCode(() -> subscriptions.notifyTables(Set.of())).doesNotThrowAnyException();
        assertThat(watched.after("UPDATE item SET grp = -4 WHERE id = 1")).isEqualTo("[4]");
    }

    @Test
    void listenerMayChangeTheDatabaseAndNestedNotificationsAreDelivered() throws SQLException {
        List<String> seen = new ArrayList<>();
        subscriptions.subscribe("SELECT count(*) FROM item", report -> {
            seen.add("items " + Watched.text(report.rows()));
            if (seen.size() < 4) {
                notifyUnchecked("INSERT INTO other VALUES (" + seen.size() + ")", "other");
            }
        });
        subscriptions.subscribe("SELECT count(*) FROM other", report -> {
            seen.add("others " + Watched.text(report.rows()));
            if (seen.size() < 4) {
                notifyUnchecked("INSERT INTO item(id) VALUES (" + 100 * seen.size() + ")", "item");
            }
        });

        subscriptions.notifyTables(Set.of());

        assertThat(seen).containsExactly("items [2]", "others [1]", "items [3]", "others [2]");
    }

    private void notifyUnchecked(String sql, String table) {
        try {
            watched.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        subscriptions.notifyTables(Set.of(table));
    }

    @Test
    void listenersErrorLosesNoOtherReport() throws SQLException {
        for (var number : List.of(1, 2, 3)) {
            subscriptions.subscribe("SELECT " + number + ", count(*) FROM item", report -> {
                watched.reports.add(report);
                if (number < 3) {
                    throw new IllegalStateException("listener " + number);
                }
            });
        }

        assertThatThrownBy(() -> subscriptions.notifyTables(Set.of()))
                .hasMessage("listener 1")
                .satisfies(first -> assertThat(first.getSuppressed()).hasSize(1));

        assertThat(watched.reports).hasSize(3);
        assertThatThrownBy(() -> watched.after("DELETE FROM item")).hasMessage("listener 1");
        assertThat(watched.reports).hasSize(3);
    }

    @Test
    void listenerMayEndItselfAndOthers() throws SQLException {
        List<SubscriptionId> ids = new ArrayList<>();
        for (var i = 0; i < 2; i++) {
            ids.add(subscriptions.subscribe("SELECT id FROM item", report -> {
                watched.reports.add(report);
                ids.forEach(subscriptions::unsubscribe);
            }));
        }

        subscriptions.notifyTables(Set.of());

        assertThat(watched.reports).hasSize(1);
        assertThat(subscriptions.isEmpty()).isTrue();
    }

    @Test
    void afterAResetAllReportOnceMore() throws SQLException {
        watched.follow("SELECT id FROM item");

        subscriptions.reset();
        subscriptions.notifyTables(Set.of());
        subscriptions.notifyTables(Set.of());

        assertThat(watched.reports).hasSize(1);
    }

    @Test
    void changesOfAnotherShapeThanTheTableConcernAll() throws SQLException {
        watched.follow("SELECT id FROM item WHERE grp = 1");

        subscriptions.notifyChanges(List.of(RowChange.insert("item", List.of(SqlValue.of(5)))));

        assertThat(subscriptions.evaluationCount()).isEqualTo(2);
    }

    @Test
    void updateWithoutOldValuesConcernsWhatReadsIt() throws SQLException {
        watched.follow("SELECT id FROM item WHERE grp = 1");
        watched.execute("UPDATE item SET grp = 5 WHERE id = 1");

        subscriptions.notifyChanges(List.of(RowChange.update(
                "item",
                List.of(Optional.of(SqlValue.of(1)), Optional.empty(), Optional.empty()),
                List.of(Optional.empty(), Optional.of(SqlValue.of(5)), Optional.empty()))));

        assertThat(Watched.text(watched.reports.getFirst().rows())).isEqualTo("[]");
    }

    @Test
    void tempTableMayHideOneOfMain() throws SQLException {
        watched.execute(
                "CREATE TEMP TABLE item(id INTEGER PRIMARY KEY, grp INT)", "INSERT INTO temp.item VALUES (1, 1)");
        watched.follow("SELECT id FROM item WHERE grp = 1");
        watched.execute("INSERT INTO temp.item VALUES (2, 1)");

        subscriptions.notifyTables(Set.of("item"));

        assertThat(Watched.text(watched.reports.getFirst().rows())).isEqualTo("[1, 2]");
    }

    @Test
    void attachedTablesAreFollowedByName() throws SQLException {
        watched.execute("ATTACH ':memory:' AS side", "CREATE TABLE side.far(x INT)");
        watched.follow("SELECT count(*) FROM side.far");
        watched.execute("INSERT INTO side.far VALUES (1)");

        subscriptions.notifyTables(Set.of("far"));

        assertThat(Watched.text(watched.reports.getFirst().rows())).isEqualTo("[1]");
    }

    @Test
    void deepNestingFallsBackToTables() throws SQLException {
        var depth = 60;
        watched.follow("SELECT id FROM item WHERE " + "(".repeat(depth) + "grp = 1" + ")".repeat(depth));

        assertThat(watched.after("INSERT INTO item VALUES (3, 1, 'c')")).isEqualTo("[1, 3]");
        assertThat(watched.runsAfter("INSERT INTO item VALUES (4, 2, 'c')")).isTrue();
    }

    @Test
    void tableAsListFallsBackToTables() throws SQLException {
        watched.follow("SELECT id FROM item WHERE id IN other AND grp = 1");

        assertThat(watched.after("INSERT INTO other VALUES (1)")).isEqualTo("[1]");
    }
}
