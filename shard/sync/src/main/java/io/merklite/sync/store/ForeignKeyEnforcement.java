package io.merklite.sync.store;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.statement.SqlStatements;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Switches enforcement of foreign keys off while rows merge: they have a rule of their own, after all rows are in.
 *
 * <p>SQLite can't switch it inside a transaction, and prepares every statement anew when it is switched. So it is left
 * alone where it can't matter.
 */
final class ForeignKeyEnforcement {
    private static final String FOREIGN_KEY_TABLES =
            "SELECT t.name, f.\"table\" FROM main.sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";

    private final SqlStatements statements;
    private @Nullable Set<String> concerned;
    private long concernedVersion;

    ForeignKeyEnforcement(SqlStatements statements) {
        this.statements = statements;
    }

    /**
     * Runs {@code work} without enforcement.
     *
     * @param tables that it writes to
     * @param work is told whether there would be enforcement, and so whether it must look after foreign keys
     */
    <T> T without(Collection<String> tables, Function<Boolean, T> work) {
        var isEnforcing = isOn() && areConcerned(tables);
        if (!isEnforcing) {
            return work.apply(false);
        }
        turn("OFF");
        try {
            return work.apply(true);
        } finally {
            turn("ON");
        }
    }

    private boolean isOn() {
        return StoreTransactions.call("reading foreign_keys", () -> statements.number("PRAGMA foreign_keys") != 0);
    }

    private void turn(String to) {
        StoreTransactions.call("switching foreign_keys", () -> {
            statements.run("PRAGMA foreign_keys = " + to);
            return true;
        });
    }

    /** Whether one of these tables has a foreign key, or another table has one to it. */
    private boolean areConcerned(Collection<String> tables) {
        return tables.contains(ReplicatedSchema.TABLE)
                || StoreTransactions.call("reading foreign keys", () -> {
                    if (concerned == null || concernedVersion != statements.number("PRAGMA main.schema_version")) {
                        concerned = new HashSet<>();
                        concernedVersion = statements.number("PRAGMA main.schema_version");
                        try (var rows = statements.prepare(FOREIGN_KEY_TABLES).executeQuery()) {
                            while (rows.next()) {
                                concerned.add(Identifiers.fold(rows.getString(1)));
                                concerned.add(Identifiers.fold(rows.getString(2)));
                            }
                        }
                    }
                    var found = concerned;
                    return tables.stream()
                            .map(table -> Identifiers.fold(KeylessRows.tableOrSelf(table)))
                            .anyMatch(found::contains);
                });
    }
}
