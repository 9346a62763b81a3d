package io.merklite.session.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The text of a CREATE INDEX statement: the one place where SQLite keeps the expressions of an index. */
final class IndexDefinition {
    private static final Pattern DIRECTION =
            Pattern.compile("\\s+(ASC|DESC)\\s*$", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private IndexDefinition() {}

    /**
     * The terms between the parentheses of {@code sql}, without ASC and DESC; none for an empty text, as an index that a
     * constraint made has.
     */
    static List<String> terms(String sql) {
        List<String> terms = new ArrayList<>();
        var depth = 0;
        var start = -1;
        for (var i = 0; i < sql.length(); i++) {
            switch (sql.charAt(i)) {
                case '\'', '"', '`' -> i = endOfQuote(sql, i, sql.charAt(i));
                case '[' -> i = endOfQuote(sql, i, ']');
                case '-' -> i = endOfComment(sql, i, "--", "\n");
                case '/' -> i = endOfComment(sql, i, "/*", "*/");
                case '(' -> {
                    depth++;
                    if (depth == 1) {
                        start = i + 1;
                    }
                }
                case ',' -> {
                    if (depth == 1) {
                        terms.add(term(sql, start, i));
                        start = i + 1;
                    }
                }
                case ')' -> {
                    depth--;
                    if (depth == 0) {
                        terms.add(term(sql, start, i));
                        return terms;
                    }
                }
                default -> {
                    // any other character is part of a term or of the head
                }
            }
        }
        return terms;
    }

    private static String term(String sql, int from, int to) {
        return DIRECTION.matcher(sql.substring(from, to)).replaceFirst("").strip();
    }

    /** Index of the closing quote; a doubled quote opens again at once, which comes to the same. */
    private static int endOfQuote(String sql, int from, char quote) {
        var end = sql.indexOf(quote, from + 1);
        return end < 0 ? sql.length() : end;
    }

    private static int endOfComment(String sql, int from, String open, String close) {
        if (!sql.startsWith(open, from)) {
            return from;
        }
        var end = sql.indexOf(close, from + open.length());
        return end < 0 ? sql.length() : end + close.length() - 1;
    }
}
