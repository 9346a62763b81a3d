package io.merklite.sync.store;

import io.merklite.schema.structure.Schema;
import io.merklite.schema.structure.Table;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.statement.SqlStatements;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How the tables of a file come to the names that they have in another schema, before anything else is migrated.
 *
 * <p>A name may have another table there: the first one is renamed out of the way, by a third name, since tables can change
 * names with each other. Without this a replica that hears of a rename and of a new table under the old name at once would
 * take its table for the new one, and its rows for dead in the renamed one.
 *
 * <p>A table that is one with another of the file, which writers made apart, leaves its rows {@linkplain MovedRows to join}
 * that one's.
 */
final class TableMoves {
    private static final String PASSING = "_merklite_passing_";

    private final TableIdentities identities;
    private final Schema target;
    /** By identity what the table is known by in the schema to come. */
    private final Map<String, String> renamed = new HashMap<>();

    /** By identity the table of the file that has the rows of this one too, from then on. */
    private final Map<String, String> joined = new HashMap<>();

    /** Tables that are gone, and whose names others have. */
    private final Set<String> dropped = new HashSet<>();

    /**
     * Works out what moves.
     *
     * @param present the tables of the file
     * @param target the schema to come
     * @param wanted by folded name what its tables are known by
     */
    TableMoves(TableIdentities identities, Schema present, Schema target, Map<String, String> wanted, Renames renames) {
        this.identities = identities;
        this.target = target;
        Set<String> taken = new HashSet<>();
        for (var table : present.tables()) {
            var identity = identity(table);
            if (wanted.containsValue(identity)) {
                taken.add(identity);
            }
        }
        for (var table : present.tables()) {
            var identity = identity(table);
            if (!taken.contains(identity)) {
                var now = renames.tableNow(identity, wanted::containsValue);
                if (now.isEmpty() && wanted.containsKey(Identifiers.fold(table.name()))) {
                    dropped.add(identity);
                } else if (now.isPresent() && taken.add(now.get())) {
                    renamed.put(identity, now.get());
                } else {
                    now.ifPresent(other -> joined.put(identity, other));
                }
            }
        }
    }

    private String identity(Table table) {
        return identities.of(Identifiers.fold(table.name()));
    }

    /** Whether tables are one with others. */
    boolean areJoining() {
        return !joined.isEmpty();
    }

    boolean isEmpty() {
        return renamed.isEmpty() && joined.isEmpty() && dropped.isEmpty();
    }

    /**
     * Moves the tables of a file that has neither views nor triggers. Their identities follow at once.
     *
     * @return rows of tables that are one with another now
     */
    List<MovedRows> run(SqlStatements statements, TableRegistry registry, ShadowRows shadow, Renames renames)
            throws SQLException {
        List<MovedRows> moved = new ArrayList<>();
        for (var join : joined.entrySet()) {
            var name = TableIdentities.nameOf(join.getKey());
            for (var part : List.of(name, KeylessRows.groupName(name))) {
                var table = registry.table(part);
                if (table.isPresent()) {
                    moved.add(MovedRows.read(shadow, table.get(), join.getValue(), renames));
                }
            }
            drop(statements, join.getKey());
        }
        for (var identity : dropped) {
            drop(statements, identity);
        }
        var names = renamed.keySet().stream().map(TableIdentities::nameOf).toList();
        for (var name : names) {
            rename(statements, name, PASSING + name);
        }
        for (var identity : renamed.keySet()) {
            identities.remove(identity);
        }
        for (var rename : renamed.entrySet()) {
            var name = TableIdentities.nameOf(rename.getValue());
            var written = target.table(name).map(Table::name).orElse(name);
            rename(statements, PASSING + TableIdentities.nameOf(rename.getKey()), written);
            identities.move(rename.getKey(), rename.getValue());
        }
        return moved;
    }

    private void drop(SqlStatements statements, String identity) throws SQLException {
        statements.once("DROP TABLE " + Identifiers.quote(TableIdentities.nameOf(identity)));
        identities.remove(identity);
    }

    private static void rename(SqlStatements statements, String from, String to) throws SQLException {
        statements.once("ALTER TABLE " + Identifiers.quote(from) + " RENAME TO " + Identifiers.quote(to));
    }
}
