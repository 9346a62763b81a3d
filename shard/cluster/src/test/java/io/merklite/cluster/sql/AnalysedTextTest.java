package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.sql.AnalysedStatement.Kind;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnalysedTextTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT 1                                               | READ
            values (1)                                             | READ
            WITH a AS (SELECT 1), b AS (SELECT 2) INSERT INTO t SELECT * FROM a | WRITE
            WITH a(x) AS NOT MATERIALIZED (SELECT ')') SELECT 1    | READ
            EXPLAIN DELETE FROM t                                  | READ
            end transaction                                        | COMMIT
            ROLLBACK TRANSACTION TO SAVEPOINT x                    | ROLLBACK_TO
            rollback to x                                          | ROLLBACK_TO
            ROLLBACK TRANSACTION                                   | ROLLBACK
            REINDEX t                                              | WRITE
            PRAGMA main.user_version = 3                           | WRITE
            PRAGMA user_version                                    | PRAGMA
            PRAGMA FOREIGN_KEYS(1)                                 | FOREIGN_KEYS
            nonsense                                               | READ
            """)
    void kindOfAStatement(String sql, Kind kind) {
        assertThat(AnalysedText.of(sql).statements())
                .singleElement()
                .extracting(AnalysedStatement::kind)
                .isEqualTo(kind);
    }

    @Provide
    Arbitrary<String> pieces() {
        var piece = Arbitraries.of(
                "SELECT",
                "EXPLAIN",
                "QUERY",
                "PLAN",
                "WITH",
                "AS",
                "(",
                ")",
                ";",
                ",",
                ".",
                "'",
                "\"",
                "[",
                "]",
                "`",
                "/*",
                "*/",
                "--",
                "\n",
                " ",
                "?",
                "?0",
                "?99999999999",
                ":a",
                "$",
                "@",
                "#1",
                "CREATE",
                "TEMP",
                "TRIGGER",
                "END",
                "PRAGMA",
                "=",
                "foreign_keys",
                "table_list",
                "main",
                "sqlite_master",
                "sqlite_schema",
                "FROM",
                "temp",
                "_merklite_x",
                "ROLLBACK",
                "TO",
                "SAVEPOINT",
                "BEGIN",
                "INSERT",
                "INTO",
                "OR",
                "DELETE",
                "x'",
                "1",
                "\0",
                "é",
                "\uD800",
                "USING",
                "VIRTUAL",
                "load_extension");
        return piece.list().ofMaxSize(12).map(list -> String.join(" ", list));
    }

    @Property(tries = 5_000)
    void anyPiecesCanBeAnalysed(@ForAll("pieces") String sql) {
        analyse(sql);
    }

    @Property(tries = 2_000)
    void anyTextCanBeAnalysed(@ForAll String sql) {
        analyse(sql);
    }

    private static void analyse(String sql) {
        for (var statement : AnalysedText.of(sql).statements()) {
            assertThat(statement.sql()).isNotEmpty();
            assertThat(statement.parameters().size()).isLessThanOrEqualTo(32_766 + sql.length());
        }
    }
}
