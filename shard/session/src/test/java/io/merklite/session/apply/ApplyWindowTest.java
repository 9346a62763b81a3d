package io.merklite.session.apply;

import static io.merklite.session.apply.WrittenChanges.NONE;
import static io.merklite.session.apply.WrittenChanges.changeset;
import static io.merklite.session.apply.WrittenChanges.patchset;
import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a window meets that it must not decide; each case ends as change by change does, which ends as SQLite does. */
class ApplyWindowTest {
    private static final String TABLE = "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)";
    private static final String SIX_ROWS = "INSERT INTO t VALUES (1,1,1), (2,2,2), (3,3,3), (4,4,4), (5,5,5), (6,6,6)";
    private static final String ROWS = "SELECT * FROM t ORDER BY 1, 2";

    /** Ends of the fast and the slow way, which must be the same; the answer is always OMIT. */
    private static Applied both(WrittenChanges changes, String... sql) throws SQLException {
        var window = Applied.toFresh(changes.bytes(), Applied.WINDOW, ConflictHandler.OMIT, ROWS, sql);
        var single = Applied.toFresh(changes.bytes(), Applied.SINGLE, ConflictHandler.OMIT, ROWS, sql);

        assertThat(window).isEqualTo(single);
        return window;
    }

    /** A table of nine columns after the key, and UPDATEs of {@code count} rows that set {@code shapes} sets of them. */
    private static Applied updatesOfManyShapes(int count, int shapes, int conflictingRow) throws SQLException {
        var columns = 9;
        List<String> sql = new ArrayList<>();
        sql.add("CREATE TABLE t(a INTEGER PRIMARY KEY, c1, c2, c3, c4, c5, c6, c7, c8, c9)");
        sql.add("WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < " + count
                + ") INSERT INTO t SELECT i, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM s");
        var changes = changeset("t", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        for (var key = 1; key <= count; key++) {
            var shape = key % shapes + 1;
            var before = key == conflictingRow ? 9 : 0;
            var values = new Object[2 * (columns + 1)];
            values[0] = key;
            values[columns + 1] = NONE;
            for (var i = 0; i < columns; i++) {
                var isSet = (shape >> i & 1) != 0;
                values[1 + i] = isSet ? (Object) before : NONE;
                values[columns + 2 + i] = isSet ? (Object) 1 : NONE;
            }
            changes.update(values);
        }
        return both(changes, sql.toArray(String[]::new));
    }

    @Test
    void updatesOfMoreShapesThanStatementsAreKeptAreApplied() throws SQLException {
        var end = updatesOfManyShapes(2400, 300, -1);

        assertThat(end.calls()).isEmpty();
        assertThat(end.outcome()).contains("UPDATE=2400");
    }

    @Test
    void conflictAmongUpdatesOfManyShapesIsReported() throws SQLException {
        var end = updatesOfManyShapes(400, 150, 5);

        assertThat(end.calls()).containsExactly(ConflictType.DATA);
        assertThat(end.outcome()).contains("UPDATE=399");
    }

    @Test
    void oldValuesCountAfterAPatchsetOfTheSameTable() throws SQLException {
        var changes = patchset("t", 1, 0, 0)
                .update(1, 11, NONE)
                .update(2, 12, NONE)
                .update(3, 13, NONE)
                .group(false, "t", 1, 0, 0)
                .update(4, 99, NONE, NONE, 14, NONE)
                .update(5, 99, NONE, NONE, 15, NONE)
                .update(6, 99, NONE, NONE, 16, NONE);

        var end = both(changes, TABLE, SIX_ROWS);

        assertThat(end.calls()).containsExactly(ConflictType.DATA, ConflictType.DATA, ConflictType.DATA);
        assertThat(end.rows()).containsExactly("1|11|1", "2|12|2", "3|13|3", "4|4|4", "5|5|5", "6|6|6");
    }

    @Test
    void patchsetUpdatesAfterAChangesetOfTheSameTableLookAtTheKeyOnly() throws SQLException {
        var changes = changeset("t", 1, 0, 0)
                .update(1, 1, NONE, NONE, 11, NONE)
                .update(2, 2, NONE, NONE, 12, NONE)
                .update(3, 3, NONE, NONE, 13, NONE)
                .group(true, "t", 1, 0, 0)
                .update(4, 14, NONE)
                .update(5, 15, NONE)
                .update(6, 16, NONE);

        var end = both(changes, TABLE, SIX_ROWS);

        assertThat(end.calls()).isEmpty();
        assertThat(end.rows()).containsExactly("1|11|1", "2|12|2", "3|13|3", "4|14|4", "5|15|5", "6|16|6");
    }

    @Test
    void deletesOfBothKindsInTurnAreApplied() throws SQLException {
        var changes = patchset("t", 0, 0, 1)
                .delete(1)
                .delete(2)
                .delete(3)
                .group(false, "t", 0, 0, 1)
                .delete(4, 4, 4)
                .delete(9, 5, 5)
                .delete(6, 6, 6)
                .group(true, "t", 0, 0, 1)
                .delete(7);

        var end = both(
                changes,
                "CREATE TABLE t(a, b, c INTEGER PRIMARY KEY)",
                SIX_ROWS,
                "INSERT INTO t VALUES (7,7,7), (8,8,8)");

        assertThat(end.calls()).containsExactly(ConflictType.DATA);
        assertThat(end.rows()).containsExactly("5|5|5", "8|8|8");
    }

    @Test
    void oldValueThatOnlySomeUpdatesHaveIsCompared() throws SQLException {
        var changes = changeset("t", 1, 0, 0)
                .update(1, NONE, NONE, NONE, 11, NONE)
                .update(2, 99, NONE, NONE, 12, NONE)
                .update(3, 3, NONE, NONE, 13, NONE);

        var end = both(changes, TABLE, SIX_ROWS);

        assertThat(end.calls()).containsExactly(ConflictType.DATA);
        assertThat(end.rows()).contains("1|11|1", "2|2|2", "3|13|3");
    }

    @Test
    void insertAndDeleteOfOneKeyKeepTheirOrder() throws SQLException {
        var changes = changeset("t", 1, 0, 0).insert(1, 9, 9).delete(1, 1, 1).insert(7, 7, 7);

        var end = both(changes, TABLE, SIX_ROWS);

        assertThat(end.calls()).containsExactly(ConflictType.CONFLICT);
        assertThat(end.rows()).doesNotContain("1|1|1", "1|9|9");
    }

    @Test
    void keysThatACollationTakesForEqualKeepTheirOrder() throws SQLException {
        var changes = changeset("t", 1, 0).insert("A", 9).delete("a", 1).insert("z", 5);

        var folded =
                both(changes, "CREATE TABLE t(a TEXT COLLATE NOCASE PRIMARY KEY, b)", "INSERT INTO t VALUES ('a', 1)");
        var trimmed = both(
                changeset("t", 1, 0).insert("a  ", 9).delete("a", 1).insert("z", 5),
                "CREATE TABLE t(a TEXT COLLATE RTRIM PRIMARY KEY, b) WITHOUT ROWID",
                "INSERT INTO t VALUES ('a', 1)");

        assertThat(folded.calls()).containsExactly(ConflictType.CONFLICT);
        assertThat(folded.rows()).containsExactly("z|5");
        assertThat(trimmed.calls()).containsExactly(ConflictType.CONFLICT);
    }

    @Test
    void keysThatAnAffinityMakesEqualKeepTheirOrder() throws SQLException {
        var changes = changeset("t", 1, 0).insert("1", 9).delete(1, 1).insert("2", 5);
        var reals = changeset("t", 1, 0).insert(1.0, 9).delete(1, 1).insert(2, 5);
        var large = changeset("t", 1, 0)
                .insert((1L << 53) + 1, 9)
                .delete(1L << 53, 1)
                .insert(2, 5);

        for (var type : List.of("INTEGER", "NUMERIC", "REAL", "TEXT")) {
            both(changes, "CREATE TABLE t(a " + type + " PRIMARY KEY, b)", "INSERT INTO t VALUES (1, 1)");
        }
        for (var type : List.of("INTEGER", "NUMERIC", "REAL", "TEXT", "")) {
            both(reals, "CREATE TABLE t(a " + type + " PRIMARY KEY, b)", "INSERT INTO t VALUES (1, 1)");
            both(large, "CREATE TABLE t(a " + type + " PRIMARY KEY, b)", "INSERT INTO t VALUES (1 << 53, 1)");
        }
    }

    @Test
    void lastUpdateOfARowWinsWhateverColumnsItSets() throws SQLException {
        var changes = patchset("t", 1, 0, 0)
                .update(1, NONE, 7)
                .update(1, 2, 8)
                .update(1, NONE, 9)
                .insert(7, 7, 7);

        var end = both(changes, TABLE, SIX_ROWS);

        assertThat(end.rows()).contains("1|2|9");
    }

    @Test
    void nullKeyOfARowidGetsItsNumberInOrder() throws SQLException {
        both(changeset("t", 1, 0, 0).insert(null, 7, 7).insert(7, 8, 8).insert(9, 9, 9), TABLE, SIX_ROWS);
    }

    @Test
    void clashOfARowKnownByItsRowidLeavesItAsItWas() throws SQLException {
        var changes = changeset("t", 1, 0, 0).update(2, 1, 2, NONE, 0, 5);

        var end = both(changes, "CREATE TABLE t(a UNIQUE, b)", "INSERT INTO t VALUES (0, 1), (1, 2)");

        assertThat(end.rows()).containsExactly("0|1", "1|2");
    }

    @Test
    void rowsKnownByTheirRowidsSwapTheirUniqueValues() throws SQLException {
        var changes = changeset("t", 1, 0, 0).update(1, 7, 1, NONE, 8, 3).update(2, 8, 2, NONE, 7, 4);

        var end = both(changes, "CREATE TABLE t(a UNIQUE, b)", "INSERT INTO t VALUES (7, 1), (8, 2)");

        assertThat(end.rows()).containsExactly("7|4", "8|3");
    }

    @Test
    void updateWithoutNewValueIsNotCounted() throws SQLException {
        var changes = changeset("t", 1, 0, 0)
                .update(1, NONE, NONE, NONE, NONE, NONE)
                .insert(7, 7, 7)
                .insert(8, 8, 8)
                .insert(9, 9, 9);

        var end = both(changes, TABLE, SIX_ROWS);

        assertThat(end.outcome()).contains("INSERT=3").doesNotContain("UPDATE");
    }

    @Test
    void conflictClauseBehindACommentIsObeyedInOrder() throws SQLException {
        var changes = changeset("t", 1, 0, 0).insert(9, 7, 0).insert(8, 7, 0).insert(7, 8, 0);

        var end = both(changes, "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE ON /* x */ CONFLICT REPLACE, c)");

        assertThat(end.rows()).containsExactly("7|8|0", "8|7|0");
    }

    @Test
    void heldBackChangeComesBeforeLaterOnesThatWantItsValue() throws SQLException {
        var unique = "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE, c)";
        var changes = changeset("t", 1, 0, 0)
                .insert(11, 1, 0)
                .group(false, "t", 1, 0, 0)
                .insert(12, 1, 0)
                .delete(1, 1, 1)
                .insert(13, 13, 0);

        var end = both(changes, unique, SIX_ROWS);

        assertThat(end.calls()).containsExactly(ConflictType.CONSTRAINT);
        assertThat(end.rows()).contains("11|1|0");
    }

    @Test
    void valueFreedInOneWindowGoesToTheRowThatReferenceGivesIt() throws SQLException {
        var unique = "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE, c)";
        var changes = changeset("t", 1, 0, 0).insert(100_000, 1, 0).delete(1, 1, 1);
        IntStream.range(0, 20_000).forEach(i -> changes.insert(100 + i, 100 + i, 0));
        changes.insert(100_001, 1, 0);

        var end = both(changes, unique, SIX_ROWS);

        assertThat(end.calls()).containsExactly(ConflictType.CONSTRAINT);
        assertThat(end.rows()).contains("100001|1|0");
    }

    @Test
    void deferredForeignKeyThatFailsAtTheEndOfAWindowIsAConflictOfItsChange() throws SQLException {
        var changes =
                changeset("t", 1, 0).insert(1, 1).insert(2, 60).insert(3, 1).bytes();
        String[] sql = {
            "PRAGMA foreign_keys = ON",
            "CREATE TABLE p(x INTEGER PRIMARY KEY)",
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b REFERENCES p(x) DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO p VALUES (1)"
        };

        var window = Applied.toFresh(changes, Applied.WINDOW.withoutSavepoint(), ConflictHandler.OMIT, ROWS, sql);
        var single = Applied.toFresh(changes, Applied.SINGLE.withoutSavepoint(), ConflictHandler.OMIT, ROWS, sql);

        assertThat(window).isEqualTo(single);
        assertThat(window.rows()).containsExactly("1|1", "3|1");
    }

    @Test
    void textThatIsNotUtf8IsStoredInAUtf16DatabaseAsSqliteDoes() throws SQLException {
        byte[] invalid = {'a', 'b', (byte) 0xff, 'c'};
        byte[] stray = {(byte) 0x80, 'x', (byte) 0xed, (byte) 0xa0, (byte) 0x80, (byte) 0xf0, (byte) 0x9f};
        String[] sql = {"PRAGMA encoding = 'UTF-16'", "CREATE TABLE t(a INTEGER PRIMARY KEY, b)"};

        var end = both(changeset("t", 1, 0).insert(1, invalid).insert(2, stray).insert(3, "é\uD83D\uDE00"), sql);
        var updated = both(
                changeset("t", 1, 0).insert(1, invalid).group(false, "t", 1, 0).update(1, invalid, NONE, stray), sql);

        assertThat(end.rows()).containsExactly("1|ab\uFFFDc", "2|\u0080x\uFFFD\uFFFD", "3|é\uD83D\uDE00");
        assertThat(updated.rows()).containsExactly("1|\u0080x\uFFFD\uFFFD");
    }
}
