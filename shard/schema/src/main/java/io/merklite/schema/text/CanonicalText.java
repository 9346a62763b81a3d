package io.merklite.schema.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * One form for all texts of an expression that differ in white space, comments, the case of words, or needless quotes.
 *
 * <p>Tokens are joined by single spaces; words are in lower case, since SQLite's keywords and names have no case. A name
 * in quotes loses them where that changes nothing. In double quotes it stays as written unless the table has a column of
 * that name: otherwise SQLite takes it for a string, whose case counts. A column's prefix with its own table's name
 * says nothing and goes.
 */
public final class CanonicalText {
    private final String table;
    private final Set<String> columns;

    /**
     * @param table the table that expressions belong to
     * @param columns its columns
     */
    public CanonicalText(String table, List<String> columns) {
        this.table = table;
        this.columns = new TreeSet<>(SqlNames.IGNORING_CASE);
        this.columns.addAll(columns);
    }

    /** The canonical form of {@code tokens}. */
    public String of(List<Token> tokens) {
        return withoutOwnPrefix(tokens).stream().map(this::word).collect(Collectors.joining(" "));
    }

    /** The canonical form of {@code sql}. */
    public String of(String sql) {
        return of(SqlTokens.of(sql));
    }

    /** The tokens without {@code table.} before a column. */
    List<Token> withoutOwnPrefix(List<Token> tokens) {
        var kept = new ArrayList<Token>();
        for (var i = 0; i < tokens.size(); i++) {
            var isPrefix = i + 2 < tokens.size()
                    && tokens.get(i).isName()
                    && SqlNames.same(tokens.get(i).name(), table)
                    && tokens.get(i + 1).isSymbol(".")
                    && tokens.get(i + 2).isName();
            if (isPrefix) {
                i++;
            } else {
                kept.add(tokens.get(i));
            }
        }
        return kept;
    }

    private String word(Token token) {
        return switch (token.kind()) {
            case WORD, LITERAL -> SqlNames.fold(token.text());
            case STRING, SYMBOL, COMMENT -> token.text();
            case QUOTED -> {
                var isString = token.text().charAt(0) == '"' && !columns.contains(token.name());
                var folded = SqlNames.fold(token.name());
                var isPlain = folded.matches("[a-z_][a-z0-9_]*") && !Keywords.isReserved(folded);
                yield isString ? token.text() : isPlain ? folded : SqlNames.quote(folded);
            }
        };
    }

    /** Index of the bracket that closes the one at {@code open}; the last index where none does, -1 without tokens. */
    static int closingBracket(List<Token> tokens, int open) {
        var depth = 0;
        for (var i = open; i < tokens.size(); i++) {
            if (tokens.get(i).isSymbol("(")) {
                depth++;
            } else if (tokens.get(i).isSymbol(")") && --depth == 0) {
                return i;
            }
        }
        return tokens.size() - 1;
    }
}
