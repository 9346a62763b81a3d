package io.merklite.query.subscribe;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.Collections;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each shape of query for which the reference loses updates. */
class MissedChangesTest {
    private Watched watched;

    @BeforeEach
    void open() throws SQLException {
        watched = new Watched(
                "CREATE TABLE item(id INTEGER PRIMARY KEY, grp INT, score INT, label TEXT, price REAL,"
                        + " tag TEXT COLLATE NOCASE, code BLOB)",
                "CREATE TABLE own(id INTEGER PRIMARY KEY, item_id INT, since INT)",
                "CREATE TABLE code(k TEXT PRIMARY KEY, n INT, d TEXT)",
                "CREATE VIEW cheap AS SELECT id, label FROM item WHERE price < 5",
                "INSERT INTO item VALUES (1,1,10,'a',1.5,'Red',x'01'), (2,2,20,'b',9.0,'blue',NULL)",
                "INSERT INTO own VALUES (1,1,2001)",
                "INSERT INTO code VALUES ('x',1,'one')");
    }

    @AfterEach
    void close() throws SQLException {
        watched.close();
    }

    @Test
    void starBesideANamedColumn() throws SQLException {
        watched.follow("SELECT *, id FROM own WHERE id = 1");

        assertThat(watched.after("UPDATE own SET since = 5")).isEqualTo("[1,1,5,1]");
    }

    @Test
    void starUnderOrderBy() throws SQLException {
        watched.follow("SELECT own.* FROM own ORDER BY id");

        assertThat(watched.after("UPDATE own SET since = 5")).isEqualTo("[1,1,5]");
    }

    @Test
    void subqueryInWhereAndInSelect() throws SQLException {
        watched.follow(
                "SELECT id, (SELECT max(since) FROM own) FROM item WHERE id IN (SELECT item_id FROM own) ORDER BY id");

        assertThat(watched.after("INSERT INTO own VALUES (2,2,2020)")).isEqualTo("[1,2020, 2,2020]");
    }

    @Test
    void existsAndNotExists() throws SQLException {
        watched.follow("SELECT id FROM item i WHERE NOT EXISTS (SELECT 1 FROM own w WHERE w.item_id = i.id)");

        assertThat(watched.after("DELETE FROM own")).isEqualTo("[1, 2]");
    }

    @Test
    void commonTableExpressionThatHidesATable() throws SQLException {
        watched.follow("WITH own AS (SELECT id FROM item WHERE grp = 1) SELECT id FROM own");

        assertThat(watched.after("INSERT INTO item(id, grp) VALUES (3, 1)")).isEqualTo("[1, 3]");
        assertThat(watched.runsAfter("INSERT INTO item(id, grp) VALUES (4, 2)")).isFalse();
        assertThat(watched.runsAfter("INSERT INTO own VALUES (7, 1, 1)")).isFalse();
    }

    @Test
    void viewAndItsTerm() throws SQLException {
        watched.follow("SELECT label FROM cheap ORDER BY id");

        assertThat(watched.after("UPDATE item SET price = 2 WHERE id = 2")).isEqualTo("[a, b]");
        assertThat(watched.runsAfter("INSERT INTO item(id, price) VALUES (3, 50)"))
                .isFalse();
    }

    @Test
    void joinedDerivedTable() throws SQLException {
        watched.follow(
                "SELECT i.label, q.s FROM item i JOIN (SELECT item_id AS x, since AS s FROM own) q ON q.x = i.id");

        assertThat(watched.after("UPDATE own SET since = 7")).isEqualTo("[a,7]");
    }

    @Test
    void compoundOverOneTable() throws SQLException {
        watched.follow("SELECT id FROM item WHERE grp = 1 EXCEPT SELECT id FROM item WHERE score = 10 ORDER BY 1");

        assertThat(watched.after("UPDATE item SET score = 11 WHERE id = 1")).isEqualTo("[1]");
        assertThat(watched.runsAfter("INSERT INTO item(id, grp, score) VALUES (3, 3, 3)"))
                .isFalse();
    }

    @Test
    void selfJoinWithATermOnEachSide() throws SQLException {
        watched.follow("SELECT a.id, b.id FROM item a JOIN item b ON a.score = b.score WHERE a.grp = 1 AND b.grp = 2");

        assertThat(watched.after("INSERT INTO item(id, grp, score) VALUES (3, 2, 10)"))
                .isEqualTo("[1,3]");
        assertThat(watched.runsAfter("INSERT INTO item(id, grp, score) VALUES (4, 3, 10)"))
                .isFalse();
    }

    @Test
    void outerJoinFilteredOnItsOptionalSide() throws SQLException {
        watched.follow("SELECT i.id FROM item i LEFT JOIN own w ON w.item_id = i.id WHERE w.since IS NULL ORDER BY 1");

        assertThat(watched.after("INSERT INTO own VALUES (2, 2, 1)")).isEqualTo("[]");
        assertThat(watched.after("DELETE FROM own WHERE id = 1")).isEqualTo("[1]");
    }

    @Test
    void rightJoinMakesTheLeftSideOptional() throws SQLException {
        watched.follow("SELECT i.id FROM own w RIGHT JOIN item i ON w.item_id = i.id AND w.since = 1 ORDER BY 1");

        assertThat(watched.after("INSERT INTO own VALUES (5, 1, 1), (6, 1, 1)")).isEqualTo("[1, 1, 2]");
    }

    @Test
    void columnNamedOnlyInAWindow() throws SQLException {
        watched.follow("SELECT id, rank() OVER w FROM item WINDOW w AS (ORDER BY score) ORDER BY id");

        assertThat(watched.after("UPDATE item SET score = 99 WHERE id = 1")).isEqualTo("[1,2, 2,1]");
    }

    @Test
    void affinityOfTheColumn() throws SQLException {
        watched.follow("SELECT id FROM item WHERE price = 5");
        watched.follow("SELECT id FROM item WHERE grp = ' 5.0 '");
        watched.follow("SELECT id FROM item WHERE label = 5");
        watched.follow("SELECT id FROM item WHERE code = 5");

        assertThat(watched.after("INSERT INTO item(id, price) VALUES (3, '5')")).isEqualTo("[3]");
        assertThat(watched.after("INSERT INTO item(id, grp) VALUES (4, 5)")).isEqualTo("[4]");
        assertThat(watched.after("INSERT INTO item(id, label) VALUES (5, '5')")).isEqualTo("[5]");
        assertThat(watched.after("INSERT INTO item(id, code) VALUES (6, 5.0)")).isEqualTo("[6]");
        assertThat(watched.runsAfter("INSERT INTO item(id, code) VALUES (7, '5')"))
                .isFalse();
    }

    @Test
    void collationOfTheColumn() throws SQLException {
        watched.follow("SELECT id FROM item WHERE tag IN ('RED', 'x') ORDER BY id");

        assertThat(watched.after("INSERT INTO item(id, tag) VALUES (3, 'rEd')")).isEqualTo("[1, 3]");
        assertThat(watched.runsAfter("INSERT INTO item(id, tag) VALUES (4, 'redd')"))
                .isFalse();
    }

    @Test
    void collationSpelledOut() throws SQLException {
        watched.follow("SELECT id FROM item WHERE label = 'A' COLLATE NOCASE AND grp > 0 ORDER BY id");

        assertThat(watched.after("INSERT INTO item(id, label, grp) VALUES (3, 'a', 1)"))
                .isEqualTo("[1, 3]");
        assertThat(watched.runsAfter("INSERT INTO item(id, label, grp) VALUES (4, 'a', 0)"))
                .isFalse();
    }

    @Test
    void hexadecimalAndBlobLiterals() throws SQLException {
        watched.follow("SELECT id FROM item WHERE score = 0x1F");
        watched.follow("SELECT id FROM item WHERE code = X'00ff'");

        assertThat(watched.after("INSERT INTO item(id, score) VALUES (3, 31)")).isEqualTo("[3]");
        assertThat(watched.after("INSERT INTO item(id, code) VALUES (4, x'00FF')"))
                .isEqualTo("[4]");
        assertThat(watched.runsAfter("INSERT INTO item(id, score, code) VALUES (5, 0, x'00')"))
                .isFalse();
    }

    @Test
    void veryLongLiteral() throws SQLException {
        var text = "q".repeat(100_000);
        watched.follow("SELECT id FROM item WHERE label = '" + text + "'");

        assertThat(watched.after("INSERT INTO item(id, label) VALUES (3, '" + text + "')"))
                .isEqualTo("[3]");
        assertThat(watched.runsAfter("INSERT INTO item(id, label) VALUES (4, '" + text + "r')"))
                .isFalse();
    }

    @Test
    void numbersBeyondLongAndDecimals() throws SQLException {
        watched.follow("SELECT id FROM item WHERE price = 99999999999999999999");
        watched.follow("SELECT id FROM item WHERE score = -9223372036854775808");
        watched.follow("SELECT id FROM item WHERE price = 0.1e0");

        assertThat(watched.after("INSERT INTO item(id, price) VALUES (3, 1e20)"))
                .isEqualTo("[3]");
        assertThat(watched.after("INSERT INTO item(id, score) VALUES (4, -9223372036854775808)"))
                .isEqualTo("[4]");
        assertThat(watched.after("INSERT INTO item(id, price) VALUES (5, 0.1)")).isEqualTo("[5]");
    }

    @Test
    void listOfAThousandValues() throws SQLException {
        var list = IntStream.range(0, 1000).mapToObj(String::valueOf).collect(Collectors.joining(", "));
        watched.follow("SELECT id FROM item WHERE score IN (" + list + ") AND id > 2");

        assertThat(watched.after("INSERT INTO item(id, score) VALUES (3, 999)")).isEqualTo("[3]");
        assertThat(watched.runsAfter("INSERT INTO item(id, score) VALUES (4, 1000)"))
                .isFalse();
    }

    @Test
    void tableOfThreeHundredColumns() throws SQLException {
        var columns = IntStream.range(0, 300).mapToObj(i -> "c" + i).collect(Collectors.joining(", "));
        watched.execute(
                "CREATE TABLE wide(id INTEGER PRIMARY KEY, " + columns + ")", "INSERT INTO wide(id) VALUES (1)");
        watched.follow("SELECT c299 FROM wide WHERE c298 IS NULL");

        assertThat(watched.after("UPDATE wide SET c299 = 1")).isEqualTo("[1]");
        assertThat(watched.runsAfter("UPDATE wide SET c297 = 1")).isFalse();
    }

    @Test
    void namesInOtherCaseAndQuotes() throws SQLException {
        watched.follow("SELECT ID FROM [ITEM] AS \"I\" WHERE i.`GRP` = 1 ORDER BY Id");

        assertThat(watched.after("INSERT INTO Item(id, grp) VALUES (3, 1)")).isEqualTo("[1, 3]");
        assertThat(watched.runsAfter("INSERT INTO item(id, grp) VALUES (4, 2)")).isFalse();
    }

    @Test
    void isNotLiteralAndNull() throws SQLException {
        watched.follow("SELECT id FROM item WHERE grp IS NOT 1 ORDER BY id");

        assertThat(watched.after("INSERT INTO item(id) VALUES (3)")).isEqualTo("[2, 3]");
        assertThat(watched.runsAfter("INSERT INTO item(id, grp) VALUES (4, 1)")).isFalse();
    }

    @Test
    void notInCarriedOverAJoin() throws SQLException {
        watched.follow("SELECT w.id FROM item i JOIN own w ON w.item_id = i.id WHERE i.id NOT IN (2, 3) ORDER BY w.id");

        assertThat(watched.after("INSERT INTO own VALUES (5, 1, 1)")).isEqualTo("[1, 5]");
        assertThat(watched.runsAfter("INSERT INTO own VALUES (6, 2, 1)")).isFalse();
    }

    @Test
    void notInWithNullIsNeverTrue() throws SQLException {
        watched.follow("SELECT id FROM item WHERE grp NOT IN (7, NULL)");

        assertThat(watched.runsAfter("INSERT INTO item(id, grp) VALUES (3, 1)")).isFalse();
    }

    @Test
    void tableWhoseKeyIsNotAnInteger() throws SQLException {
        watched.follow("SELECT d FROM code WHERE n > 1 ORDER BY k");

        assertThat(watched.after("UPDATE code SET n = 2")).isEqualTo("[one]");
        assertThat(watched.runsAfter("UPDATE code SET n = 3")).isFalse();
    }

    @Test
    void updateIsTestedAsAWholeRow() throws SQLException {
        watched.follow("SELECT id FROM item WHERE grp = 2 AND score > 50");

        assertThat(watched.runsAfter("UPDATE item SET score = 60 WHERE id = 1")).isFalse();
        assertThat(watched.after("UPDATE item SET score = 60 WHERE id = 2")).isEqualTo("[2]");
    }

    @Test
    void termsAreCarriedOverSeveralJoins() throws SQLException {
        watched.execute("CREATE TABLE note(id INTEGER PRIMARY KEY, item_id INT, text TEXT)");
        watched.follow("SELECT n.text FROM item i JOIN own w ON w.item_id = i.id JOIN note n ON n.item_id = w.item_id"
                + " WHERE i.id = 1");

        assertThat(watched.runsAfter("INSERT INTO note VALUES (1, 2, 'no')")).isFalse();
        assertThat(watched.after("INSERT INTO note VALUES (2, 1, 'yes')")).isEqualTo("[yes]");
    }

    @Test
    void termIsNotCarriedBetweenColumnsThatCompareOtherwise() throws SQLException {
        watched.execute("CREATE TABLE tagged(id INTEGER PRIMARY KEY, tag TEXT)");
        watched.follow("SELECT t.id FROM item i JOIN tagged t ON i.tag = t.tag WHERE i.tag = 'RED'");

        assertThat(watched.after("INSERT INTO tagged VALUES (1, 'red')")).isEqualTo("[1]");
    }

    @Test
    void rowChangedTwiceInOneBatch() throws SQLException {
        watched.follow("SELECT id FROM item WHERE grp = 1 AND score < 15");
        var changes = watched.changes("UPDATE item SET score = 50 WHERE id = 1");
        changes.addAll(watched.changes("UPDATE item SET grp = 9 WHERE id = 1"));

        watched.reports.clear();
        watched.subscriptions.notifyChanges(changes);

        assertThat(watched.reports).hasSize(1);
    }

    @Test
    void generatedColumn() throws SQLException {
        watched.execute(
                "CREATE TABLE sum(id INTEGER PRIMARY KEY, a INT, b AS (a + 1), c INT AS (b * 2) STORED)",
                "INSERT INTO sum(id, a) VALUES (1, 1)");
        watched.follow("SELECT c FROM sum WHERE a > 0");

        assertThat(watched.after("UPDATE sum SET a = 5")).isEqualTo("[12]");
    }

    @Test
    void tableReadByAFullTextIndex() throws SQLException {
        watched.execute("CREATE VIRTUAL TABLE docs USING fts5(body)");
        watched.follow("SELECT body FROM docs WHERE docs MATCH 'fox'");

        watched.execute("INSERT INTO docs VALUES ('a fox')");
        watched.reports.clear();
        watched.subscriptions.notifyTables(Collections.singleton("docs"));

        assertThat(watched.reports).hasSize(1);
    }

    @Test
    void functionOverItsArgumentsDependsOnNoTable() throws SQLException {
        watched.follow("SELECT value FROM json_each('[1,2]')");

        assertThat(watched.runsAfter("INSERT INTO own VALUES (9, 9, 9)")).isFalse();
    }

    @Test
    void malformedTextIsNotComparedHere() throws SQLException {
        watched.follow("SELECT id FROM item WHERE label <> char(65533) AND label <> '\uFFFD' AND id > 2");

        assertThat(watched.after("INSERT INTO item(id, label) VALUES (3, CAST(x'ff' AS TEXT))"))
                .isEqualTo("[3]");
    }
}
