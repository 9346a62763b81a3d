package io.merklite.schema.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.testkit.Seeds;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableTextTest {
    @Test
    void commentsQuotesAndBracketsInsideStringsDoNotMislead() {
        var text = TableText.parse("CREATE TABLE \"a (b\" ( -- it's ( a \" comment\n"
                + "check_me INT /* ) , */ CHECK (check_me <> ')'), [odd ]] DEFAULT 'x,''y(', `q``q` TEXT)");

        assertThat(text.columns().stream().map(ColumnText::name)).containsExactly("check_me", "odd ", "q`q");
    }

    @Test
    void tableConstraintsNeedNoCommas() {
        var text = TableText.parse("CREATE TABLE t(a, b, CONSTRAINT one CHECK (a) CONSTRAINT two UNIQUE (a, b)"
                + " FOREIGN KEY (a) REFERENCES p(x) ON DELETE SET NULL MATCH FULL NOT DEFERRABLE INITIALLY IMMEDIATE"
                + " PRIMARY KEY (b DESC) ON CONFLICT IGNORE) STRICT, WITHOUT ROWID");

        assertThat(text.constraints().stream().map(Clause::kind))
                .containsExactly(
                        Clause.Kind.CHECK, Clause.Kind.UNIQUE, Clause.Kind.FOREIGN_KEY, Clause.Kind.PRIMARY_KEY);
        assertThat(text.constraints().stream().flatMap(clause -> clause.name().stream()))
                .containsExactly("one", "two");
        assertThat(text.constraints().getLast().conflict()).isEqualTo("IGNORE");
        assertThat(text.constraints().get(2).isDeferred()).isFalse();
        assertThat(text.options()).isEqualTo("STRICT, WITHOUT ROWID");
    }

    @Test
    void clausesOfAColumnAreToldApart() {
        var text = TableText.parse(
                "CREATE TABLE t(id INTEGER CONSTRAINT pk PRIMARY KEY AUTOINCREMENT NOT NULL ON CONFLICT FAIL"
                        + " DEFAULT -1 COLLATE NOCASE UNIQUE REFERENCES p DEFERRABLE INITIALLY DEFERRED,"
                        + " g VARYING CHARACTER (10, 2) GENERATED ALWAYS AS (id || ',') STORED, generated TEXT)");

        var id = text.columns().getFirst();
        assertThat(id.clauses().stream().map(Clause::kind))
                .containsExactly(
                        Clause.Kind.PRIMARY_KEY,
                        Clause.Kind.NOT_NULL,
                        Clause.Kind.DEFAULT,
                        Clause.Kind.COLLATE,
                        Clause.Kind.UNIQUE,
                        Clause.Kind.FOREIGN_KEY);
        assertThat(id.clauses().getFirst().has("AUTOINCREMENT")).isTrue();
        assertThat(id.clauses().getLast().isDeferred()).isTrue();
        assertThat(id.definitionWithout(Clause.Kind.PRIMARY_KEY))
                .startsWith("id INTEGER")
                .doesNotContain("PRIMARY");
        assertThat(text.columns().get(1).nameAndType()).isEqualTo("g VARYING CHARACTER (10, 2)");
        assertThat(text.columns().get(2).name()).isEqualTo("generated");
    }

    @Test
    void renamedStatementDoesNotMentionTheOldName() {
        var text = TableText.parse("CREATE TABLE emp(pay INT, CHECK (emp.pay > 0 AND 'emp.pay' <> \"EMP\" . pay))");

        assertThat(text.renamed("n\"w"))
                .isEqualTo("CREATE TABLE \"n\"\"w\"(pay INT, CHECK (pay > 0 AND 'emp.pay' <>   pay))");
    }

    @Test
    void textsThatMeanTheSameHaveOneForm() {
        var form = new CanonicalText("t", List.of("a", "select"));

        assertThat(form.of("A>0 AND \"a\"  <> 'A' -- no")).isEqualTo(form.of("a > 0 and [A] <> 'A'"));
        assertThat(form.of("a = \"Text\"")).isNotEqualTo(form.of("a = \"text\""));
        assertThat(form.of("\"select\"")).isNotEqualTo(form.of("select"));
        assertThat(form.of("a = x'AB' OR 1E5")).isEqualTo(form.of("a = X'ab' OR 1e5"));
    }

    @Test
    void anyTextIsReadWithoutFailure() {
        var pieces = List.of(
                "CREATE",
                "TABLE",
                "INDEX",
                "(",
                ")",
                ",",
                "a",
                "\"b",
                "'c'",
                "CONSTRAINT",
                "PRIMARY",
                "KEY",
                "UNIQUE",
                "CHECK",
                "DEFAULT",
                "-",
                "REFERENCES",
                "ON",
                "CONFLICT",
                "SET",
                "NOT",
                "NULL",
                "DEFERRABLE",
                "INITIALLY",
                "COLLATE",
                "GENERATED",
                "ALWAYS",
                "AS",
                "AUTOINCREMENT",
                "DESC",
                "WHERE",
                "[",
                "/*",
                "--",
                ".",
                ";",
                "NULLS");
        Seeds.upTo(20_000)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var text = new StringBuilder();
                    for (var i = random.nextInt(25); i > 0; i--) {
                        text.append(pieces.get(random.nextInt(pieces.size())))
                                .append(random.nextInt(4) == 0 ? "\n" : " ");
                    }
                    var sql = text.toString();

                    var table = TableText.parse(sql);
                    table.clauses(Clause.Kind.UNIQUE).forEach(clause -> KeyPart.list(clause.inBrackets()));
                    table.columns().forEach(column -> column.definitionWithout(Clause.Kind.PRIMARY_KEY));
                    table.constraints().forEach(table::textOf);
                    table.renamed("x");
                    IndexText.parse(sql);
                }));
    }
}
