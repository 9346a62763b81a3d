package io.merklite.schema.text;

import java.util.ArrayList;
import java.util.List;

/**
 * One column or expression of an index, of a key, or of a UNIQUE constraint, as written.
 *
 * @param tokens the column or the expression, without COLLATE at its end and without direction
 * @param collation in upper case; empty where none is written
 * @param isDescending whether DESC is written
 */
public record KeyPart(List<Token> tokens, String collation, boolean isDescending) {
    public KeyPart {
        tokens = List.copyOf(tokens);
    }

    /** The parts of a list in brackets. */
    public static List<KeyPart> list(List<Token> tokens) {
        List<KeyPart> parts = new ArrayList<>();
        var start = 0;
        for (var i = 0; i <= tokens.size(); i++) {
            if (i < tokens.size() && tokens.get(i).isSymbol("(")) {
                i = CanonicalText.closingBracket(tokens, i);
            } else if (i == tokens.size() || tokens.get(i).isSymbol(",")) {
                if (i > start) {
                    parts.add(part(tokens.subList(start, i)));
                }
                start = i + 1;
            }
        }
        return parts;
    }

    private static KeyPart part(List<Token> tokens) {
        var rest = new ArrayList<>(tokens);
        var isDescending = false;
        if (rest.size() > 1 && rest.getLast().is("AUTOINCREMENT")) {
            rest.removeLast();
        }
        if (rest.size() > 2 && rest.get(rest.size() - 2).is("NULLS")) {
            rest.subList(rest.size() - 2, rest.size()).clear();
        }
        if (rest.size() > 1 && (rest.getLast().is("ASC") || rest.getLast().is("DESC"))) {
            isDescending = rest.removeLast().is("DESC");
        }
        var collation = "";
        if (rest.size() > 2 && rest.get(rest.size() - 2).is("COLLATE")) {
            collation = SqlNames.upper(rest.getLast().name());
            rest.subList(rest.size() - 2, rest.size()).clear();
        }
        return new KeyPart(rest, collation, isDescending);
    }

    /** The column's name; only where the part is a column. */
    public String column() {
        return tokens.getFirst().name();
    }
}
