package io.merklite.schema.text;

import java.util.List;
import java.util.Optional;

/**
 * A constraint, or another clause, of a column or of a table.
 *
 * @param kind what it says
 * @param name the name that CONSTRAINT gives it
 * @param start offset in the statement, of CONSTRAINT where there is one
 * @param tokens from its keyword to its last token, at least one
 */
public record Clause(Kind kind, Optional<String> name, int start, List<Token> tokens) {
    /** What a clause says. */
    public enum Kind {
        PRIMARY_KEY,
        NOT_NULL,
        NULLABLE,
        UNIQUE,
        CHECK,
        DEFAULT,
        COLLATE,
        FOREIGN_KEY,
        GENERATED
    }

    public Clause {
        tokens = List.copyOf(tokens);
    }

    /** Offset after its last character. */
    public int end() {
        return tokens.getLast().end();
    }

    /** The tokens between its first pair of brackets; empty where it has none. */
    public List<Token> inBrackets() {
        for (var i = 0; i < tokens.size(); i++) {
            if (tokens.get(i).isSymbol("(")) {
                return tokens.subList(i + 1, Math.max(i + 1, CanonicalText.closingBracket(tokens, i)));
            }
        }
        return List.of();
    }

    /** Whether {@code keyword} (in upper case) stands in it, outside of an expression. */
    public boolean has(String keyword) {
        return switch (kind) {
            case CHECK, GENERATED, DEFAULT -> false;
            default -> tokens.stream().anyMatch(token -> token.is(keyword));
        };
    }

    /** What ON CONFLICT asks for, in upper case; empty for SQLite's usual ABORT. */
    public String conflict() {
        for (var i = 0; i + 2 < tokens.size(); i++) {
            if (tokens.get(i).is("ON") && tokens.get(i + 1).is("CONFLICT")) {
                var algorithm = SqlNames.upper(tokens.get(i + 2).text());
                return algorithm.equals("ABORT") ? "" : algorithm;
            }
        }
        return "";
    }

    /** Whether a foreign key is checked at the end of the transaction. */
    public boolean isDeferred() {
        for (var i = 0; i < tokens.size(); i++) {
            if (tokens.get(i).is("DEFERRABLE")) {
                var isNot = i > 0 && tokens.get(i - 1).is("NOT");
                return !isNot && tokens.stream().skip(i).anyMatch(token -> token.is("DEFERRED"));
            }
        }
        return false;
    }
}
