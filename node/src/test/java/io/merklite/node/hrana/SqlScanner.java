package io.merklite.node.hrana;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Takes SQL apart as far as {@link SingleFileDatabases} needs: into statements, and these into words and parameters. */
final class SqlScanner {
    private SqlScanner() {}

    /** The statements of a script, without those that are empty. Triggers keep the semicolons in them. */
    static List<String> statements(String script) {
        List<String> statements = new ArrayList<>();
        var begin = 0;
        List<String> words = new ArrayList<>();
        for (var i = 0; i < script.length(); ) {
            var end = tokenEnd(script, i);
            var token = script.substring(i, end);
            if (token.equals(";") && !isInTrigger(words)) {
                if (!words.isEmpty()) {
                    statements.add(script.substring(begin, i).strip());
                }
                words.clear();
                begin = end;
            } else if (!isBlank(token)) {
                words.add(token.toUpperCase(Locale.ROOT));
            }
            i = end;
        }
        if (!words.isEmpty()) {
            statements.add(script.substring(begin).strip());
        }
        return statements;
    }

    private static boolean isInTrigger(List<String> words) {
        var isTrigger = !words.isEmpty()
                && words.getFirst().equals("CREATE")
                && words.stream().limit(3).anyMatch("TRIGGER"::equals);
        return isTrigger
                && !(words.getLast().equals("END")
                        && words.get(words.size() - 2).equals(";"));
    }

    /** The first word that is none of WITH and its tables, in upper case. */
    static String verb(String statement) {
        var depth = 0;
        var isWith = false;
        for (var i = 0; i < statement.length(); ) {
            var end = tokenEnd(statement, i);
            var token = statement.substring(i, end).toUpperCase(Locale.ROOT);
            i = end;
            if (isBlank(token)) {
                continue;
            }
            depth += token.equals("(") ? 1 : token.equals(")") ? -1 : 0;
            if (token.equals("WITH")) {
                isWith = true;
            } else if (!isWith
                    || (depth == 0
                            && List.of("SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "VALUES")
                                    .contains(token))) {
                return token;
            }
        }
        return "";
    }

    /** The names of parameters by number, as SQLite counts them. */
    static List<Optional<String>> parameters(String statement) {
        List<Optional<String>> names = new ArrayList<>();
        for (var i = 0; i < statement.length(); ) {
            var end = tokenEnd(statement, i);
            var token = statement.substring(i, end);
            i = end;
            if (token.equals("?")) {
                names.add(Optional.empty());
            } else if (token.startsWith("?")) {
                var number = Integer.parseInt(token.substring(1));
                while (names.size() < number) {
                    names.add(Optional.empty());
                }
                names.set(number - 1, Optional.of(token));
            } else if (token.length() > 1
                    && ":@$".indexOf(token.charAt(0)) >= 0
                    && !names.contains(Optional.of(token))) {
                names.add(Optional.of(token));
            }
        }
        return names;
    }

    private static boolean isBlank(String token) {
        return token.isBlank() || token.startsWith("--") || token.startsWith("/*");
    }

    private static int tokenEnd(String sql, int begin) {
        var c = sql.charAt(begin);
        return switch (c) {
            case '\'', '"', '`' -> quoteEnd(sql, begin, c);
            case '[' -> quoteEnd(sql, begin, ']');
            case '-' -> sql.startsWith("--", begin) ? lineEnd(sql, begin) : begin + 1;
            case '/' -> sql.startsWith("/*", begin) ? commentEnd(sql, begin) : begin + 1;
            case '?', ':', '@', '$' -> wordEnd(sql, begin + 1);
            default -> Character.isLetterOrDigit(c) || c == '_' ? wordEnd(sql, begin) : begin + 1;
        };
    }

    private static int quoteEnd(String sql, int begin, char quote) {
        for (var i = begin + 1; i < sql.length(); i++) {
            if (sql.charAt(i) == quote) {
                if (i + 1 < sql.length() && sql.charAt(i + 1) == quote && quote != ']') {
                    i++;
                } else {
                    return i + 1;
                }
            }
        }
        return sql.length();
    }

    private static int lineEnd(String sql, int begin) {
        var end = sql.indexOf('\n', begin);
        return end < 0 ? sql.length() : end + 1;
    }

    private static int commentEnd(String sql, int begin) {
        var end = sql.indexOf("*/", begin + 2);
        return end < 0 ? sql.length() : end + 2;
    }

    private static int wordEnd(String sql, int begin) {
        var i = begin;
        while (i < sql.length() && (Character.isLetterOrDigit(sql.charAt(i)) || sql.charAt(i) == '_')) {
            i++;
        }
        return i;
    }
}
