package io.merklite.query.transpile;

import io.merklite.query.transpile.Part.PathExtract;
import io.merklite.query.transpile.Part.Subquery;
import io.merklite.query.transpile.Part.Subquery.Use;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Reads one run of SQL, token by token.
 *
 * <p>Plain SQL needs no tree, so parentheses are counted and not nested: their depth has no limit but memory's. All that
 * has to be known at each token is whether an operand is due: only there {@code <p>} is an element, {@code [} an array,
 * and LIKE a name.
 */
final class ExpressionRun {
    private static final int DEEPEST_PATH = 200;
    private static final Token NOTHING = new Token(Token.Kind.END, Keyword.NONE, "", 0, 0, false);

    private final Grammar grammar;
    private final TokenStream tokens;
    private final Stop stop;
    private final boolean commaEnds;
    private final List<Part> parts = new ArrayList<>();
    private final Deque<Parenthesis> open = new ArrayDeque<>();
    private Token previous = NOTHING;
    private boolean operandDue = true;
    /** Brackets hold names, as in the definition of a table, wherever they stand in it. */
    private final boolean bracketsName;
    /** Outside of parentheses: names are due, as in the head of a statement. */
    private boolean naming;
    /** Outside of parentheses: between SET and what follows it. */
    private boolean assigning;

    /** An open parenthesis. */
    private static final class Parenthesis {
        final int index;
        final boolean naming;
        final boolean canHavePath;
        int pathDepth;

        Parenthesis(int index, boolean naming, boolean canHavePath) {
            this.index = index;
            this.naming = naming;
            this.canHavePath = canHavePath;
        }
    }

    ExpressionRun(Grammar grammar, Stop stop, boolean commaEnds, boolean naming) {
        this.grammar = grammar;
        this.tokens = grammar.tokens;
        this.stop = stop;
        this.commaEnds = commaEnds;
        this.naming = naming;
        this.bracketsName = naming;
    }

    ExpressionRun afterOperand() {
        operandDue = false;
        return this;
    }

    List<Part> parts() {
        while (true) {
            var token = tokens.peek();
            if (open.isEmpty() ? ends(token) : breaksOff(token)) {
                return parts;
            }
            switch (token.kind()) {
                case NAME -> name(token);
                case SIGN -> sign(token);
                case PARAMETER -> addOperand(grammar.parameters().numbered(tokens.take()));
                default -> operand(token);
            }
        }
    }

    private boolean ends(Token token) {
        return token.isEnd()
                || token.is(')')
                || token.is('}')
                || token.is(']')
                || token.is(';')
                || (commaEnds && token.is(','))
                || stop.at(token, previous, operandDue, tokens);
    }

    private boolean breaksOff(Token token) {
        if (token.isEnd() || token.is('}') || token.is(']') || token.is(';')) {
            throw grammar.source.unexpected(token, "')'", "Close the parenthesis");
        }
        return false;
    }

    private boolean isNaming() {
        return open.isEmpty() ? naming : open.element().naming;
    }

    private void add(Token token, boolean operandDueAfter) {
        parts.add(tokens.take());
        previous = token;
        operandDue = operandDueAfter;
    }

    /** Adds what stands for an operand and was read by another parser. */
    private void addOperand(Part part) {
        parts.add(part);
        previous = NOTHING;
        operandDue = false;
    }

    private void operand(Token token) {
        add(token, false);
    }

    private void name(Token token) {
        if (previous.is('.')) {
            operand(token);
        } else if (token.is(Keyword.SELECT)) {
            embeddedQuery(token);
        } else if (operandDue && isWrapper(token)) {
            addOperand(grammar.elements.wrapper());
        } else {
            var due = operandDueAfter(token);
            if (open.isEmpty()) {
                switchMode(token);
            }
            add(token, due);
        }
    }

    private void switchMode(Token token) {
        switch (token.keyword()) {
            case SET -> {
                assigning = true;
                naming = false;
            }
            case WHERE, RETURNING, VALUES -> {
                assigning = false;
                naming = false;
            }
            case FROM -> assigning = assigning && previous.is(Keyword.DISTINCT);
            case WHEN -> naming = false;
            default -> {}
        }
    }

    private boolean operandDueAfter(Token token) {
        return switch (token.keyword().role()) {
            case OPERATOR -> true;
            case LIKE_OPERATOR -> !operandDue || previous.is(Keyword.NOT);
            case RESERVED -> false;
            case NAME ->
                switch (token.keyword()) {
                    case BY ->
                        previous.is(Keyword.ORDER) || previous.is(Keyword.GROUP) || previous.is(Keyword.PARTITION);
                    case OFFSET -> !operandDue;
                    default -> false;
                };
        };
    }

    /** A SELECT that no parenthesis precedes: an argument of a call, or an error that is SQLite's. */
    private void embeddedQuery(Token token) {
        grammar.enter(token.start());
        var use = open.isEmpty() && !commaEnds ? Use.STATEMENT : Use.VALUE;
        var query = grammar.queries.query(commaEnds || !open.isEmpty());
        grammar.leave();
        addOperand(new Subquery(query, use, token.spaced()));
    }

    private boolean isWrapper(Token token) {
        if (!token.text().equals("jsonml") && !token.text().equals("jsx")) {
            return false;
        }
        var parenthesis = tokens.after(token);
        return parenthesis.is('(') && grammar.expressions.beginsTag(tokens.after(parenthesis));
    }

    private void sign(Token token) {
        if (token.text().length() > 1) {
            add(token, true);
            return;
        }
        switch (token.text().charAt(0)) {
            case '(' -> open(token);
            case ')' -> close(token);
            case '[' -> bracket(token);
            case '{' -> brace(token);
            case '<' -> lessThan(token);
            // A star where an operand is due stands for all columns.
            case '*' -> add(token, !operandDue);
            default -> add(token, true);
        }
    }

    private void open(Token token) {
        var isCall = !operandDue;
        var namesFollow = isNaming()
                ? !previous.is(Keyword.CHECK) && !previous.is(Keyword.DEFAULT) && !previous.is(Keyword.AS)
                : previous.is(Keyword.CONFLICT) || previous.is(Keyword.USING) || beginsAssignment();
        if (!namesFollow && grammar.queries.begins(tokens.after(token))) {
            subquery(isCall);
            return;
        }
        var canHavePath = !isCall && !namesFollow && !previous.is(Keyword.IN);
        open.push(new Parenthesis(parts.size(), namesFollow, canHavePath));
        add(token, true);
    }

    private void subquery(boolean isCall) {
        var wantsRows = previous.is(Keyword.IN) || previous.is(Keyword.EXISTS);
        var use = wantsRows ? Use.ROWS : isCall ? Use.ARGUMENT : Use.OPERAND;
        var index = parts.size();
        addOperand(parenthesised(grammar, use));
        if (use == Use.OPERAND) {
            path(index, 0);
        }
    }

    /** A query in the parentheses that are next. */
    static Subquery parenthesised(Grammar grammar, Use use) {
        var token = grammar.tokens.take();
        grammar.enter(token.start());
        var query = grammar.queries.query(false);
        grammar.leave();
        grammar.expect(')', "Close the parenthesis of the subquery");
        return new Subquery(query, use, token.spaced());
    }

    private void close(Token token) {
        var parenthesis = open.pop();
        add(token, false);
        var depth = parenthesis.canHavePath ? path(parenthesis.index, parenthesis.pathDepth) : parenthesis.pathDepth;
        if (!open.isEmpty()) {
            open.element().pathDepth = Math.max(open.element().pathDepth, depth);
        }
    }

    /** Takes the path behind the parentheses that begin at {@code index}, if there is one; how many are nested now. */
    private int path(int index, int nested) {
        var first = tokens.peek();
        List<PathExtract.Step> steps = new ArrayList<>();
        while (true) {
            var token = tokens.peek();
            if (token.is('.') && isMember(tokens.after(token))) {
                tokens.take();
                steps.add(new PathExtract.Step(tokens.take().unquoted(), false));
            } else if (token.is('[') && !isAlias(token, steps)) {
                tokens.take();
                steps.add(new PathExtract.Step(index(), true));
            } else {
                break;
            }
        }
        if (steps.isEmpty()) {
            return nested;
        }
        if (nested == DEEPEST_PATH) {
            throw grammar.source.error(first.start(), "maximum nesting depth exceeded by paths", "Use one longer path");
        }
        grammar.usesDialect();
        var base = List.copyOf(parts.subList(index, parts.size()));
        parts.subList(index, parts.size()).clear();
        addOperand(new PathExtract(base, steps, base.getFirst().spaced()));
        return nested + 1;
    }

    private static boolean isMember(Token token) {
        return token.kind() == Token.Kind.NAME || token.kind() == Token.Kind.QUOTED_NAME;
    }

    /** In {@code SELECT (a) [b]} the brackets hold an alias. */
    private boolean isAlias(Token bracket, List<PathExtract.Step> steps) {
        return steps.isEmpty() && bracket.spaced() && tokens.after(bracket).kind() != Token.Kind.NUMBER;
    }

    private String index() {
        var number = tokens.peek();
        if (!number.text().chars().allMatch(Character::isDigit) || number.text().isEmpty()) {
            throw grammar.source.unexpected(number, "an index", "Write a number from 0 between the brackets of a path");
        }
        tokens.take();
        grammar.expect(']', "Close the brackets of the index");
        return number.text();
    }

    private boolean beginsAssignment() {
        return assigning && open.isEmpty() && (previous.is(Keyword.SET) || previous.is(','));
    }

    private void bracket(Token token) {
        if (bracketsName || isNaming() || !operandDue || previous.is('.') || beginsAssignment()) {
            if (!bracketsName && !operandDue && !token.spaced() && grammar.isNested()) {
                throw grammar.source.unexpected(
                        token, "an operator or a comma", "Put parentheses round a value to take an element: (a)[0]");
            }
            addOperand(tokens.takeBracketed(token));
        } else if (grammar.expressions.beginsBracketedName(token)) {
            addOperand(tokens.takeBracketed(token));
        } else {
            addOperand(grammar.literals.array());
        }
    }

    private void brace(Token token) {
        if (isNaming() || !operandDue) {
            throw grammar.source.unexpected(
                    token, "an operator, a comma or a clause", "An object stands only where an expression may begin");
        }
        addOperand(grammar.literals.object());
    }

    private void lessThan(Token token) {
        if (operandDue && !isNaming() && !previous.is('.') && grammar.expressions.beginsTag(token)) {
            addOperand(grammar.elements.element());
        } else {
            add(token, true);
        }
    }
}
