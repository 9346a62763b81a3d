package io.merklite.client.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Internal: what the tokens of a statement tell without parsing it. Strings, quoted names and comments are passed over as
 * SQLite does.
 *
 * <p><b>Cost.</b> Linear in the text, once, when it is made.
 */
public final class SqlText {
    private static final Set<String> WRITING = Set.of("INSERT", "UPDATE", "DELETE", "REPLACE");

    private final String sql;
    private final List<String> words = new ArrayList<>();
    private final List<String> parameters = new ArrayList<>();
    private int position;
    private int statementCount;
    private boolean isBetween = true;

    /** What a statement does to the transaction that it runs in. */
    public enum Kind {
        /** Nothing but blanks and comments. */
        EMPTY,
        /** SELECT, VALUES, EXPLAIN. */
        READ,
        /** INSERT, UPDATE, DELETE, REPLACE. */
        WRITE,
        /** BEGIN. */
        BEGIN,
        /** COMMIT or END. */
        COMMIT,
        /** ROLLBACK, but not to a savepoint. */
        ROLLBACK,
        /** SAVEPOINT, RELEASE, ROLLBACK TO. */
        SAVEPOINT,
        /** PRAGMA. */
        PRAGMA,
        /** Everything else: DDL, VACUUM, ATTACH. */
        OTHER
    }

    private SqlText(String sql) {
        this.sql = sql;
        scan();
    }

    /** Looks at {@code sql}. */
    public static SqlText of(String sql) {
        return new SqlText(sql);
    }

    /** What the first statement is. */
    public Kind kind() {
        if (words.isEmpty()) {
            return Kind.EMPTY;
        }
        return switch (words.getFirst()) {
            case "SELECT", "VALUES", "EXPLAIN" -> Kind.READ;
            case "WITH" -> words.stream().anyMatch(WRITING::contains) ? Kind.WRITE : Kind.READ;
            case "INSERT", "UPDATE", "DELETE", "REPLACE" -> Kind.WRITE;
            case "BEGIN" -> Kind.BEGIN;
            case "COMMIT", "END" -> Kind.COMMIT;
            case "ROLLBACK" -> words.contains("TO") ? Kind.SAVEPOINT : Kind.ROLLBACK;
            case "SAVEPOINT", "RELEASE" -> Kind.SAVEPOINT;
            case "PRAGMA" -> Kind.PRAGMA;
            default -> Kind.OTHER;
        };
    }

    /** Whether it can be run twice without harm; false where that is not plain. */
    public boolean isReading() {
        return statementCount <= 1 && kind() == Kind.READ;
    }

    /** Whether it inserts rows, so that there are generated keys. */
    public boolean isInserting() {
        return kind() == Kind.WRITE && (words.contains("INSERT") || words.contains("REPLACE"));
    }

    /** Whether it makes something that only its connection sees. */
    public boolean isTemporary() {
        return kind() == Kind.OTHER && (words.contains("TEMP") || words.contains("TEMPORARY"));
    }

    /** Whether it gives a pragma, named in capitals, a value. */
    public boolean isSetting(String pragma) {
        return kind() == Kind.PRAGMA && words.size() > 2 && words.get(1).equals(pragma);
    }

    /** Whether the word, in capitals, stands in it outside of strings, names and comments. */
    public boolean hasWord(String word) {
        return words.contains(word);
    }

    /** How many statements there are; triggers count for what they are, one. */
    public int statementCount() {
        return statementCount;
    }

    /** Its parameters in SQLite's numbering: the name with its sign, or a question mark. */
    public List<String> parameters() {
        return List.copyOf(parameters);
    }

    // ---- tokens -----------------------------------------------------------------------------------------------------

    private void scan() {
        var isTrigger = false;
        while (position < sql.length()) {
            var c = sql.charAt(position);
            if (Character.isWhitespace(c)) {
                position++;
            } else if (sql.startsWith("--", position)) {
                var end = sql.indexOf('\n', position);
                position = end < 0 ? sql.length() : end + 1;
            } else if (sql.startsWith("/*", position)) {
                var end = sql.indexOf("*/", position + 2);
                position = end < 0 ? sql.length() : end + 2;
            } else if (c == ';') {
                position++;
                isBetween |= !isTrigger || words.getLast().equals("END");
                isTrigger &= !isBetween;
            } else {
                if (isBetween) {
                    isBetween = false;
                    statementCount++;
                }
                token(c);
                isTrigger |= words.size() >= 2
                        && words.size() <= 3
                        && words.getFirst().equals("CREATE")
                        && words.getLast().equals("TRIGGER");
            }
        }
    }

    private void token(char c) {
        switch (c) {
            case '\'', '"', '`' -> skipQuoted(c);
            case '[' -> {
                var end = sql.indexOf(']', position);
                position = end < 0 ? sql.length() : end + 1;
            }
            case '?', ':', '@', '$' -> parameter(c);
            default -> {
                if (isNamePart(c)) {
                    var begin = position;
                    skipName();
                    words.add(sql.substring(begin, position).toUpperCase(Locale.ROOT));
                } else {
                    position++;
                }
            }
        }
    }

    private void skipQuoted(char quote) {
        position++;
        while (position < sql.length()) {
            if (sql.charAt(position++) == quote) {
                if (position == sql.length() || sql.charAt(position) != quote) {
                    return;
                }
                position++;
            }
        }
    }

    private void parameter(char sign) {
        var begin = position++;
        skipName();
        var name = sql.substring(begin, position);
        if (sign == '?') {
            var number = name.length() > 1 ? number(name.substring(1)) : parameters.size() + 1;
            while (parameters.size() < number) {
                parameters.add("?");
            }
        } else if (name.length() > 1 && !parameters.contains(name)) {
            parameters.add(name);
        }
    }

    /** Numbers beyond what SQLite allows are the node's to refuse. */
    private static int number(String digits) {
        return digits.length() <= 5 && digits.chars().allMatch(Character::isDigit) ? Integer.parseInt(digits) : 0;
    }

    private void skipName() {
        while (position < sql.length() && isNamePart(sql.charAt(position))) {
            position++;
        }
    }

    private static boolean isNamePart(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c >= 0x80;
    }
}
