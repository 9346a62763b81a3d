package io.merklite.query.transpile;

import io.merklite.query.transpile.Part.Subquery;
import java.util.ArrayList;
import java.util.List;

/** Runs of SQL with what the dialect adds to expressions. */
final class ExpressionParser {
    private static final int LONGEST_NAME_TOKENS = 32;

    private final Grammar grammar;

    ExpressionParser(Grammar grammar) {
        this.grammar = grammar;
    }

    /**
     * A run of an expression, up to {@code stop}, a closing bracket, a semicolon, or the end.
     *
     * @param commaEnds whether also a comma outside of parentheses ends it
     */
    List<Part> run(Stop stop, boolean commaEnds) {
        return new ExpressionRun(grammar, stop, commaEnds, false).parts();
    }

    /** As {@link #run}, for a run that continues what ended with an operand: no operand is due. */
    List<Part> rest(Stop stop, boolean commaEnds) {
        return new ExpressionRun(grammar, stop, commaEnds, false).afterOperand().parts();
    }

    /** A run where names are due rather than operands: the head of a statement. */
    List<Part> names(Stop stop) {
        return names(stop, false);
    }

    /** As {@link #names(Stop)}, for a clause that a comma may end. */
    List<Part> names(Stop stop, boolean commaEnds) {
        return new ExpressionRun(grammar, stop, commaEnds, true).parts();
    }

    /** The parentheses that are next, with names or expressions in them. */
    List<Part> group(boolean naming) {
        List<Part> parts = new ArrayList<>();
        parts.add(grammar.tokens.take());
        parts.addAll(new ExpressionRun(grammar, Stop.NEVER, false, naming).parts());
        parts.add(grammar.expect(')', "Close the parenthesis"));
        return parts;
    }

    /**
     * A value of a literal, attribute or interpolation, up to a comma; empty if none stands there.
     *
     * @param commaEndsQuery whether a comma also ends a query
     */
    List<Part> value(Subquery.Use use, boolean commaEndsQuery) {
        var token = grammar.tokens.peek();
        if (grammar.queries.begins(token)) {
            grammar.enter(token.start());
            grammar.usesDialect();
            var query = grammar.queries.query(commaEndsQuery);
            grammar.leave();
            return List.of(new Subquery(query, use, token.spaced()));
        }
        var parts = run(Stop.NEVER, true);
        if (parts.size() == 1
                && parts.getFirst() instanceof Token only
                && (only.is(Keyword.TRUE) || only.is(Keyword.FALSE))) {
            return List.of(new Part.Truth(only.is(Keyword.TRUE), only.spaced()));
        }
        return parts;
    }

    /**
     * Whether {@code [} begins a name in brackets though an operand is due: neither several words without an operator nor
     * what has a dot behind it can be an array.
     */
    boolean beginsBracketedName(Token open) {
        var token = grammar.tokens.after(open);
        for (var count = 0; count < LONGEST_NAME_TOKENS; count++) {
            if (token.is(']')) {
                return count > 1 || (count == 1 && grammar.tokens.after(token).is('.'));
            }
            var isWord = token.kind() == Token.Kind.NAME
                    ? token.keyword().canBeName()
                    : count > 0 && token.kind() == Token.Kind.NUMBER;
            if (!isWord) {
                return false;
            }
            token = grammar.tokens.after(token);
        }
        return false;
    }

    /** Whether {@code <} at {@code sign} begins a tag: a name sticks to it. */
    boolean beginsTag(Token sign) {
        return sign.is('<') && Identifiers.isPlainStart(grammar.source.at(sign.end()));
    }
}
