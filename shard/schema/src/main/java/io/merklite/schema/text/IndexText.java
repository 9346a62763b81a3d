package io.merklite.schema.text;

import java.util.List;

/**
 * What a CREATE INDEX statement says that the catalogue does not.
 *
 * @param table the table's name, as written
 * @param parts what is indexed, in order
 * @param predicate the tokens after WHERE; empty for a full index
 */
public record IndexText(String table, List<KeyPart> parts, List<Token> predicate) {
    public IndexText {
        parts = List.copyOf(parts);
        predicate = List.copyOf(predicate);
    }

    /** Reads a statement of {@code sqlite_schema}; makes something or other of text that is none. */
    public static IndexText parse(String sql) {
        var tokens = SqlTokens.of(sql);
        var open = 1;
        while (open < tokens.size() && !tokens.get(open).isSymbol("(")) {
            open++;
        }
        if (open >= tokens.size()) {
            return new IndexText("", List.of(), List.of());
        }
        var close = Math.max(open + 1, CanonicalText.closingBracket(tokens, open));
        var after = tokens.subList(Math.min(close + 1, tokens.size()), tokens.size());
        var hasPredicate = !after.isEmpty() && after.getFirst().is("WHERE");
        return new IndexText(
                tokens.get(open - 1).name(),
                KeyPart.list(tokens.subList(open + 1, Math.min(close, tokens.size()))),
                hasPredicate ? after.subList(1, after.size()) : List.of());
    }
}
