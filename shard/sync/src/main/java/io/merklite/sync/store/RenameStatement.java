package io.merklite.sync.store;

import io.merklite.schema.structure.Rename;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import java.util.List;
import java.util.Optional;

/** ALTER TABLE … RENAME, which says what two schemas can't: that something is still the same. */
final class RenameStatement {
    private RenameStatement() {}

    /** What {@code sql} renames; none if it is another statement. */
    static Optional<Rename> read(String sql) {
        var tokens = SqlTokens.of(sql);
        if (tokens.size() < 5 || !tokens.get(0).is("ALTER") || !tokens.get(1).is("TABLE")) {
            return Optional.empty();
        }
        var table = tokens.get(3).isSymbol(".") ? 4 : 2;
        return rename(tokens.get(table), tokens.subList(table + 1, tokens.size()));
    }

    private static Optional<Rename> rename(Token table, List<Token> action) {
        if (action.size() < 3 || !action.getFirst().is("RENAME")) {
            return Optional.empty();
        }
        if (action.size() == 3 && action.get(1).is("TO")) {
            return Optional.of(Rename.ofTable(table.name(), action.get(2).name()));
        }
        var from = action.get(1).is("COLUMN") && action.size() == 5 ? 2 : 1;
        return action.size() == from + 3 && action.get(from + 1).is("TO")
                ? Optional.of(Rename.ofColumn(
                        table.name(),
                        action.get(from).name(),
                        action.get(from + 2).name()))
                : Optional.empty();
    }
}
