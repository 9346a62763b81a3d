package io.merklite.sync.role;

import io.merklite.schema.structure.Schema;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.database.LogListener;
import io.merklite.sync.database.TableNames;
import io.merklite.sync.replicate.MerkleScope;
import io.merklite.sync.store.KeyRange;
import io.merklite.sync.store.ReplicaStore;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The tables of a role: those that the store replicates, that have a primary key, and that its filter accepts. Rows of
 * theirs with NULL in that key do not take part: no key tells the master's from the replica's.
 *
 * <p>Follows changes of the schema by the file's schema version, which is looked at in each call.
 */
final class RoleTables {
    private static final String KEYED = """
            SELECT t.name, t.sql, EXISTS (SELECT 1 FROM pragma_table_info(t.name) WHERE pk > 0)
            FROM main.sqlite_schema t WHERE t.type = 'table' AND t.sql IS NOT NULL ORDER BY t.name
            """;
    private static final int HEX = 16;
    private static final int FINGERPRINT_DIGITS = 8;

    private final ReplicaStore store;
    private final Predicate<String> accepted;
    private final LogListener log;
    private final Set<String> warned = new HashSet<>();
    /** By folded name. */
    private Map<String, Declared> declared = Map.of();

    /** Folded names of all tables with a primary key. */
    private Set<String> keyed = Set.of();

    private long schemaVersion = -1;
    private int fingerprint;

    /** A table as it was declared. */
    private record Declared(String name, String sql) {}

    /** @param accepted by folded name */
    RoleTables(ReplicaStore store, Predicate<String> accepted, LogListener log) {
        this.store = store;
        this.accepted = accepted;
        this.log = log;
    }

    static Predicate<String> filter(RoleOptions options) {
        if (options.tables().isEmpty()) {
            return table -> true;
        }
        Set<String> names = new HashSet<>();
        options.tables().get().forEach(name -> names.add(Identifiers.fold(name)));
        return names::contains;
    }

    /** What is compared along the merkle index. */
    MerkleScope scope() {
        return new MerkleScope(store, this::has, this::fingerprint);
    }

    /** Whether a table takes part, by its name in any case. */
    boolean has(String table) {
        refresh();
        return declared.containsKey(Identifiers.fold(table));
    }

    /** Whether changes of a group in a changeset take part. Warns of rows that do not, since they have no key. */
    boolean takes(String group) {
        var isOurs = has(group);
        if (!isOurs) {
            KeylessRows.tableOf(group).filter(this::has).ifPresent(this::warnOfKeylessRows);
        }
        return isOurs;
    }

    private void warnOfKeylessRows(String table) {
        if (warned.add(KeylessRows.groupName(Identifiers.fold(table)))) {
            log.log(
                    LogListener.Level.WARN,
                    "table " + table + " has rows with NULL in the primary key, which do not replicate: declare the key"
                            + " NOT NULL");
        }
    }

    /** Whether a table of the file has a primary key, be it this role's or not. */
    boolean hasKey(String table) {
        refresh();
        return keyed.contains(Identifiers.fold(table));
    }

    /** Their folded names, in order. */
    Set<String> names() {
        refresh();
        return declared.keySet();
    }

    /** Their names as they were declared, in order. */
    List<String> declaredNames() {
        refresh();
        return declared.values().stream().map(Declared::name).toList();
    }

    /** Equal for tables of equal structure; indexes, views and triggers do not count. */
    int fingerprint() {
        refresh();
        return fingerprint;
    }

    /** The statements that make them. */
    List<String> ddl() {
        refresh();
        return declared.values().stream().map(Declared::sql).toList();
    }

    private void refresh() {
        try (var statement = store.connection().createStatement()) {
            try (var version = statement.executeQuery("PRAGMA main.schema_version")) {
                version.next();
                if (version.getLong(1) == schemaVersion) {
                    return;
                }
                schemaVersion = version.getLong(1);
            }
            Map<String, Declared> found = new LinkedHashMap<>();
            Set<String> withKey = new HashSet<>();
            try (var rows = statement.executeQuery(KEYED)) {
                while (rows.next()) {
                    consider(rows.getString(1), rows.getString(2), rows.getBoolean(3), found);
                    if (rows.getBoolean(3)) {
                        withKey.add(Identifiers.fold(rows.getString(1)));
                    }
                }
            }
            keyed = withKey;
            if (!found.equals(declared)) {
                declared = found;
                fingerprint =
                        fingerprintOf(found.values().stream().map(Declared::sql).toList());
            }
            found.forEach((name, table) -> {
                if (hasKeylessRows(name)) {
                    warnOfKeylessRows(table.name());
                }
            });
        } catch (SQLException e) {
            schemaVersion = -1;
            throw new StoreFailure("reading the schema", e);
        }
    }

    private boolean hasKeylessRows(String table) {
        var group = KeylessRows.groupName(table);
        return store.ranges().keyCount(group) > 0 && store.ranges().count(group, KeyRange.ALL, 1) > 0;
    }

    private void consider(String name, String sql, boolean isKeyed, Map<String, Declared> found) {
        var folded = Identifiers.fold(name);
        if (TableNames.isInternal(folded) || !accepted.test(folded)) {
            return;
        }
        if (isKeyed && !sql.regionMatches(true, 0, "CREATE VIRTUAL", 0, "CREATE VIRTUAL".length())) {
            found.put(folded, new Declared(name, sql));
        } else if (warned.add(folded)) {
            log.log(LogListener.Level.WARN, "table " + name + " has no primary key and does not replicate");
        }
    }

    private static int fingerprintOf(List<String> ddl) {
        var hash = Schema.parse(String.join(";\n", ddl)).hash();
        return Integer.parseUnsignedInt(hash.substring(0, FINGERPRINT_DIGITS), HEX);
    }
}
