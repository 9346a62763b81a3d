package io.merklite.session.apply;

import static io.merklite.session.apply.WrittenChanges.NONE;
import static io.merklite.session.apply.WrittenChanges.changeset;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.SessionException;
import io.merklite.session.changeset.ChangesetBuilder;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.TableInfo;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class MemoryDatabaseTest {
    private static final TableInfo TABLE = new TableInfo("t", List.of(1, 0, 0));

    private static ChangesetValue integer(long value) {
        return new ChangesetValue.Integer(value);
    }

    /** Changes that often meet rows that are not what they expect. */
    private static byte[] changes(RandomGenerator random) {
        var builder = new ChangesetBuilder();
        for (var i = 0; i < 1 + random.nextInt(40); i++) {
            var key = integer(random.nextInt(12));
            var before = integer(random.nextInt(2));
            var after = integer(random.nextInt(3));
            var table = builder.table(TABLE);
            switch (random.nextInt(3)) {
                case 0 -> table.insert(List.of(key, before, after));
                case 1 -> table.delete(List.of(key, before, after));
                default ->
                    table.update(
                            List.of(key, before, ChangesetValue.UNDEFINED),
                            List.of(ChangesetValue.UNDEFINED, integer(7), ChangesetValue.UNDEFINED));
            }
        }
        var changeset = builder.build();
        return random.nextInt(4) == 0 ? changeset.toPatchset().toByteArray() : changeset.toByteArray();
    }

    private static List<String> rows(Connection connection) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (var statement = connection.createStatement();
                var result = statement.executeQuery("SELECT a, b, c FROM t")) {
            while (result.next()) {
                rows.add(result.getLong(1) + " " + result.getLong(2) + " " + result.getLong(3));
            }
        }
        return rows;
    }

    private static List<String> rows(MemoryDatabase memory) {
        return memory.rows("T").stream()
                .map(row -> ((ChangesetValue.Integer) row.get(0)).value() + " "
                        + ((ChangesetValue.Integer) row.get(1)).value() + " "
                        + ((ChangesetValue.Integer) row.get(2)).value())
                .toList();
    }

    @Test
    void memoryDoesWhatSqliteDoes() {
        Seeds.upTo(1000)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var memory = new MemoryDatabase();
                    memory.createTable(TABLE);
                    try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                            var statement = connection.createStatement();
                            var applier = new ChangesetApplier(connection)) {
                        statement.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b INTEGER, c INTEGER)");
                        var handler = List.of(ConflictHandler.OMIT, ConflictHandler.REPLACE)
                                .get(random.nextInt(2));
                        var options = random.nextInt(3) == 0
                                ? ApplyOptions.DEFAULTS.recordingRebase().ignoringNoOps()
                                : ApplyOptions.DEFAULTS.recordingRebase();
                        for (var i = 0; i < 5; i++) {
                            var changes = changes(random);

                            var inMemory = memory.apply(changes, options, handler);
                            var inSqlite = applier.apply(changes, options, handler);

                            assertThat(inMemory).isEqualTo(inSqlite);
                            assertThat(rows(memory)).containsExactlyInAnyOrderElementsOf(rows(connection));
                        }
                    }
                }));
    }

    @Test
    void abortLeavesEveryRowAsItWas() {
        var memory = new MemoryDatabase();
        memory.createTable(TABLE);
        var first = new ChangesetBuilder();
        first.table(TABLE).insert(List.of(integer(1), integer(1), integer(1)));
        memory.apply(first.build().toByteArray(), ApplyOptions.DEFAULTS, ConflictHandler.ABORT);
        var second = new ChangesetBuilder();
        second.table(TABLE)
                .insert(List.of(integer(2), integer(2), integer(2)))
                .insert(List.of(integer(1), integer(3), integer(3)));

        assertThatThrownBy(
                        () -> memory.apply(second.build().toByteArray(), ApplyOptions.DEFAULTS, ConflictHandler.ABORT))
                .isInstanceOf(SessionException.ApplyAborted.class);

        assertThat(rows(memory)).containsExactly("1 1 1");
    }

    private static Applied toMemory(WrittenChanges changes) {
        var memory = new MemoryDatabase();
        memory.createTable(TABLE);
        memory.apply(changeset("t", 1, 0, 0).insert(1, 1, 1).bytes(), ApplyOptions.DEFAULTS, ConflictHandler.ABORT);
        List<ConflictType> calls = new ArrayList<>();
        var outcome = memory.apply(changes.bytes(), Applied.WINDOW, conflict -> {
            calls.add(conflict.type());
            return Resolution.OMIT;
        });
        return new Applied(
                outcome.toString(),
                calls,
                rows(memory).stream().map(row -> row.replace(' ', '|')).toList());
    }

    private static Applied toSqlite(WrittenChanges changes) throws SQLException {
        return Applied.toFresh(
                changes.bytes(),
                Applied.WINDOW,
                ConflictHandler.OMIT,
                "SELECT * FROM t",
                "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)",
                "INSERT INTO t VALUES (1, 1, 1)");
    }

    @Test
    void updateWithoutNewValueOfAMissingRowIsNoConflict() throws SQLException {
        var changes = changeset("t", 1, 0, 0).update(8, NONE, NONE, NONE, NONE, NONE);

        assertThat(toMemory(changes)).isEqualTo(toSqlite(changes));
        assertThat(toMemory(changes).calls()).isEmpty();
    }

    @Test
    void keyInTheNewRecordOfAnUpdateIsIgnored() throws SQLException {
        var changes = changeset("t", 1, 0, 0).update(1, 1, NONE, 4, 5, NONE);

        assertThat(toMemory(changes)).isEqualTo(toSqlite(changes));
        assertThat(toMemory(changes).rows()).containsExactly("1|5|1");
    }

    @Test
    void rebaseBlobHasOneHeaderForGroupsOfOneTable() throws SQLException {
        var changes = changeset("t", 1, 0, 0)
                .insert(1, 2, 2)
                .group(false, "T", 1, 0, 0)
                .insert(1, 3, 3);

        assertThat(toMemory(changes)).isEqualTo(toSqlite(changes));
    }

    @Test
    void tableWithoutKeyIsRefused() {
        assertThatThrownBy(() -> new MemoryDatabase().createTable(new TableInfo("t", List.of(0, 0))))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
