package io.merklite.query.transpile;

import io.merklite.query.transpile.Part.Declared;
import io.merklite.query.transpile.Part.Scoped;
import io.merklite.query.transpile.Part.Subquery;
import io.merklite.query.transpile.Part.Subquery.Use;
import io.merklite.query.transpile.Part.UpdateClauses;
import java.util.ArrayList;
import java.util.List;

/** Statements: where their queries begin, and which tables their expressions see. All else of them is copied. */
final class StatementParser {
    private final Grammar grammar;
    private final TokenStream tokens;

    StatementParser(Grammar grammar) {
        this.grammar = grammar;
        this.tokens = grammar.tokens;
    }

    /** A statement, up to its semicolon or the end of the text. */
    List<Part> statement() {
        List<Part> parts = new ArrayList<>();
        var first = tokens.peek();
        switch (first.keyword()) {
            case EXPLAIN -> {
                explain(parts);
                return parts;
            }
            case WITH -> {
                List<Part> with = grammar.queries.begins(first) ? grammar.queries.with() : List.of();
                if (grammar.queries.begins(tokens.peek())) {
                    query(parts, with);
                } else {
                    parts.addAll(with);
                    change(parts);
                }
            }
            case SELECT, FROM, VALUES -> query(parts, List.of());
            case CREATE -> create(parts);
            default -> change(parts);
        }
        parts.addAll(grammar.expressions.run(Stop.NEVER, false));
        return parts;
    }

    private void explain(List<Part> parts) {
        parts.add(tokens.take());
        if (tokens.peek().is(Keyword.QUERY)) {
            parts.add(tokens.take());
        }
        if (tokens.peek().is(Keyword.PLAN)) {
            parts.add(tokens.take());
        }
        grammar.enter(tokens.offset());
        parts.addAll(statement());
        grammar.leave();
    }

    private void query(List<Part> parts, List<Part> with) {
        var spaced = !parts.isEmpty();
        parts.add(new Subquery(grammar.queries.query(with, false), Use.STATEMENT, spaced));
    }

    private void change(List<Part> parts) {
        switch (tokens.peek().keyword()) {
            case INSERT, REPLACE -> insert(parts);
            case UPDATE -> update(parts);
            case DELETE -> delete(parts);
            default -> {
                if (tokens.peek().kind() == Token.Kind.NAME) {
                    parts.addAll(grammar.expressions.names(Stop.NEVER));
                }
            }
        }
    }

    private void insert(List<Part> parts) {
        var head = grammar.expressions.names(Stop.HEAD);
        List<Part> body = new ArrayList<>(head);
        if (grammar.queries.begins(tokens.peek())) {
            query(body, tokens.peek().is(Keyword.WITH) ? grammar.queries.with() : List.of());
        }
        body.addAll(grammar.expressions.run(Stop.NEVER, false));
        parts.add(new Scoped(targets(head), body));
    }

    private void update(List<Part> parts) {
        var head = grammar.expressions.names(Stop.HEAD);
        List<Part> body = new ArrayList<>(head);
        body.addAll(grammar.expressions.run(Stop.CLAUSE, false));
        var clauses = Clauses.empty();
        grammar.queries.clauses(clauses, false);
        body.add(new UpdateClauses(clauses));
        body.addAll(grammar.expressions.run(Stop.NEVER, false));
        parts.add(new Scoped(targets(head), body));
    }

    private void delete(List<Part> parts) {
        var head = grammar.expressions.names(Stop.HEAD);
        List<Part> body = new ArrayList<>(head);
        body.addAll(grammar.expressions.run(Stop.NEVER, false));
        parts.add(new Scoped(targets(head), body));
    }

    /** The table that {@code head} names: the first name behind INTO, FROM, UPDATE or UPDATE OR something. */
    private static List<Declared> targets(List<Part> head) {
        var names = head.stream()
                .takeWhile(part -> part instanceof Token token && !token.is('('))
                .map(Token.class::cast)
                .toList();
        var at = 1;
        while (at < names.size() && isBeforeTarget(names.get(at), names.get(at - 1))) {
            at++;
        }
        while (at + 2 < names.size() && names.get(at + 1).is('.')) {
            at += 2;
        }
        if (at >= names.size() || !isTable(names.get(at))) {
            return List.of();
        }
        var table = names.get(at).unquoted();
        var aliasAt = at + 1 < names.size() && names.get(at + 1).is(Keyword.AS) ? at + 2 : at + 1;
        var hasAlias = aliasAt < names.size() && names.get(aliasAt).isName();
        return List.of(new Declared(hasAlias ? names.get(aliasAt).unquoted() : table, table));
    }

    private static boolean isTable(Token token) {
        return token.isName() || token.kind() == Token.Kind.STRING;
    }

    private static boolean isBeforeTarget(Token token, Token previous) {
        return token.is(Keyword.OR)
                || previous.is(Keyword.OR)
                || token.is(Keyword.FROM)
                || token.text().equalsIgnoreCase("INTO");
    }

    private void create(List<Part> parts) {
        List<Part> head = new ArrayList<>(grammar.expressions.names(Stop.HEAD));
        while (tokens.peek().is(Keyword.BEGIN) && !isTriggerHead(head)) {
            head.add(tokens.take());
            head.addAll(grammar.expressions.names(Stop.HEAD));
        }
        if (grammar.queries.begins(tokens.peek())) {
            parts.addAll(head);
            query(parts, tokens.peek().is(Keyword.WITH) ? grammar.queries.with() : List.of());
        } else if (isTriggerHead(head)) {
            parts.add(new Scoped(rowsOf(head), trigger(head)));
        } else {
            parts.addAll(head);
            parts.addAll(grammar.expressions.names(Stop.NEVER));
        }
    }

    private static boolean isTriggerHead(List<Part> head) {
        return has(head, Keyword.TRIGGER) && has(head, Keyword.ON);
    }

    private static boolean has(List<Part> head, Keyword keyword) {
        return head.stream().anyMatch(part -> part instanceof Token token && token.is(keyword));
    }

    /** The names by which a trigger sees the row that changes. */
    private static List<Declared> rowsOf(List<Part> head) {
        for (var index = 0; index + 1 < head.size(); index++) {
            if (head.get(index) instanceof Token on
                    && on.is(Keyword.ON)
                    && head.get(index + 1) instanceof Token table
                    && isTable(table)) {
                return List.of(new Declared("new", table.unquoted()), new Declared("old", table.unquoted()));
            }
        }
        return List.of();
    }

    private List<Part> trigger(List<Part> head) {
        List<Part> parts = new ArrayList<>(head);
        if (tokens.peek().is(Keyword.WHEN)) {
            parts.add(tokens.take());
            parts.addAll(grammar.expressions.run(Stop.HEAD, false));
        }
        if (!tokens.peek().is(Keyword.BEGIN)) {
            return parts;
        }
        grammar.enter(tokens.peek().start());
        parts.add(tokens.take());
        while (!tokens.peek().isEnd() && !tokens.peek().is(Keyword.END)) {
            parts.addAll(statement());
            if (!tokens.peek().is(';')) {
                break;
            }
            parts.add(tokens.take());
        }
        grammar.leave();
        return parts;
    }
}
