package io.merklite.query.transpile;

import io.merklite.query.transpile.Clauses.Kind;
import io.merklite.query.transpile.Part.ObjectLiteral;
import io.merklite.query.transpile.Part.Subquery.Use;
import io.merklite.query.transpile.Query.Arm;
import io.merklite.query.transpile.Query.Recursion;
import io.merklite.query.transpile.Query.Select;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Queries: SELECT and FROM first, set operations, WITH. */
final class QueryParser {
    private final Grammar grammar;
    private final TokenStream tokens;

    QueryParser(Grammar grammar) {
        this.grammar = grammar;
        this.tokens = grammar.tokens;
    }

    /** An arm, with the clauses written behind its columns apart: they may turn out to be those of the set operation. */
    private record ParsedArm(List<Part> operator, Select select, Clauses late, int lateOffset) {}

    /** Whether a query begins with {@code token}, which stands where one may. */
    boolean begins(Token token) {
        return switch (token.keyword()) {
            case SELECT, FROM, VALUES -> true;
            case WITH -> Stop.beginsWith(token, tokens);
            default -> false;
        };
    }

    /** @param commaEnds whether the query ends at a comma outside of parentheses */
    Query query(boolean commaEnds) {
        return query(tokens.peek().is(Keyword.WITH) ? with() : List.of(), commaEnds);
    }

    /** A query whose WITH clause was read. */
    Query query(List<Part> with, boolean commaEnds) {
        List<ParsedArm> parsed = new ArrayList<>();
        parsed.add(arm(List.of(), commaEnds));
        while (beginsArm(tokens.peek())) {
            List<Part> operator = new ArrayList<>();
            operator.add(tokens.take());
            if (tokens.peek().is(Keyword.ALL)) {
                operator.add(tokens.take());
            }
            parsed.add(arm(operator, commaEnds));
        }
        var tail = parsed.size() > 1 ? parsed.getLast().late().splitRowRange() : Clauses.empty();
        return new Query(with, parsed.stream().map(this::finished).toList(), tail);
    }

    /** Whether a set operator and a query are next; other databases also have parentheses there, which are copied. */
    private boolean beginsArm(Token token) {
        if (!token.is(Keyword.UNION) && !token.is(Keyword.EXCEPT) && !token.is(Keyword.INTERSECT)) {
            return false;
        }
        var next = tokens.after(token);
        return !(next.is(Keyword.ALL) ? tokens.after(next) : next).is('(');
    }

    private Arm finished(ParsedArm arm) {
        if (!arm.select().clauses().addAll(arm.late())) {
            throw grammar.source.error(
                    arm.lateOffset(), "a clause stands before SELECT and again behind it", "Keep one of the two");
        }
        return new Arm(arm.operator(), arm.select());
    }

    /** The WITH clause that is next. What is none is left to SQLite to refuse. */
    List<Part> with() {
        List<Part> parts = new ArrayList<>();
        parts.add(tokens.take());
        if (tokens.peek().is(Keyword.RECURSIVE)
                && !tokens.after(tokens.peek()).is(Keyword.AS)
                && !tokens.after(tokens.peek()).is('(')) {
            parts.add(tokens.take());
        }
        do {
            var name = tokens.peek();
            parts.add(name.is('[') ? tokens.takeBracketed(name) : tokens.take());
            if (tokens.peek().is('(')) {
                parts.addAll(grammar.expressions.group(true));
            }
            while (tokens.peek().is(Keyword.AS)
                    || tokens.peek().is(Keyword.NOT)
                    || tokens.peek().is(Keyword.MATERIALIZED)) {
                parts.add(tokens.take());
            }
            if (!tokens.peek().is('(')) {
                return parts;
            }
            if (begins(tokens.after(tokens.peek()))) {
                parts.add(ExpressionRun.parenthesised(grammar, Use.ROWS));
            } else {
                parts.addAll(grammar.expressions.group(false));
            }
        } while (takeComma(parts));
        return parts;
    }

    private boolean takeComma(List<Part> parts) {
        if (!tokens.peek().is(',')) {
            return false;
        }
        parts.add(tokens.take());
        return true;
    }

    private ParsedArm arm(List<Part> operator, boolean commaEnds) {
        var token = tokens.peek();
        return switch (token.keyword()) {
            case SELECT -> selectFirst(operator, commaEnds);
            case FROM -> fromFirst(operator, commaEnds);
            case VALUES -> values(operator, commaEnds);
            default -> throw grammar.source.unexpected(token, "SELECT or FROM", "Write a query here");
        };
    }

    private ParsedArm selectFirst(List<Part> operator, boolean commaEnds) {
        var head = head(commaEnds);
        Optional<Recursion> recursion = Optional.empty();
        var offset = tokens.offset();
        var late = Clauses.empty();
        if (head.hasMarker()) {
            var from = tokens.peek();
            if (!from.is(Keyword.FROM)) {
                throw grammar.source.unexpected(from, "FROM", "A field '*' needs FROM table RECURSE ON (foreign_key)");
            }
            tokens.take();
            recursion = Optional.of(grammar.tables.recursion());
            late = recursionClauses(commaEnds);
        } else {
            clauses(late, commaEnds);
        }
        return new ParsedArm(operator, head.select(Select.Kind.SELECT_FIRST, Clauses.empty(), recursion), late, offset);
    }

    private ParsedArm fromFirst(List<Part> operator, boolean commaEnds) {
        grammar.usesDialect();
        tokens.take();
        Optional<Recursion> recursion =
                grammar.tables.beginsRecursion() ? Optional.of(grammar.tables.recursion()) : Optional.empty();
        var early = Clauses.empty();
        if (recursion.isEmpty()) {
            early.put(Kind.FROM, grammar.tables.from(commaEnds));
        }
        clauses(early, commaEnds);
        var select = tokens.peek();
        if (!select.is(Keyword.SELECT)) {
            throw grammar.source.unexpected(select, "SELECT", "A query that begins with FROM needs a SELECT behind it");
        }
        var head = head(commaEnds);
        if (head.hasMarker() != recursion.isPresent()) {
            throw grammar.source.error(
                    select.start(),
                    recursion.isPresent() ? "RECURSE without a field '*'" : "a field '*' without RECURSE ON",
                    "A recursive select has both: FROM table RECURSE ON (foreign_key) SELECT {id, children: *}");
        }
        var offset = tokens.offset();
        var late = Clauses.empty();
        clauses(late, commaEnds);
        return new ParsedArm(operator, head.select(Select.Kind.FROM_FIRST, early, recursion), late, offset);
    }

    private ParsedArm values(List<Part> operator, boolean commaEnds) {
        var offset = tokens.offset();
        var head = new Head(false, List.of(), grammar.expressions.run(Stop.CLAUSE, commaEnds));
        var late = Clauses.empty();
        clauses(late, commaEnds);
        return new ParsedArm(
                operator, head.select(Select.Kind.VALUES, Clauses.empty(), Optional.empty()), late, offset);
    }

    /** What stands between SELECT and the next clause. */
    private record Head(boolean singular, List<Part> modifiers, List<Part> columns) {
        boolean hasMarker() {
            return !columns.isEmpty()
                    && columns.getFirst() instanceof ObjectLiteral object
                    && object.marker().isPresent();
        }

        Select select(Select.Kind kind, Clauses clauses, Optional<Recursion> recursion) {
            return new Select(kind, singular, modifiers, columns, clauses, recursion);
        }
    }

    private Head head(boolean commaEnds) {
        tokens.take();
        var singular = takeSingular();
        List<Part> modifiers = new ArrayList<>();
        while (tokens.peek().is(Keyword.DISTINCT) || tokens.peek().is(Keyword.ALL)) {
            modifiers.add(tokens.take());
        }
        grammar.literals.allowMarkerAt(tokens.skipSpace());
        return new Head(singular, modifiers, grammar.expressions.run(Stop.CLAUSE, commaEnds));
    }

    private boolean takeSingular() {
        var slash = tokens.peek();
        if (!slash.is('/') || !tokens.after(slash).text().equals("1")) {
            return false;
        }
        tokens.take();
        tokens.take();
        grammar.usesDialect();
        return true;
    }

    /** Reads clauses up to what is none, or is there already. */
    void clauses(Clauses clauses, boolean commaEnds) {
        while (true) {
            var kind = clause(tokens.peek());
            if (kind.isEmpty() || clauses.has(kind.get())) {
                return;
            }
            tokens.take();
            switch (kind.get()) {
                case FROM -> clauses.put(Kind.FROM, grammar.tables.from(commaEnds));
                case LIMIT -> limit(clauses, commaEnds);
                case WINDOW -> clauses.put(Kind.WINDOW, grammar.expressions.names(Stop.CLAUSE, commaEnds));
                case GROUP_BY, ORDER_BY -> {
                    tokens.take();
                    clauses.put(kind.get(), grammar.expressions.run(Stop.CLAUSE, commaEnds));
                }
                default -> clauses.put(kind.get(), grammar.expressions.run(Stop.CLAUSE, commaEnds));
            }
        }
    }

    private Optional<Kind> clause(Token token) {
        return switch (token.keyword()) {
            case FROM -> Optional.of(Kind.FROM);
            case WHERE -> Optional.of(Kind.WHERE);
            case GROUP -> beforeBy(token, Kind.GROUP_BY);
            case HAVING -> Optional.of(Kind.HAVING);
            case WINDOW -> Stop.beginsWindow(token, tokens) ? Optional.of(Kind.WINDOW) : Optional.empty();
            case ORDER -> beforeBy(token, Kind.ORDER_BY);
            case LIMIT -> Optional.of(Kind.LIMIT);
            default -> Optional.empty();
        };
    }

    private Optional<Kind> beforeBy(Token token, Kind kind) {
        return tokens.after(token).is(Keyword.BY) ? Optional.of(kind) : Optional.empty();
    }

    /** {@code count}, {@code count OFFSET offset} or {@code offset, count}. */
    private void limit(Clauses clauses, boolean commaEnds) {
        var first = grammar.expressions.run(Stop.LIMIT, true);
        if (tokens.peek().is(',') && !commaEnds) {
            tokens.take();
            clauses.put(Kind.OFFSET, first);
            clauses.put(Kind.LIMIT, grammar.expressions.run(Stop.LIMIT, true));
            return;
        }
        clauses.put(Kind.LIMIT, first);
        if (tokens.peek().is(Keyword.OFFSET)) {
            tokens.take();
            clauses.put(Kind.OFFSET, grammar.expressions.run(Stop.CLAUSE, commaEnds));
        }
    }

    private Clauses recursionClauses(boolean commaEnds) {
        var clauses = Clauses.empty();
        if (tokens.peek().is(Keyword.WHERE)) {
            tokens.take();
            clauses.put(Kind.WHERE, grammar.expressions.run(Stop.CLAUSE, commaEnds));
        }
        if (clause(tokens.peek()).isPresent()) {
            throw grammar.source.unexpected(
                    tokens.peek(), "the end of the select", "A recursive select has WHERE, and no other clause");
        }
        return clauses;
    }
}
