package io.merklite.query.transpile;

import io.merklite.query.QueryException.MalformedQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Translates the query dialect to SQL: objects, arrays, elements, paths, and selects that begin with FROM.
 *
 * <pre>{@code
 * Transpiler.toSql("FROM vendors v SELECT {name, goods: FROM v->goods g SELECT [label]}");
 * }</pre>
 *
 * <p>A pure function. On SQLite the SQL needs the functions that {@code DeepFunctions.register} adds to a connection.
 *
 * <p><b>Invariants.</b> (1) A statement of plain SQL comes out character by character as it came in, whatever it says: it
 * is neither understood nor checked beyond its brackets, strings and comments. (2) Each part of a text is written once,
 * so the SQL is at most about a hundred times as long. (3) Every text ends in SQL or in {@link MalformedQuery}.
 * <p><b>Threading.</b> Any; does not block.
 * <p><b>Cost.</b> Linear in the text.
 */
public final class Transpiler {
    /** The version of the dialect: that of the program whose queries it understands. */
    public static final String VERSION = "0.23.0";

    private Transpiler() {}

    /**
     * Translates for SQLite; paths join by columns called {@code <parent>_id}.
     *
     * @param text statements, separated by semicolons
     * @throws MalformedQuery if a form of the dialect is not complete, or brackets, strings or comments do not end
     */
    public static String toSql(String text) {
        return toSql(text, BackEnd.SQLITE, Optional.empty());
    }

    /**
     * As {@link #toSql(String)}; paths join by foreign keys, and each step without ON or USING needs exactly one.
     *
     * @throws MalformedQuery also if there is no such key, or several; then its line is 0
     */
    public static String toSql(String text, List<ForeignKey> foreignKeys) {
        return toSql(text, BackEnd.SQLITE, Optional.of(List.copyOf(foreignKeys)));
    }

    /** As {@link #toSql(String)}, for another database. */
    public static String toSql(String text, BackEnd backEnd) {
        return toSql(text, backEnd, Optional.empty());
    }

    /** As {@link #toSql(String, List)}, for another database. */
    public static String toSql(String text, List<ForeignKey> foreignKeys, BackEnd backEnd) {
        return toSql(text, backEnd, Optional.of(List.copyOf(foreignKeys)));
    }

    /**
     * @param start where the statement begins, behind the semicolon before
     * @param end where its semicolon stands, or the end
     */
    private record Statement(List<Part> parts, boolean isPlain, int start, int end) {}

    private static String toSql(String text, BackEnd backEnd, Optional<List<ForeignKey>> foreignKeys) {
        var grammar = new Grammar(text);
        var statements = statements(grammar);
        if (statements.stream().allMatch(Statement::isPlain)) {
            return text;
        }
        var rendering = new Rendering(grammar.source, backEnd, foreignKeys);
        for (var statement : statements) {
            if (statement.start() > 0) {
                rendering.out.append(";");
            }
            if (statement.isPlain()) {
                rendering.out.append(text.substring(statement.start(), statement.end()));
            } else {
                rendering.parts(statement.parts());
            }
        }
        return rendering.out.sql();
    }

    private static List<Statement> statements(Grammar grammar) {
        List<Statement> statements = new ArrayList<>();
        while (true) {
            grammar.beginStatement();
            var start = grammar.tokens.offset();
            var formsBefore = grammar.dialectForms();
            var parts = grammar.statements.statement();
            var end = grammar.tokens.peek();
            if (!end.isEnd() && !end.is(';')) {
                throw grammar.source.error(
                        end.start(), "unmatched " + end.described(), "Remove it, or open what it closes");
            }
            statements.add(new Statement(parts, grammar.dialectForms() == formsBefore, start, end.start()));
            if (end.isEnd()) {
                return statements;
            }
            grammar.tokens.take();
        }
    }
}
