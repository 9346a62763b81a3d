package io.merklite.sync.store;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.SyncException.DamagedStore;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.StillClashing;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.transaction.Transaction;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The conflict ledger of a database: rows that lost against a constraint when replicas merged, to be seen, brought back,
 * or given up.
 *
 * <p>The ledger is the table {@code _merklite_conflicts}, which replicates: what is restored or discarded on one replica
 * is gone from it everywhere, and whoever watches tables can watch it. Every call that writes is one local transaction,
 * which must be published like any other.
 *
 * <pre>{@code
 * var conflicts = new Conflicts(store);
 * for (var entry : conflicts.list()) {
 *     var email = Map.<String, ChangesetValue>of("email", ChangesetValue.Text.of("anne.2@example.org"));
 *     publish(conflicts.restore(entry.id(), email, Conflicts.InTheWay.REFUSE));
 * }
 * }</pre>
 *
 * <p><b>Threading.</b> As its store: confined to the owner of the connection. Blocks on disk.
 */
public final class Conflicts {
    private static final int CONSTRAINT = 19;
    private static final String SELECT =
            "SELECT id, kind, \"table\", columns, row, found_at FROM main._merklite_conflicts";

    private final ReplicaStore store;

    /** What stood against a row. */
    public enum Kind {
        /** A row with the same unique values was born earlier. The row is out of its table. */
        UNIQUE("unique"),
        /** Each value was valid where it was written; together they are not. The row is still in its table. */
        CHECK("check"),
        /** The row that it refers to is gone. The row is out of its table. */
        FOREIGN_KEY("foreign-key"),
        /**
         * It had NULL in several columns of the primary key, and they were filled in one by one on several replicas; or it was
         * written when its table had another key, and the one of now does not tell it. The row is out of its table.
         */
        KEY("key"),
        /**
         * It has NULL where the schema asks for a value: who wrote it did not know of that yet, or what several replicas
         * wrote leaves a generated column without one. The row is out of its table.
         */
        NOT_NULL("not-null"),
        /** A STRICT table does not take a value of it: who wrote it had another schema. The row is out of its table. */
        TYPE("type");

        private final String id;

        Kind(String id) {
            this.id = id;
        }

        /** What the ledger calls it. */
        public String id() {
            return id;
        }
    }

    /** What becomes of rows that clash with one that is restored. */
    public enum InTheWay {
        /** They stay, and restoring fails. */
        REFUSE,
        /** They are deleted, as by INSERT OR REPLACE. */
        REPLACE
    }

    /**
     * A row of the ledger.
     *
     * @param id the same on every replica
     * @param kind what stood against it
     * @param table name of its table
     * @param row its values by column, in the order that the table had when it lost
     * @param foundAt when that was, by the clock of the replica that found it
     */
    public record Entry(String id, Kind kind, String table, Map<String, ChangesetValue> row, Instant foundAt) {
        public Entry {
            row = Collections.unmodifiableMap(new LinkedHashMap<>(row));
        }
    }

    /** The ledger of {@code store}. */
    public Conflicts(ReplicaStore store) {
        this.store = store;
    }

    /** All entries, the oldest first. */
    public List<Entry> list() {
        try (var query = store.connection().prepareStatement(SELECT + " ORDER BY found_at, id");
                var rows = query.executeQuery()) {
            List<Entry> entries = new ArrayList<>();
            while (rows.next()) {
                entries.add(read(rows));
            }
            return List.copyOf(entries);
        } catch (SQLException e) {
            throw new StoreFailure("reading the conflict ledger", e);
        }
    }

    /** The entry with this id; none if it was restored or discarded, here or elsewhere. */
    public Optional<Entry> find(String id) {
        try {
            return read(id);
        } catch (SQLException e) {
            throw new StoreFailure("reading the conflict ledger", e);
        }
    }

    /** Brings a row back as it was: {@link #restore(String, Map, InTheWay)} without edits. */
    public Transaction restore(String id, InTheWay inTheWay) {
        return restore(id, Map.of(), inTheWay);
    }

    /**
     * Brings a row back, as a new write of this replica, and takes it off the ledger. Triggers fire; columns that the
     * table lost since are left out, new ones have their defaults. Of a row that is still in its table, the values there
     * become these.
     *
     * @param edits values that it has instead, by column in any case
     * @param inTheWay what becomes of rows that clash with it
     * @return what was written, to be published like any other transaction
     * @throws StillClashing if a constraint is against it; nothing is changed then
     * @throws InvalidState if there is no such entry, or it is a row without a primary key that is still in its table
     * @throws Unsupported if its table is gone, or has no column that is edited
     */
    public Transaction restore(String id, Map<String, ChangesetValue> edits, InTheWay inTheWay) {
        try {
            return store.write(() -> {
                        var entry = read(id).orElseThrow(() -> new InvalidState(
                                "no entry " + id + " in the conflict ledger",
                                "List it again: the row may have been restored or discarded elsewhere"));
                        put(entry, edits, inTheWay);
                        return delete(id);
                    })
                    .transaction()
                    .orElseThrow(
                            () -> new IllegalStateException("taking entry " + id + " off the ledger changed nothing"));
        } catch (StoreFailure e) {
            if (e.getCause() instanceof SQLException cause && (cause.getErrorCode() & 0xff) == CONSTRAINT) {
                throw new StillClashing("conflict " + id, cause);
            }
            throw e;
        }
    }

    /** Takes an entry off the ledger, and its row is given up; of no effect if it is not there. */
    public Optional<Transaction> discard(String id) {
        return store.write(() -> delete(id)).transaction();
    }

    private int delete(String id) throws SQLException {
        try (var delete = store.connection().prepareStatement("DELETE FROM main._merklite_conflicts WHERE id = ?")) {
            delete.setString(1, id);
            return delete.executeUpdate();
        }
    }

    private void put(Entry entry, Map<String, ChangesetValue> edits, InTheWay inTheWay) throws SQLException {
        var layout = TableLayout.read(store.connection(), "main", entry.table())
                .orElseThrow(() -> new Unsupported(
                        "conflict " + entry.id() + " is of table " + entry.table() + ", which is gone",
                        "Discard it, or create the table again"));
        if (entry.kind() == Kind.CHECK && isKeyless(layout, entry.row())) {
            throw new InvalidState(
                    "the row of conflict " + entry.id() + " has no primary key and is still in its table",
                    "Update it there, then discard the entry");
        }
        Map<String, ChangesetValue> values = new LinkedHashMap<>();
        entry.row().forEach((name, value) -> column(layout, name).ifPresent(column -> values.put(column, value)));
        edits.forEach((name, value) -> values.put(
                column(layout, name)
                        .orElseThrow(() -> new Unsupported(
                                "table " + entry.table() + " has no column " + name, "Edit columns that it has")),
                value));
        var sql = insertSql(layout, values, inTheWay) + (entry.kind() == Kind.CHECK ? upsertSql(layout, values) : "");
        try (var insert = store.connection().prepareStatement(sql)) {
            var parameter = 1;
            for (var value : values.values()) {
                RowParameters.bind(insert, parameter++, value);
            }
            insert.executeUpdate();
        }
    }

    private static boolean isKeyless(TableLayout layout, Map<String, ChangesetValue> row) {
        var keys = layout.columns().stream()
                .filter(TableLayout.Column::isKey)
                .map(column -> Identifiers.fold(column.name()))
                .toList();
        return keys.isEmpty()
                || row.entrySet().stream()
                        .anyMatch(value -> value.getValue() instanceof ChangesetValue.Null
                                && keys.contains(Identifiers.fold(value.getKey())));
    }

    private static Optional<String> column(TableLayout layout, String name) {
        return layout.columns().stream()
                .filter(column -> Identifiers.fold(column.name()).equals(Identifiers.fold(name)))
                .map(TableLayout.Column::quoted)
                .findFirst();
    }

    private static String insertSql(TableLayout layout, Map<String, ChangesetValue> values, InTheWay inTheWay) {
        return (inTheWay == InTheWay.REPLACE ? "INSERT OR REPLACE INTO " : "INSERT OR ABORT INTO ")
                + layout.qualifiedName() + "(" + String.join(", ", values.keySet()) + ") VALUES ("
                + values.values().stream().map(RowParameters::mark).collect(Collectors.joining(", ")) + ")";
    }

    /** Values for the row that is still there. */
    private static String upsertSql(TableLayout layout, Map<String, ChangesetValue> values) {
        var keys = layout.columns().stream()
                .filter(TableLayout.Column::isKey)
                .map(TableLayout.Column::quoted)
                .collect(Collectors.joining(", "));
        return " ON CONFLICT (" + keys + ") DO UPDATE SET "
                + values.keySet().stream()
                        .map(name -> name + " = excluded." + name)
                        .collect(Collectors.joining(", "));
    }

    private Optional<Entry> read(String id) throws SQLException {
        try (var query = store.connection().prepareStatement(SELECT + " WHERE id = ?")) {
            query.setString(1, id);
            try (var rows = query.executeQuery()) {
                return rows.next() ? Optional.of(read(rows)) : Optional.empty();
            }
        }
    }

    private Entry read(ResultSet rows) throws SQLException {
        var id = rows.getString(1);
        var kindId = rows.getString(2);
        var kind = Arrays.stream(Kind.values())
                .filter(candidate -> candidate.id().equals(kindId))
                .findFirst()
                .orElseThrow(() -> new DamagedStore("conflict " + id + " is of a kind that is not known"));
        var names = names(rows.getString(4));
        return new Entry(
                id,
                kind,
                rows.getString(3),
                values(id, names, rows.getBytes(5)),
                Instant.ofEpochMilli(rows.getLong(6)));
    }

    private List<String> names(String json) throws SQLException {
        try (var query = store.connection().prepareStatement("SELECT value FROM json_each(?) ORDER BY key")) {
            query.setString(1, json);
            try (var rows = query.executeQuery()) {
                List<String> names = new ArrayList<>();
                while (rows.next()) {
                    names.add(rows.getString(1));
                }
                return names;
            }
        }
    }

    private static Map<String, ChangesetValue> values(String id, List<String> names, byte[] changeset) {
        var cursor = new ChangesetCursor(changeset);
        var unnamed = cursor.next() ? cursor.columnCount() - names.size() : -1;
        if (unnamed != 0 && unnamed != 1) {
            throw new DamagedStore("conflict " + id + " has " + names.size() + " columns and another number of values");
        }
        Map<String, ChangesetValue> values = new LinkedHashMap<>();
        for (var i = 0; i < names.size(); i++) {
            values.put(names.get(i), cursor.newValue(i + unnamed));
        }
        return values;
    }
}
