package io.merklite.schema.text;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One statement of an SQL text, as its tokens without comments and without the semicolon behind it. What it is shows
 * without a parser, and no text is refused.
 *
 * @param tokens at least one
 */
public record StatementTokens(List<Token> tokens) {
    /** SQLite's own limit. */
    private static final int MAX_PARAMETER = 32_766;

    public StatementTokens {
        tokens = List.copyOf(tokens);
        if (tokens.isEmpty()) {
            throw new IllegalArgumentException("a statement without a token");
        }
    }

    /** The statements of {@code sql}, cut where SQLite would: at semicolons, but those inside of triggers. */
    public static List<StatementTokens> of(String sql) {
        List<StatementTokens> statements = new ArrayList<>();
        var from = 0;
        var tokens = SqlTokens.of(sql);
        for (var to = 0; to <= tokens.size(); to++) {
            if (to == tokens.size() || (tokens.get(to).isSymbol(";") && !isInsideTrigger(tokens.subList(from, to)))) {
                if (to > from) {
                    statements.add(new StatementTokens(tokens.subList(from, to)));
                }
                from = to + 1;
            }
        }
        return List.copyOf(statements);
    }

    /** A trigger ends with END after a semicolon; an END of CASE has none before it. */
    private static boolean isInsideTrigger(List<Token> tokens) {
        return isCreateTrigger(tokens)
                && !(tokens.getLast().is("END") && tokens.get(tokens.size() - 2).isSymbol(";"));
    }

    private static boolean isCreateTrigger(List<Token> tokens) {
        var at = explainLength(tokens);
        if (!isAt(tokens, at, "CREATE")) {
            return false;
        }
        var isTemporary = isAt(tokens, at + 1, "TEMP") || isAt(tokens, at + 1, "TEMPORARY");
        return isAt(tokens, isTemporary ? at + 2 : at + 1, "TRIGGER");
    }

    private static int explainLength(List<Token> tokens) {
        if (!isAt(tokens, 0, "EXPLAIN")) {
            return 0;
        }
        return isAt(tokens, 1, "QUERY") && isAt(tokens, 2, "PLAN") ? 3 : 1;
    }

    private static boolean isAt(List<Token> tokens, int index, String keyword) {
        return index < tokens.size() && tokens.get(index).is(keyword);
    }

    /** Whether the token at {@code index} is there and the word {@code keyword} (in upper case), without quotes. */
    public boolean isAt(int index, String keyword) {
        return isAt(tokens, index, keyword);
    }

    /** Whether EXPLAIN or EXPLAIN QUERY PLAN stands before a statement; of nothing, it is no statement, as SQLite says. */
    public boolean isExplain() {
        var explain = explainLength(tokens);
        return explain > 0 && explain < tokens.size();
    }

    /** The statement that is explained; this one if none is. */
    public StatementTokens explained() {
        return isExplain() ? new StatementTokens(tokens.subList(explainLength(tokens), tokens.size())) : this;
    }

    /** The keyword that says what it does, in upper case, behind its common table expressions; empty if it is no word. */
    public String verb() {
        var first = tokens.getFirst();
        var verb = first.is("WITH") ? verbAfterWith() : first;
        return verb.kind() == Token.Kind.WORD ? SqlNames.upper(verb.text()) : "";
    }

    /** The first token behind the common table expressions: behind a closing bracket, and neither AS nor a comma. */
    private Token verbAfterWith() {
        var depth = 0;
        for (var i = 1; i < tokens.size(); i++) {
            var token = tokens.get(i);
            if (token.isSymbol("(")) {
                depth++;
            } else if (token.isSymbol(")")) {
                depth--;
            } else if (depth == 0 && tokens.get(i - 1).isSymbol(")") && !token.is("AS") && !token.isSymbol(",")) {
                return token;
            }
        }
        return tokens.getFirst();
    }

    /** Whether it is a ROLLBACK to a savepoint. */
    public boolean isRollbackTo() {
        return isAt(0, "ROLLBACK") && (isAt(1, "TO") || (isAt(1, "TRANSACTION") && isAt(2, "TO")));
    }

    /**
     * Its parameters, numbered as SQLite does.
     *
     * @return names with their sign by number, from 1; none for a bare question mark, and for a number that nothing uses
     */
    public List<Optional<String>> parameters() {
        List<Optional<String>> names = new ArrayList<>();
        Set<String> known = new HashSet<>();
        for (var token : tokens) {
            if (token.kind() == Token.Kind.LITERAL) {
                var text = token.text();
                switch (text.charAt(0)) {
                    case '?' -> addQuestionMark(names, text);
                    case ':', '@', '$', '#' -> {
                        if (known.add(text)) {
                            names.add(Optional.of(text));
                        }
                    }
                    default -> {} // a number or a blob
                }
            }
        }
        return names;
    }

    private static void addQuestionMark(List<Optional<String>> names, String text) {
        if (text.length() == 1) {
            names.add(Optional.empty());
            return;
        }
        var number = number(text);
        if (number < 1 || number > MAX_PARAMETER) {
            return; // SQLite refuses the statement
        }
        while (names.size() < number) {
            names.add(Optional.empty());
        }
        names.set(number - 1, Optional.of(text));
    }

    private static int number(String text) {
        var number = 0;
        for (var i = 1; i < text.length(); i++) {
            var digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9 || number > MAX_PARAMETER) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }
}
