package io.merklite.schema.structure;

import io.merklite.schema.SchemaException;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What was called something else before, declared by whoever wrote the schema: a structure alone can't tell a rename from
 * a drop and an add.
 *
 * <p>In the text of a schema it is a comment, anywhere: {@code -- merklite:rename table emp -> staff} or {@code --
 * merklite:rename column staff.pay -> salary}, where the column's table has its new name already. Names may be quoted. A
 * rename that has happened is passed over, so the comment may stay.
 *
 * @param table of a column: its table, under the wanted name; empty where a table itself is renamed
 * @param from the old name
 * @param to the new name
 */
public record Rename(Optional<String> table, String from, String to) {
    private static final String DIRECTIVE = "merklite:rename";

    /** A table's rename. */
    public static Rename ofTable(String from, String to) {
        return new Rename(Optional.empty(), from, to);
    }

    /** A column's rename, in {@code table} as it is called afterwards. */
    public static Rename ofColumn(String table, String from, String to) {
        return new Rename(Optional.of(table), from, to);
    }

    /** Whether it only changes the case of a name. */
    public boolean isOfCaseOnly() {
        return SqlNames.same(from, to);
    }

    /** For people. */
    public String label() {
        return table.map(name -> "column " + name + ".").orElse("table ") + from + " -> " + to;
    }

    static List<Rename> declaredIn(String ddl) {
        List<Rename> renames = new ArrayList<>();
        for (var token : SqlTokens.withComments(ddl)) {
            if (token.kind() == Token.Kind.COMMENT) {
                var words = token.text().replaceAll("^(--|/\\*)\\s*|\\s*\\*/$", "");
                if (words.startsWith(DIRECTIVE)) {
                    renames.add(parse(words));
                }
            }
        }
        return renames;
    }

    private static Rename parse(String directive) {
        var tokens = SqlTokens.of(directive.substring(DIRECTIVE.length()));
        if (tokens.size() == 4
                && tokens.get(0).is("TABLE")
                && tokens.get(1).isName()
                && tokens.get(2).isSymbol("->")
                && tokens.get(3).isName()) {
            return ofTable(tokens.get(1).name(), tokens.get(3).name());
        }
        if (tokens.size() == 6
                && tokens.get(0).is("COLUMN")
                && tokens.get(1).isName()
                && tokens.get(2).isSymbol(".")
                && tokens.get(3).isName()
                && tokens.get(4).isSymbol("->")
                && tokens.get(5).isName()) {
            return ofColumn(
                    tokens.get(1).name(), tokens.get(3).name(), tokens.get(5).name());
        }
        throw new SchemaException.ParseFailed("'" + directive
                + "' is neither 'merklite:rename table OLD -> NEW' nor 'merklite:rename column TABLE.OLD -> NEW'");
    }

    /** Refuses a rename whose new name is not in {@code schema}, whose old name still is, or that leads back to it. */
    void checkAgainst(Schema schema) {
        var isKnown = table.map(name ->
                        schema.table(name).flatMap(found -> found.column(to)).isPresent())
                .orElseGet(() -> schema.table(to).isPresent());
        if (!isKnown) {
            throw new SchemaException.ParseFailed("rename " + label() + ": the schema has no such new name");
        }
        var isAmbiguous = !isOfCaseOnly()
                && schema.renames().stream()
                        .noneMatch(other -> other.table().equals(table) && SqlNames.same(other.to(), from))
                && table.map(name -> schema.table(name)
                                .flatMap(found -> found.column(from))
                                .isPresent())
                        .orElseGet(() -> schema.table(from).isPresent());
        if (isAmbiguous) {
            throw new SchemaException.ParseFailed("rename " + label() + ": the schema still has the old name");
        }
        if (isInCircle(schema.renames())) {
            throw new SchemaException.ParseFailed("rename " + label()
                    + ": names that change places look the same before and after; rename one by a third name first");
        }
    }

    private boolean isInCircle(List<Rename> all) {
        var name = to;
        for (var i = 0; i < all.size() && !isOfCaseOnly(); i++) {
            var reached = name;
            var next = all.stream()
                    .filter(other -> other.table().equals(table) && SqlNames.same(other.from(), reached))
                    .findFirst();
            if (next.isEmpty()) {
                return false;
            }
            name = next.get().to();
            if (SqlNames.same(name, from)) {
                return true;
            }
        }
        return false;
    }
}
