package io.merklite.query.subscribe;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.ResultDifference.Added;
import io.merklite.query.subscribe.ResultDifference.Changed;
import io.merklite.query.subscribe.ResultDifference.Removed;
import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ResultDifferenceTest {
    private static QueryResult result(List<List<SqlValue>> rows) {
        return new QueryResult(List.of("id", "value"), rows);
    }

    private static List<SqlValue> row(long id, long value) {
        return List.of(SqlValue.of(id), SqlValue.of(value));
    }

    @Test
    void rowWithTheSameKeyIsChangedWhereverItStands() {
        var before = result(List.of(row(1, 10), row(2, 20), row(3, 30)));
        var now = result(List.of(row(2, 20), row(3, 30), row(1, 99)));

        var difference = ResultDifference.between(before, now, List.of(0));

        assertThat(difference.changed()).containsExactly(new Changed(0, 2, row(1, 10), row(1, 99)));
        assertThat(difference.removed()).isEmpty();
        assertThat(difference.added()).isEmpty();
    }

    @Test
    void withoutAKeyARowIsChangedInItsPlace() {
        var before = result(List.of(row(1, 1), row(2, 2), row(3, 3)));
        var now = result(List.of(row(1, 1), row(2, 9), row(3, 3), row(4, 4)));

        var difference = ResultDifference.between(before, now, List.of());

        assertThat(difference.changed()).containsExactly(new Changed(1, 1, row(2, 2), row(2, 9)));
        assertThat(difference.added()).containsExactly(new Added(3, row(4, 4)));
    }

    @Test
    void equalRowsAreCounted() {
        var before = result(List.of(row(1, 1), row(1, 1), row(1, 1)));
        var now = result(List.of(row(1, 1)));

        var difference = ResultDifference.between(before, now, List.of(0));

        assertThat(difference.removed()).hasSize(2);
        assertThat(difference.applyTo(before.rows())).isEqualTo(now.rows());
    }

    @Test
    void rowThatOnlyMovedIsChangedToItself() {
        var before = result(List.of(row(1, 1), row(2, 2), row(3, 3)));
        var now = result(List.of(row(3, 3), row(1, 1), row(2, 2)));

        var difference = ResultDifference.between(before, now, List.of());

        assertThat(difference.changed()).containsExactly(new Changed(2, 0, row(3, 3), row(3, 3)));
    }

    @Test
    void otherColumnsReplaceAllRows() {
        var before = new QueryResult(List.of("a"), List.of(List.of(SqlValue.of(1))));
        var now = new QueryResult(List.of("b"), List.of(List.of(SqlValue.of(1))));

        var difference = ResultDifference.between(before, now, List.of());

        assertThat(difference.removed()).containsExactly(new Removed(0, List.of(SqlValue.of(1))));
        assertThat(difference.added()).containsExactly(new Added(0, List.of(SqlValue.of(1))));
    }

    @Test
    void reportsOfARealQueryNameKeysByThemselves() throws SQLException {
        try (var watched = new Watched(
                "CREATE TABLE item(id INTEGER PRIMARY KEY, score INT)",
                "INSERT INTO item VALUES (1, 10), (2, 20), (3, 30)")) {
            watched.follow("SELECT score, id FROM item ORDER BY score DESC LIMIT 2");

            watched.after("UPDATE item SET score = 99 WHERE id = 1", "UPDATE item SET score = 31 WHERE id = 3");

            var difference = watched.reports.getFirst().difference();
            assertThat(difference.changed()).containsExactly(new Changed(0, 1, row(30, 3), row(31, 3)));
            assertThat(difference.removed()).containsExactly(new Removed(1, row(20, 2)));
            assertThat(difference.added()).containsExactly(new Added(0, row(99, 1)));
        }
    }

    @Test
    void anyDifferenceMakesTheNewResultOfTheOld() {
        Seeds.upTo(3000)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var before = result(randomRows(random));
                    var now = result(random.nextBoolean() ? randomRows(random) : edited(random, before.rows()));
                    List<Integer> identity = random.nextBoolean() ? List.of() : List.of(0);

                    var difference = ResultDifference.between(before, now, identity);

                    assertThat(difference.applyTo(before.rows())).isEqualTo(now.rows());
                    assertThat(difference.isEmpty()).isEqualTo(before.equals(now));
                    assertThat(oldPositions(difference))
                            .hasSize(difference.removed().size()
                                    + difference.changed().size());
                }));
    }

    private static Set<Integer> oldPositions(ResultDifference difference) {
        Set<Integer> positions = new HashSet<>();
        difference.removed().forEach(removed -> positions.add(removed.position()));
        difference.changed().forEach(changed -> positions.add(changed.oldPosition()));
        return positions;
    }

    private static List<List<SqlValue>> randomRows(RandomGenerator random) {
        List<List<SqlValue>> rows = new ArrayList<>();
        for (var i = random.nextInt(12); i > 0; i--) {
            rows.add(row(random.nextInt(6), random.nextInt(2)));
        }
        return rows;
    }

    private static List<List<SqlValue>> edited(RandomGenerator random, List<List<SqlValue>> rows) {
        List<List<SqlValue>> edited = new ArrayList<>(rows);
        for (var i = random.nextInt(4); i > 0; i--) {
            var place = random.nextInt(edited.size() + 1);
            if (place == edited.size() || random.nextBoolean()) {
                edited.add(place, row(random.nextInt(20), 1));
            } else {
                edited.remove(place);
            }
        }
        return edited;
    }
}
