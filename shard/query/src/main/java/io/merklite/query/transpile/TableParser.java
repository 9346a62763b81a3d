package io.merklite.query.transpile;

import io.merklite.query.transpile.Part.Declared;
import io.merklite.query.transpile.Part.JoinColumns;
import io.merklite.query.transpile.Part.JoinPath;
import io.merklite.query.transpile.Part.JoinStep;
import io.merklite.query.transpile.Part.Subquery.Use;
import io.merklite.query.transpile.Query.Recursion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The tables of a FROM clause, of which the renderer must know the names, and the paths in it. */
final class TableParser {
    private static final String PATH_HINT = "A path is alias->child or alias<-parent, then ON or USING if need be";
    private static final String RECURSE_HINT = "Write FROM table RECURSE ON (foreign_key) or ON (foreign_key = key)";

    private final Grammar grammar;
    private final TokenStream tokens;

    TableParser(Grammar grammar) {
        this.grammar = grammar;
        this.tokens = grammar.tokens;
    }

    /** The FROM clause behind its keyword. */
    List<Part> from(boolean commaEnds) {
        List<Part> parts = new ArrayList<>();
        items(parts, commaEnds);
        return parts;
    }

    private void items(List<Part> parts, boolean commaEnds) {
        var afterFrom = true;
        var joined = false;
        while (true) {
            if ((afterFrom || joined) && beginsPath()) {
                parts.add(path(joined));
            } else {
                table(parts);
            }
            parts.addAll(grammar.expressions.rest(Stop.TABLE, true));
            joined = tokens.peek().is(Keyword.JOIN);
            if (!joined && (commaEnds || !tokens.peek().is(','))) {
                return;
            }
            parts.add(tokens.take());
            afterFrom = false;
        }
    }

    private void table(List<Part> parts) {
        var first = tokens.peek();
        if (first.is('(')) {
            if (grammar.queries.begins(tokens.after(first))) {
                parts.add(ExpressionRun.parenthesised(grammar, Use.ROWS));
            } else {
                grammar.enter(first.start());
                parts.add(tokens.take());
                items(parts, false);
                parts.add(grammar.expect(')', "Close the parenthesis of the join"));
                grammar.leave();
            }
            alias(parts).ifPresent(alias -> parts.add(new Declared(alias.unquoted(), alias.unquoted())));
        } else if (isTable(first)) {
            var name = name();
            parts.addAll(name);
            if (tokens.peek().is('(')) {
                parts.addAll(grammar.expressions.group(false));
            }
            var table = name.getLast().unquoted();
            parts.add(new Declared(alias(parts).map(Token::unquoted).orElse(table), table));
        }
    }

    private static boolean isTable(Token token) {
        return token.isName() || token.kind() == Token.Kind.STRING || token.is('[');
    }

    /** A table's name, with that of its schema if there is one; the last token is the table's own. */
    private List<Token> name() {
        List<Token> name = new ArrayList<>();
        name.add(part());
        while (tokens.peek().is('.') && isTable(tokens.after(tokens.peek()))) {
            name.add(tokens.take());
            name.add(part());
        }
        return name;
    }

    private Token part() {
        var token = tokens.peek();
        return token.is('[') ? tokens.takeBracketed(token) : tokens.take();
    }

    /** Takes {@code AS alias} or {@code alias}, and adds it to {@code parts}. */
    private Optional<Token> alias(List<Part> parts) {
        var next = tokens.peek();
        if (next.is(Keyword.AS)) {
            parts.add(tokens.take());
        } else if (Stop.beginsWindow(next, tokens)) {
            return Optional.empty();
        }
        if (!isTable(tokens.peek())) {
            return Optional.empty();
        }
        var alias = part();
        parts.add(alias);
        return Optional.of(alias);
    }

    private boolean beginsPath() {
        var start = tokens.peek();
        return start.isName() && isArrow(tokens.after(start));
    }

    private boolean isArrow(Token token) {
        return token.is("->") || (token.is('<') && isMinus(tokens.after(token), token));
    }

    private static boolean isMinus(Token token, Token before) {
        return token.start() == before.end() && (token.is('-') || token.is("->"));
    }

    private JoinPath path(boolean joined) {
        grammar.usesDialect();
        var start = tokens.take();
        List<JoinStep> steps = new ArrayList<>();
        while (isArrow(tokens.peek())) {
            steps.add(step());
        }
        List<Part> condition = List.of();
        if (tokens.peek().is(Keyword.AND)) {
            tokens.take();
            condition = grammar.expressions.run(Stop.TABLE, true);
        }
        return new JoinPath(start, steps, joined, condition);
    }

    private JoinStep step() {
        var toChild = tokens.take().is("->");
        if (!toChild) {
            tokens.take();
        }
        var first = tokens.peek();
        if (!isTable(first)) {
            throw grammar.source.unexpected(first, "the name of a table", PATH_HINT);
        }
        var name = name();
        var alias = alias(new ArrayList<>());
        return new JoinStep(toChild, name, alias, columns());
    }

    private List<JoinColumns> columns() {
        List<JoinColumns> columns = new ArrayList<>();
        if (tokens.peek().is(Keyword.ON)) {
            tokens.take();
            columns.add(pair());
            while (beginsPair()) {
                tokens.take();
                columns.add(pair());
            }
        } else if (tokens.peek().is(Keyword.USING)) {
            tokens.take();
            grammar.expect('(', PATH_HINT);
            do {
                var column = grammar.expectName("a column", PATH_HINT);
                columns.add(new JoinColumns(column, column));
            } while (takeComma());
            grammar.expect(')', PATH_HINT);
        }
        return columns;
    }

    private boolean takeComma() {
        if (!tokens.peek().is(',')) {
            return false;
        }
        tokens.take();
        return true;
    }

    private JoinColumns pair() {
        var left = grammar.expectName("a column", PATH_HINT);
        if (!tokens.peek().is('=')) {
            return new JoinColumns(left, left);
        }
        tokens.take();
        return new JoinColumns(left, grammar.expectName("a column", PATH_HINT));
    }

    /** Whether {@code AND name = name} is next, and no longer expression. */
    private boolean beginsPair() {
        var and = tokens.peek();
        if (!and.is(Keyword.AND)) {
            return false;
        }
        var left = tokens.after(and);
        var equals = tokens.after(left);
        if (!left.isName() || !equals.is('=')) {
            return false;
        }
        var right = tokens.after(equals);
        if (!right.isName()) {
            return false;
        }
        var next = tokens.after(right);
        return next.kind() != Token.Kind.SIGN || next.is(')') || next.is('}') || next.is(',') || isArrow(next);
    }

    /** Whether {@code table RECURSE ON (} is next, which is no SQL. */
    boolean beginsRecursion() {
        var token = tokens.peek();
        if (!token.isName()) {
            return false;
        }
        var next = tokens.after(token);
        while (next.is('.') && tokens.after(next).isName()) {
            next = tokens.after(tokens.after(next));
        }
        return next.is(Keyword.RECURSE)
                && tokens.after(next).is(Keyword.ON)
                && tokens.after(tokens.after(next)).is('(');
    }

    /** {@code table RECURSE ON (…)}, which must be next. */
    Recursion recursion() {
        grammar.usesDialect();
        if (!isTable(tokens.peek())) {
            throw grammar.source.unexpected(tokens.peek(), "the name of a table", RECURSE_HINT);
        }
        var table = name();
        expect(Keyword.RECURSE);
        expect(Keyword.ON);
        grammar.expect('(', RECURSE_HINT);
        var foreign = grammar.expectName("the column of the parent's key", RECURSE_HINT);
        var primary = "id";
        if (tokens.peek().is('=')) {
            tokens.take();
            primary = grammar.expectName("the primary key", RECURSE_HINT).text();
        }
        grammar.expect(')', RECURSE_HINT);
        return new Recursion(table, foreign.text(), primary);
    }

    private void expect(Keyword keyword) {
        if (!tokens.peek().is(keyword)) {
            throw grammar.source.unexpected(tokens.peek(), keyword.name(), RECURSE_HINT);
        }
        tokens.take();
    }
}
