package io.merklite.sync.store;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The schemas that this replica has had: what the columns of a changeset were when it was written.
 *
 * <p>A transaction that was written on an older schema is read by the names of its columns: one that is gone is left
 * out, one that came later has its default. Its tables are known by their {@linkplain TableIdentities identities}, so that
 * changes go where the table is now that they were written to, and not to another one that has its name.
 */
final class SchemaHistory {
    static final String CREATE = "CREATE TABLE IF NOT EXISTS _merklite_schemas("
            + "fingerprint INTEGER PRIMARY KEY, columns BLOB NOT NULL, own INTEGER NOT NULL)";

    private static final int NAME_LIMIT = 1 << 20;
    private static final int COUNT_LIMIT = 1 << 20;

    /** Stands for the schema in transactions that write internal tables only: it is known everywhere. */
    static final long INTERNAL = 0;

    private final SqlStatements statements;
    private final Optional<ReplicatedSchema> replicated;
    private final TableIdentities identities;
    private final Map<Long, Map<String, List<String>>> schemas = new HashMap<>();
    /** Schemas that this replica has had itself. */
    private final Set<Long> own = new HashSet<>();

    private long current;

    /** @param replicated the schema that replicas agree on, if they do */
    SchemaHistory(SqlStatements statements, Optional<ReplicatedSchema> replicated, TableIdentities identities)
            throws SQLException {
        this.statements = statements;
        this.replicated = replicated;
        this.identities = identities;
        try (var rows = statements
                .prepare("SELECT fingerprint, columns, own FROM _merklite_schemas")
                .executeQuery()) {
            while (rows.next()) {
                schemas.put(rows.getLong(1), decode(rows.getBytes(2)));
                if (rows.getBoolean(3)) {
                    own.add(rows.getLong(1));
                }
            }
        }
    }

    /**
     * Whether a transaction that was written on the schema with this fingerprint can be merged: it is known, and all its
     * columns are here or were once. A schema that has more is one that this replica has yet to migrate to.
     */
    boolean isKnown(long fingerprint) throws SQLException {
        var schema = schemas.get(fingerprint);
        return fingerprint == INTERNAL || (schema != null && (own.contains(fingerprint) || hasHad(schema)));
    }

    private boolean hasHad(Map<String, List<String>> schema) throws SQLException {
        for (var table : schema.entrySet()) {
            for (var column : table.getValue()) {
                if (!hasHad(table.getKey(), column)) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean hasHad(String table, String column) throws SQLException {
        var wasOwn = own.stream()
                .anyMatch(known -> schemas.getOrDefault(known, Map.of())
                        .getOrDefault(table, List.of())
                        .contains(column));
        return wasOwn || (replicated.isPresent() && replicated.get().hasHad(table, column));
    }

    /** What the schema with this fingerprint was; empty if that is not known. */
    Map<String, List<String>> describe(long fingerprint) {
        return schemas.getOrDefault(fingerprint, Map.of());
    }

    /** Takes note of what a schema of another replica was. */
    void learn(long fingerprint, Map<String, List<String>> columns) throws SQLException {
        if (!schemas.containsKey(fingerprint)) {
            schemas.put(fingerprint, columns);
            write(fingerprint, columns, false);
        }
    }

    /** The fingerprint of the schema as it is. */
    long current() {
        return current;
    }

    /** Records the schema as it is. */
    void record(TableRegistry registry) throws SQLException {
        current = registry.fingerprint();
        if (!own.add(current)) {
            return;
        }
        Map<String, List<String>> columns = new HashMap<>();
        registry.tables().values().stream()
                .filter(table -> !table.name().equals(ReplicatedSchema.TABLE)) // it is there before any schema
                .forEach(table -> columns.put(identities.of(table.foldedTableName()), names(table)));
        schemas.put(current, columns);
        write(current, columns, true);
    }

    private void write(long fingerprint, Map<String, List<String>> columns, boolean isOwn) throws SQLException {
        var insert = statements.prepare("INSERT OR REPLACE INTO _merklite_schemas VALUES (?1, ?2, ?3)");
        insert.setLong(1, fingerprint);
        insert.setBytes(2, encode(columns));
        insert.setBoolean(3, isOwn);
        insert.executeUpdate();
    }

    /** Where the columns of {@code table} are in the changes of its group that {@code change} is at the beginning of. */
    ChangeColumns columns(long fingerprint, TrackedTable table, ChangesetCursor change) throws SQLException {
        if (fingerprint == current || TableRegistry.isInternal(table.name())) {
            var positions = IntStream.range(0, table.changesetColumnCount()).toArray();
            if (positions.length != change.columnCount()) {
                throw misfit(table, change, positions.length);
            }
            return ChangeColumns.of(ChangeColumns.Key.SAME, positions);
        }
        var schema = schemas.getOrDefault(fingerprint, Map.of());
        var then = namedAsNow(table, schema.getOrDefault(identityThen(schema, groupOf(change)), List.of()));
        // Rows that had no key have their rowid in front.
        var wasKeyless = change.columnCount() == then.size() + 1;
        if (!wasKeyless && change.columnCount() != then.size()) {
            throw misfit(table, change, then.size());
        }
        var isKeyless = table.identity() == TrackedTable.Identity.BIRTH;
        if (wasKeyless != isKeyless) {
            return ChangeColumns.none();
        }
        var rowidCount = isKeyless ? 1 : 0;
        var positions = new int[table.changesetColumnCount()];
        var now = names(table);
        for (var i = 0; i < now.size(); i++) {
            var index = then.indexOf(now.get(i));
            positions[i + rowidCount] = index < 0 ? -1 : index + rowidCount;
        }
        return isKeyless ? ChangeColumns.of(ChangeColumns.Key.SAME, positions) : keyed(table, then, positions, change);
    }

    private static ChangeColumns keyed(TrackedTable table, List<String> then, int[] positions, ChangesetCursor change) {
        var formerKey = IntStream.range(0, change.columnCount())
                .filter(column -> change.keyPosition(column) != 0)
                .toArray();
        var key = IntStream.of(table.changesetKeys())
                .map(column -> positions[column])
                .sorted()
                .toArray();
        return Arrays.equals(key, formerKey)
                ? ChangeColumns.of(ChangeColumns.Key.CONVERTED, positions)
                : ChangeColumns.ofFormerKey(
                        positions,
                        formerKey,
                        IntStream.of(formerKey).mapToObj(then::get).toList());
    }

    /**
     * What a group of a changeset is called now that was written on the schema with this fingerprint; none if its table is
     * gone.
     */
    Optional<String> groupNow(long fingerprint, String group) throws SQLException {
        var schema = schemas.get(fingerprint);
        if (fingerprint == current || schema == null || TableRegistry.isInternal(group)) {
            return Optional.of(group);
        }
        return renames()
                .tableNow(identityThen(schema, group), identities::isPresent)
                .map(TableIdentities::nameOf)
                .map(now -> KeylessRows.tableOf(group).isPresent() ? KeylessRows.groupName(now) : now);
    }

    private static String identityThen(Map<String, List<String>> schema, String group) {
        var name = Identifiers.fold(KeylessRows.tableOrSelf(group));
        return schema.keySet().stream()
                .filter(identity -> TableIdentities.nameOf(identity).equals(name))
                .findFirst()
                .orElse(name);
    }

    static String groupOf(ChangesetCursor change) {
        return new String(change.tableName(), StandardCharsets.UTF_8);
    }

    private List<String> namedAsNow(TrackedTable table, List<String> then) throws SQLException {
        var renames = renames();
        return then.stream()
                .map(name -> renames.columnNow(identities.of(table.foldedTableName()), name, then::contains))
                .toList();
    }

    private Renames renames() throws SQLException {
        return replicated.isPresent() ? replicated.get().renames() : Renames.NONE;
    }

    private static Malformed misfit(TrackedTable table, ChangesetCursor change, int expected) {
        return new Malformed(
                "transaction",
                change.headerOffset(),
                "table " + table + " with " + change.columnCount() + " columns, its schema has " + expected);
    }

    private static List<String> names(TrackedTable table) {
        return table.layout().columns().stream()
                .map(column -> Identifiers.fold(column.name()))
                .toList();
    }

    private static byte[] encode(Map<String, List<String>> columns) {
        var out = new WireWriter().varint(columns.size());
        columns.forEach((table, names) -> {
            out.string(table).varint(names.size());
            names.forEach(out::string);
        });
        return out.toByteArray();
    }

    private static Map<String, List<String>> decode(byte[] bytes) {
        var reader = new WireReader("schema history", bytes, 0, bytes.length);
        Map<String, List<String>> columns = new HashMap<>();
        var tables = reader.count(2, COUNT_LIMIT);
        for (var i = 0; i < tables; i++) {
            var table = reader.string(NAME_LIMIT);
            List<String> names = new ArrayList<>();
            var count = reader.count(1, COUNT_LIMIT);
            for (var j = 0; j < count; j++) {
                names.add(reader.string(NAME_LIMIT));
            }
            columns.put(table, names);
        }
        return columns;
    }
}
