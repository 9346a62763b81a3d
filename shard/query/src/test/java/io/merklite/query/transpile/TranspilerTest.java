package io.merklite.query.transpile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.query.QueryException.MalformedQuery;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the golden cases leave open. */
class TranspilerTest {
    private final DialectDatabase database = DialectDatabase.open();

    @BeforeEach
    void createTables() {
        List.of(
                        "CREATE TABLE p(p_id INTEGER PRIMARY KEY, n TEXT)",
                        "CREATE TABLE c(c_id INTEGER PRIMARY KEY, p_id INTEGER, v REAL)",
                        "CREATE TABLE d(d_id INTEGER PRIMARY KEY, c_id INTEGER)",
                        "CREATE TABLE tree(k TEXT PRIMARY KEY, up TEXT)",
                        "INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c')",
                        "INSERT INTO c VALUES (10, 1, 3), (11, 1, 1), (12, 2, 2)",
                        "INSERT INTO d VALUES (100, 10), (101, 12)",
                        "INSERT INTO tree VALUES ('r', NULL), ('-1', 'r'), ('12345678901', 'r'), ('x''y', '-1')")
                .forEach(database::execute);
    }

    @AfterEach
    void close() throws Exception {
        database.close();
    }

    private String value(String dialect) {
        return database.value(dialect);
    }

    @Test
    void textWithoutDialectIsTheSameObject() {
        var text = "SELECT  a/* c */ FROM t -- d\n; ";

        assertThat(Transpiler.toSql(text)).isSameAs(text);
        assertThat(Transpiler.toSql("")).isEmpty();
    }

    @Test
    void orderLimitAndGroupActOnElements() {
        assertThat(value("SELECT [n] FROM p ORDER BY n DESC LIMIT 2 OFFSET 1")).isEqualTo("[\"b\",\"a\"]");
        assertThat(value("SELECT [n] FROM p LIMIT 1, 1")).isEqualTo("[\"b\"]");
        assertThat(value("SELECT {x: SELECT {p_id, n: count(*)} FROM c GROUP BY p_id HAVING count(*) > 1}"))
                .isEqualTo("{\"x\":[{\"p_id\":1,\"n\":2}]}");
        assertThat(value("SELECT {x: SELECT [p_id] FROM c GROUP BY p_id HAVING count(*) > 9}"))
                .isEqualTo("{\"x\":[]}");
        assertThat(value("SELECT [p_id, count(*)] FROM c GROUP BY p_id")).isEqualTo("[[1,2],[2,1]]");
    }

    @Test
    void groupsOfATopLevelArrayAreRows() {
        assertThat(database.rows(Transpiler.toSql("SELECT [v] FROM c GROUP BY p_id ORDER BY p_id")))
                .extracting(row -> JsonTexts.text(row.getFirst()))
                .containsExactly("[3.0,1.0]", "[2.0]");
    }

    @Test
    void singularSelectHasOneRowWhateverItsLimit() {
        assertThat(value("SELECT/1 {n} FROM p ORDER BY n LIMIT 5 OFFSET 1")).isEqualTo("{\"n\":\"b\"}");
        assertThat(value("SELECT/1 n FROM p ORDER BY n LIMIT 1 + 1")).isEqualTo("a");
        assertThat(database.rows(Transpiler.toSql("SELECT/1 n FROM p LIMIT 0"))).isEmpty();
    }

    @Test
    void setOperationsOfDeepSelectsCombineTheirElements() {
        assertThat(value("SELECT {x: SELECT [n] FROM p UNION ALL SELECT [v] FROM c ORDER BY 1 LIMIT 4}"))
                .isEqualTo("{\"x\":[1.0,2.0,3.0,\"a\"]}");
        assertThat(database.rows(Transpiler.toSql("SELECT {n} FROM p EXCEPT FROM p WHERE p_id > 1 SELECT {n}")))
                .hasSize(1);
        assertThat(database.rows(Transpiler.toSql("SELECT {n} FROM p UNION ALL SELECT/1 {v} FROM c")))
                .hasSize(4);
    }

    @Test
    void pathsStartFromEveryTableInScope() {
        assertThat(value("SELECT [p.n, (FROM p->c SELECT count(*)), SELECT [d_id] FROM c->d] FROM p, main.c"
                        + " WHERE c.p_id = p.p_id AND p.p_id = 2"))
                .isEqualTo("[[\"b\",1,[101]]]");
        assertThat(value("FROM p x LEFT JOIN x->c y->d z AND y.v > 2 ORDER BY x.p_id SELECT [x.n, y.v, z.d_id]"))
                .isEqualTo("[[\"a\",3.0,100],[\"b\",null,null],[\"c\",null,null]]");
    }

    @Test
    void conditionsOfAPathAreNotWeakenedByOr() {
        assertThat(value("SELECT [SELECT/1 [count(*)] FROM p->c AND 1 OR 1] FROM p"))
                .isEqualTo("[2,1,0]");
        assertThat(value("SELECT [SELECT/1 [count(*)] FROM p->c WHERE 1 OR 1] FROM p"))
                .isEqualTo("[2,1,0]");
    }

    @Test
    void pathsStartFromTheTableOfAStatement() {
        database.execute(Transpiler.toSql("UPDATE d SET d_id = d.d_id + 10 * x.p_id FROM d<-c<-p x WHERE 1 OR 0"));

        assertThat(value("SELECT [d_id] FROM d ORDER BY 1")).isEqualTo("[110,121]");
        assertThat(value("DELETE FROM p WHERE NOT EXISTS (FROM p->c SELECT 1) RETURNING {n, c: FROM p->c SELECT [v]}"))
                .isEqualTo("{\"n\":\"c\",\"c\":[]}");
    }

    @Test
    void triggersSeeTheirRows() {
        database.execute(Transpiler.toSql("CREATE TRIGGER begin AFTER INSERT ON p WHEN new.p_id < 99 BEGIN"
                + " INSERT INTO tree VALUES (json({n: new.n, c: FROM new->c SELECT [v]}), CASE WHEN 1 <new.p_id THEN 2 END);"
                + " END"));
        database.execute("INSERT INTO c VALUES (20, 7, 5)");
        database.execute("INSERT INTO p VALUES (7, 'q')");

        assertThat(value("SELECT k FROM tree WHERE up = 2")).isEqualTo("{\"n\":\"q\",\"c\":[5.0]}");
    }

    @Test
    void treesOfAnyKeysAndFieldsAreValid() {
        assertThat(value("SELECT {k, n: length(k), below: *} FROM tree RECURSE ON (up = k) WHERE up IS NULL"))
                .isEqualTo(
                        "[{\"k\":\"r\",\"n\":1,\"below\":[{\"k\":\"-1\",\"n\":2,\"below\":[{\"k\":\"x'y\",\"n\":3,\"below\":[]}]},"
                                + "{\"k\":\"12345678901\",\"n\":11,\"below\":[]}]}]");
        assertThat(value("SELECT {below: *} FROM tree RECURSE ON (up = k) WHERE k IN ('-1', 'x''y')"))
                .isEqualTo("[{\"below\":[{\"below\":[]}]},{\"below\":[]}]");
        assertThat(value("SELECT {t: SELECT/1 {k, c: *} FROM tree RECURSE ON (up = k) WHERE k = 'none'}"))
                .isEqualTo("{\"t\":null}");
    }

    @Test
    void cycleIsAnError() {
        database.execute("UPDATE tree SET up = 'x''y' WHERE k = 'r'");

        assertThatThrownBy(() -> value("SELECT {k, c: *} FROM tree RECURSE ON (up = k) WHERE k = 'r'"))
                .isInstanceOf(DialectDatabase.Refused.class)
                .hasMessageContaining("cycle");
    }

    @Test
    void deepTreeNeedsNoStack() {
        database.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
                + " INSERT INTO tree SELECT 'z' || i, 'z' || (i - 1) FROM n");

        assertThat(value("SELECT {c: *} FROM tree RECURSE ON (up = k) WHERE k = 'z1'")
                        .length())
                .isGreaterThan(100_000);
    }

    @Test
    void literalsLongerThanACallAreBuiltInPieces() {
        var fields = IntStream.range(0, 170).mapToObj(i -> "k" + i + ": " + i).collect(Collectors.joining(", "));
        var numbers = IntStream.range(0, 250).mapToObj(String::valueOf).toList();
        var children = String.join("", numbers.stream().map(i -> "{" + i + "}").toList());

        assertThat(value("SELECT {" + fields + "}")).startsWith("{\"k0\":0,").endsWith(",\"k169\":169}");
        assertThat(value("SELECT {a: [" + String.join(",", numbers) + "]}"))
                .isEqualTo("{\"a\":[" + String.join(",", numbers) + "]}");
        assertThat(value("SELECT <p a=\"1\">" + children + "</p>"))
                .isEqualTo("<p a=\"1\">" + String.join("", numbers) + "</p>");
        assertThat(value("SELECT jsonml(<p a=\"1\">" + children + "</p>)"))
                .isEqualTo("[\"p\",{\"a\":\"1\"},\"" + String.join("\",\"", numbers) + "\"]");
    }

    @Test
    void bracketsThatCannotBeAnArrayAreNames() {
        database.execute(Transpiler.toSql("CREATE TABLE [my t]([a b] INT, c TEXT CHECK ([a b] <c))"));
        database.execute(Transpiler.toSql("INSERT INTO [my t]([a b], [c]) VALUES (1, 'x')"));
        database.execute(Transpiler.toSql("UPDATE [my t] SET [a b]=2, [c]='y' WHERE [a b] = 1"));

        assertThat(value("SELECT {v: [a b], w: [my t].[c]} FROM [my t] AS [my t]"))
                .isEqualTo("{\"v\":2,\"w\":\"y\"}");
    }

    @Test
    void indexWithoutParenthesesIsRefusedWithAHint() {
        assertThatThrownBy(() -> Transpiler.toSql("SELECT {x: a[0]} FROM t"))
                .isInstanceOf(MalformedQuery.class)
                .hasMessageContaining("(a)[0]");
    }

    @Test
    void placesAreCountedInBytes() {
        assertThatThrownBy(() -> Transpiler.toSql("SELECT 'é名😀',\n 'é', {"))
                .isInstanceOfSatisfying(MalformedQuery.class, refusal -> {
                    assertThat(refusal.line()).isEqualTo(2);
                    assertThat(refusal.column()).isEqualTo(9);
                    assertThat(refusal.code()).isEqualTo("query.malformed");
                    assertThat(refusal.remedy()).isNotBlank();
                });
    }

    @Test
    void pathToATableOfTheSameNameIsRefused() {
        assertThatThrownBy(() -> Transpiler.toSql("FROM p SELECT {x: FROM p->p SELECT [n]}"))
                .isInstanceOf(MalformedQuery.class)
                .hasMessageContaining("alias");
    }

    @Test
    void foreignKeysHaveNoPlaceInTheText() {
        var key = new ForeignKey("c", "p", List.of(new ForeignKey.ColumnPair("p_id", "p_id")));

        assertThat(Transpiler.toSql("FROM p SELECT {x: FROM P->C SELECT [v]}", List.of(key)))
                .contains("C.\"p_id\" = P.\"p_id\"");
        assertThatThrownBy(() -> Transpiler.toSql("FROM p SELECT {x: FROM p->d SELECT [d_id]}", List.of(key)))
                .isInstanceOfSatisfying(
                        MalformedQuery.class,
                        refusal -> assertThat(refusal.line()).isZero());
    }

    @Test
    void parametersKeepTheirNumbersWhenClausesChangePlaces() throws SQLException {
        var sql = Transpiler.toSql("FROM p WHERE p_id = ? AND ?3 SELECT {a: ?, p_id}; SELECT {b: ?}");

        assertThat(sql).contains("'a', ?4", "p_id = ?1 AND ?3").endsWith("SELECT sqldeep_json_object('b', ?1)");
        try (var statement =
                database.connection().prepareStatement(Transpiler.toSql("FROM p WHERE p_id = ? SELECT {a: ?}"))) {
            statement.setInt(1, 2);
            statement.setString(2, "z");
            try (var rows = statement.executeQuery()) {
                assertThat(JsonTexts.text(rows.getBytes(1))).isEqualTo("{\"a\":\"z\"}");
            }
        }
    }

    @Test
    void postgresqlHasItsOwnFunctions() {
        var sql = Transpiler.toSql("SELECT {ok: true, l: SELECT [n] FROM p, x: (j).a[2]} FROM t", BackEnd.POSTGRESQL);
        var tree = Transpiler.toSql("SELECT {k, c: *} FROM tree RECURSE ON (up = k)", List.of(), BackEnd.POSTGRESQL);

        assertThat(sql)
                .contains("jsonb_build_object('ok', true", "jsonb_agg(", "jsonb_extract_path((j), 'a', '2')")
                .doesNotContain("sqldeep_json");
        assertThat(tree)
                .contains("lpad(CAST(tree.k AS text), 10, '0')", "chr(127)", "string_agg(")
                .doesNotContain("sqldeep_json");
    }
}
