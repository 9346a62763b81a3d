package io.merklite.session.apply;

import static io.merklite.session.apply.Applied.database;
import static io.merklite.session.apply.Applied.run;
import static io.merklite.session.apply.WrittenChanges.changeset;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.statement.SqlStatements;
import io.merklite.testkit.Seeds;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.sqlite.Collation;

/** Keys that SQLite takes for equal have one hash, or one of them has none. */
class KeyColumnsTest {
    private static final List<String> COLUMNS = List.of(
            "a INTEGER PRIMARY KEY",
            "a INT PRIMARY KEY",
            "a NUMERIC PRIMARY KEY",
            "a REAL PRIMARY KEY",
            "a TEXT PRIMARY KEY",
            "a BLOB PRIMARY KEY",
            "a PRIMARY KEY",
            "a UUID PRIMARY KEY",
            "a TEXT COLLATE nocase PRIMARY KEY",
            "a TEXT, PRIMARY KEY(a COLLATE/**/RTRIM)",
            "a TEXT COLLATE \"RTRIM\" PRIMARY KEY");
    private static final List<String> TEXTS = List.of(
            "1",
            "01",
            "1.0",
            " 1",
            "1 ",
            "+1",
            "1e0",
            "10e-1",
            ".5",
            "0.5",
            "-0",
            "0",
            "",
            " ",
            "a",
            "A",
            "a ",
            "Ab",
            "aB",
            "e1",
            "1-1",
            "9007199254740993",
            "9007199254740992",
            "9.007199254740992e15",
            "\t2\n",
            "2",
            "0x2");
    private static final List<Double> REALS =
            List.of(1.0, 0.5, -0.0, 0.0, 2.0, 0x1p53, 0x1p63, -0x1p63, 1e300, Double.POSITIVE_INFINITY, 1.5);
    private static final List<Long> INTEGERS =
            List.of(0L, 1L, 2L, 1L << 53, (1L << 53) + 1, Long.MAX_VALUE, Long.MIN_VALUE, -1L);

    private static Object value(RandomGenerator random) {
        return switch (random.nextInt(3)) {
            case 0 -> TEXTS.get(random.nextInt(TEXTS.size()));
            case 1 -> REALS.get(random.nextInt(REALS.size()));
            default -> INTEGERS.get(random.nextInt(INTEGERS.size()));
        };
    }

    private static long hash(TargetTable table, Object key) {
        var cursor = new ChangesetCursor(changeset("t", 1).insert(key).bytes());
        cursor.next();
        return table.keyHash(cursor);
    }

    /** Whether SQLite holds one of the values where the other is looked for, or refuses to insert both. */
    private static boolean areEqual(String column, Object first, Object second) throws SQLException {
        try (var connection = database("CREATE TABLE t(" + column + ")");
                var insert = connection.prepareStatement("INSERT INTO t VALUES (?)");
                var find = connection.prepareStatement("SELECT count(*) FROM t WHERE a = ?")) {
            try {
                insert.setObject(1, first);
                insert.executeUpdate();
                find.setObject(1, second);
                try (var rows = find.executeQuery()) {
                    rows.next();
                    if (rows.getInt(1) > 0) {
                        return true;
                    }
                }
                insert.setObject(1, second);
                insert.executeUpdate();
                return false;
            } catch (SQLException e) {
                return e.getMessage().contains("UNIQUE");
            }
        }
    }

    private static TargetTable table(String definition) throws SQLException {
        try (var connection = database()) {
            Collation.create(connection, "Swedish", new Collation() {
                @Override
                protected int xCompare(String first, String second) {
                    return first.compareToIgnoreCase(second);
                }
            });
            run(connection, definition);
            var statements = new SqlStatements(connection);
            return TargetTable.read(statements, new TargetSchema(statements, true), "t")
                    .orElseThrow();
        }
    }

    @Test
    void equalKeysHaveOneHash() {
        Seeds.upTo(4000)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var column = COLUMNS.get(random.nextInt(COLUMNS.size()));
                    var first = value(random);
                    var second = value(random);
                    var table = table("CREATE TABLE t(" + column + ")");

                    var hashes = List.of(hash(table, first), hash(table, second));

                    if (!hashes.contains(KeyColumns.NONE) && areEqual(column, first, second)) {
                        assertThat(hashes.getFirst())
                                .as("%s: %s and %s", column, first, second)
                                .isEqualTo(hashes.getLast());
                    }
                }));
    }

    @Test
    void keysOfTheirColumnsTypeHaveDifferentHashes() throws SQLException {
        var integers = table("CREATE TABLE t(a INTEGER PRIMARY KEY)");
        var texts = table("CREATE TABLE t(a UUID PRIMARY KEY)");

        var integerHashes =
                Stream.iterate(1L << 60, key -> key + 1).limit(10_000).map(key -> hash(integers, key));
        var textHashes = Stream.of(
                        "2024-01-01", "2024-01-02", "123e4567-e89b-12d3-a456-426614174000", "a", "b", "ab", "a b")
                .map(key -> hash(texts, key))
                .toList();

        assertThat(integerHashes.distinct()).hasSize(10_000);
        assertThat(textHashes).doesNotHaveDuplicates().doesNotContain(KeyColumns.NONE);
    }

    @Test
    void keyThatOnlyTheTableCanCompareHasNoHash() throws SQLException {
        var foreign = table("CREATE TABLE t(a TEXT COLLATE Swedish PRIMARY KEY)");
        var folded = table("CREATE TABLE t(a TEXT COLLATE NOCASE PRIMARY KEY)");
        var real = table("CREATE TABLE t(a REAL PRIMARY KEY)");

        assertThat(hash(foreign, "a")).isEqualTo(KeyColumns.NONE);
        assertThat(hash(folded, "a\0b".getBytes(StandardCharsets.UTF_8))).isEqualTo(KeyColumns.NONE);
        assertThat(hash(real, Double.NaN)).isEqualTo(KeyColumns.NONE);
        assertThat(hash(real, null)).isEqualTo(KeyColumns.NONE);
    }
}
