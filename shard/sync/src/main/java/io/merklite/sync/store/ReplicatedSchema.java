package io.merklite.sync.store;

import io.merklite.schema.SchemaException;
import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.merge.Element;
import io.merklite.schema.merge.ElementId;
import io.merklite.schema.merge.SchemaElements;
import io.merklite.schema.migrate.Allow;
import io.merklite.schema.migrate.SchemaMigrator;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.plan.OperationType;
import io.merklite.schema.structure.Index;
import io.merklite.schema.structure.Rename;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.structure.Table;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The schema that replicas agree on: a row for each element in a table that replicates like any other.
 *
 * <p>A change of the schema changes rows of elements; merged rows of elements are a schema, to which the file is migrated.
 * A dropped element is a value too, so nothing is ever deleted here, and the larger stamp decides.
 *
 * <p><b>Invariants.</b> (1) Outside a transaction the user's tables, indexes, views and triggers that replicate are what the
 * elements make together, but for those that are {@linkplain #missing() missing}. (2) What is missing here is never taken
 * for dropped by the user.
 */
final class ReplicatedSchema {
    static final String TABLE = "_merklite_schema_elements";

    static final List<String> CREATE = List.of("""
            CREATE TABLE IF NOT EXISTS _merklite_schema_elements(
                id TEXT PRIMARY KEY NOT NULL, element BLOB NOT NULL) WITHOUT ROWID
            """, """
            CREATE TABLE IF NOT EXISTS _merklite_schema_missing(id TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID
            """);

    /**
     * The stamp of what was there when replication of the schema began: before all others, and the same on every replica,
     * so that replicas which begin with the same tables have the same elements at once. Its origin never writes, so nobody
     * has seen these rows be born.
     */
    static final Stamp GENESIS = new Stamp(1, new Origin(1));

    private static final String SAVEPOINT = "merklite_schema";

    private final SqlStatements statements;
    private final TableRegistry registry;
    private final SchemaMigrator migrator;
    private final KeyChange keys;
    private @Nullable ElementRows known;
    private @Nullable Set<String> missing;

    /**
     * What a migration did.
     *
     * @param left rows that the new key of their table does not tell
     */
    record Migrated(boolean isChanged, Set<String> reborn, List<KeyChange.Left> left) {}

    /** Follows the schema of the file between two steps of a migration. */
    interface Follower {
        void follow() throws SQLException;
    }

    ReplicatedSchema(SqlStatements statements, TableRegistry registry, KeyChange keys) {
        this.statements = statements;
        this.registry = registry;
        this.keys = keys;
        this.migrator = SchemaMigrator.ofReplica(statements.connection(), registry::isUsers);
    }

    /** Forgets what is cached: a transaction was undone. */
    void reload() {
        known = null;
        missing = null;
    }

    /** Every rename that any writer declared. */
    Renames renames() throws SQLException {
        return new Renames(rows().elements().renames());
    }

    /** Whether a column, by folded names, is in the schema or was once. */
    boolean hasHad(String table, String column) throws SQLException {
        return missing().isEmpty()
                && rows().elements().elements().containsKey(new ElementId(ElementId.Kind.COLUMN, table, column));
    }

    /** Ids of elements that live and are not here: they do not fit the others, or rows are in their way. In order. */
    Set<String> missing() throws SQLException {
        if (missing == null) {
            Set<String> found = new TreeSet<>();
            try (var rows = statements
                    .prepare("SELECT id FROM _merklite_schema_missing")
                    .executeQuery()) {
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
            }
            missing = found;
        }
        return missing;
    }

    private ElementRows rows() throws SQLException {
        if (known == null) {
            known = ElementRows.read(statements);
        }
        return known;
    }

    /** Writes what is there as what always was, if no element is known yet. */
    void begin() throws SQLException {
        if (rows().isEmpty()) {
            follow(GENESIS, List.of());
        }
    }

    /**
     * Writes what the user has changed since, in the transaction that is open.
     *
     * @param stamp of the change
     * @param declared renames among it
     * @return whether there was anything
     */
    boolean follow(Stamp stamp, List<Rename> declared) throws SQLException {
        var before = rows().elements();
        var now = Schema.extract(new SqliteConnection(statements.connection()), registry::isUsers);
        var after = before.changedTo(now.withRenames(fitting(declared, now)), stamp);
        var changes = new TreeMap<>(after.elements());
        changes.entrySet()
                .removeIf(entry -> entry.getValue().equals(before.elements().get(entry.getKey())));
        var absent = missing();
        changes.keySet().removeIf(id -> absent.contains(ElementRows.id(id)));
        var newRenames = new ArrayList<>(after.renames());
        newRenames.removeAll(before.renames());
        for (var change : changes.entrySet()) {
            ElementRows.write(statements, change.getKey(), change.getValue());
            var isDropped = change.getKey().kind() == ElementId.Kind.TABLE
                    && !change.getValue().isAlive();
            if (isDropped && isFormerName(change.getKey().name(), before.renames())) {
                dropColumns(after, change.getKey().name(), stamp);
            }
        }
        for (var rename : newRenames) {
            ElementRows.write(statements, rename);
        }
        known = null;
        return !changes.isEmpty() || !newRenames.isEmpty();
    }

    private static boolean isFormerName(String table, List<Rename> renames) {
        return renames.stream()
                .anyMatch(rename -> rename.table().isEmpty()
                        && Identifiers.fold(rename.from()).equals(table));
    }

    /** Of a table under a name that another one had before: its columns must not be taken for columns of that one. */
    private void dropColumns(SchemaElements<Stamp> elements, String table, Stamp stamp) throws SQLException {
        for (var entry : elements.elements().entrySet()) {
            var id = entry.getKey();
            if (id.kind() == ElementId.Kind.COLUMN
                    && id.table().equals(table)
                    && entry.getValue().isAlive()) {
                ElementRows.write(statements, id, dropped(entry.getValue(), stamp));
            }
        }
    }

    private static Element<Stamp> dropped(Element<Stamp> element, Stamp stamp) {
        return new Element<>(stamp, false, element.name(), element.definition(), element.place());
    }

    private List<Rename> fitting(List<Rename> declared, Schema now) {
        return declared.stream()
                .filter(rename -> registry.accepts(rename.table().orElse(rename.to())))
                .filter(rename -> now.table(rename.table().orElse(rename.to())).isPresent())
                .toList();
    }

    /**
     * Settles which name stands where writers gave different ones to one table or column: the one given last. The others
     * become earlier names of it, so that rows come together under one name on every replica. Columns that somebody added
     * under an earlier name belong to the table as it is called now.
     *
     * @param stamp of the change
     * @return whether there was anything to settle
     */
    boolean settleRenames(Stamp stamp) throws SQLException {
        // Past what is cached: migrating needs that to tell what is new.
        var elements = ElementRows.read(statements).elements();
        var settled = new Renames(elements.renames()).rivals(id -> isAlive(elements, id));
        for (var rivals : settled) {
            var winner = rivals.stream()
                    .max(Comparator.comparing(
                                    (ElementId id) -> element(elements, id).stamp())
                            .thenComparing(ElementId::name))
                    .orElseThrow();
            for (var loser : rivals) {
                if (!loser.equals(winner)) {
                    giveUp(elements, loser, winner, stamp);
                }
            }
        }
        var isMoved = moveColumns(stamp);
        return isMoved || !settled.isEmpty();
    }

    private static boolean isAlive(SchemaElements<Stamp> elements, ElementId id) {
        var element = elements.elements().get(id);
        return element != null && element.isAlive();
    }

    private static boolean isDropped(SchemaElements<Stamp> elements, ElementId id) {
        return elements.elements().containsKey(id) && !isAlive(elements, id);
    }

    private static Element<Stamp> element(SchemaElements<Stamp> elements, ElementId id) {
        return Objects.requireNonNull(elements.elements().get(id), "an element that was just seen");
    }

    private void giveUp(SchemaElements<Stamp> elements, ElementId loser, ElementId winner, Stamp stamp)
            throws SQLException {
        ElementRows.write(statements, loser, dropped(element(elements, loser), stamp));
        ElementRows.write(
                statements,
                loser.kind() == ElementId.Kind.COLUMN
                        ? Rename.ofColumn(winner.table(), loser.name(), winner.name())
                        : Rename.ofTable(loser.name(), winner.name()));
    }

    /**
     * Gives tables the columns that were added under names which they no longer have. Under those they go: a table that is
     * gone would live on, since a column was written later.
     */
    private boolean moveColumns(Stamp stamp) throws SQLException {
        var elements = ElementRows.read(statements).elements();
        var renames = new Renames(elements.renames());
        var isMoved = false;
        for (var entry : elements.elements().entrySet()) {
            var id = entry.getKey();
            var column = entry.getValue();
            if (id.kind() == ElementId.Kind.COLUMN && column.isAlive() && isDropped(elements, tableId(id.table()))) {
                var table = renames.tableNow(id.table(), name -> false);
                if (isAlive(elements, tableId(table)) && isUnknown(elements, renames, table, id)) {
                    var moved = new ElementId(ElementId.Kind.COLUMN, table, id.name());
                    ElementRows.write(
                            statements,
                            moved,
                            new Element<>(stamp, true, column.name(), column.definition(), column.place()));
                    ElementRows.write(statements, id, dropped(column, stamp));
                    isMoved = true;
                }
            }
        }
        return isMoved;
    }

    private static ElementId tableId(String name) {
        return new ElementId(ElementId.Kind.TABLE, "", name);
    }

    /** Whether a table never had a column that was added under an earlier name of it. */
    private static boolean isUnknown(SchemaElements<Stamp> elements, Renames renames, String table, ElementId added) {
        var now = renames.columnNow(table, added.name(), name -> false);
        return Stream.of(added.name(), now)
                .map(name -> new ElementId(ElementId.Kind.COLUMN, table, name))
                .noneMatch(elements.elements()::containsKey);
    }

    /**
     * Brings the file to what the elements make together, in the transaction that is open and with foreign keys not
     * enforced. What rows are in the way of stays out, and is tried again with the next call.
     *
     * @param follower called where a table has to have its new key before it loses the columns of the former one
     */
    Migrated migrate(Follower follower) throws SQLException {
        var before = rows().elements();
        reload();
        var elements = rows().elements();
        var present = migrator.schema();
        List<KeyChange.Left> left = new ArrayList<>();
        SchemaElements.Assembly assembly;
        try {
            assembly = elements.assemble();
            var step = KeyChange.withFormerKeys(elements, present, assembly.schema());
            if (step.isPresent() && isApplied(step.get().assemble().schema(), present, left)) {
                follower.follow();
            }
        } catch (SchemaException.Unmergeable | SchemaException.ParseFailed e) {
            // Renames in a circle, or a key whose column nobody has: what was written last must be written anew.
            return new Migrated(false, Set.of(), List.of());
        }
        reach(assembly.schema(), migrator.schema(), left);
        var reached = migrator.schema();
        recordMissing(assembly, reached);
        return new Migrated(!present.equals(reached), reborn(before, elements, reached), left);
    }

    /** Tables that somebody dropped, and that live on because a column was written later: their rows begin anew. */
    private static Set<String> reborn(SchemaElements<Stamp> before, SchemaElements<Stamp> now, Schema reached) {
        Set<String> reborn = new HashSet<>();
        now.elements().forEach((id, element) -> {
            var isNew = !element.equals(before.elements().get(id));
            if (id.kind() == ElementId.Kind.TABLE
                    && isNew
                    && !element.isAlive()
                    && reached.table(id.name()).isPresent()) {
                reborn.add(id.name());
            }
        });
        return reborn;
    }

    private void reach(Schema target, Schema present, List<KeyChange.Left> left) throws SQLException {
        if (target.equals(present) || isApplied(target, present, left)) {
            return;
        }
        var newUnique = target.indexes().stream()
                .filter(Index::isUnique)
                .filter(index -> present.index(index.name())
                        .filter(known -> known.canonical().equals(index.canonical()))
                        .isEmpty())
                .toList();
        var modest = target.withoutIndexes(newUnique);
        if (!newUnique.isEmpty() && isApplied(modest, present, left)) {
            return;
        }
        reachTableByTable(modest, present, left);
    }

    /** A table that can't be brought to its wanted form must not keep the others from theirs. */
    private void reachTableByTable(Schema target, Schema present, List<KeyChange.Left> left) throws SQLException {
        var renames = MigrationPlan.between(present, target).operations().stream()
                .anyMatch(operation -> operation.type() == OperationType.RENAME_TABLE
                        || operation.type() == OperationType.RENAME_COLUMN);
        if (renames) {
            return; // half a rename would be a loss
        }
        var reached = present;
        Set<String> names = new LinkedHashSet<>();
        Stream.concat(target.tables().stream(), present.tables().stream())
                .map(Table::name)
                .forEach(name -> names.add(Identifiers.fold(name)));
        for (var name : names) {
            var next = reached.withTableOf(target, name);
            if (!next.equals(reached) && isPossible(next, present)) {
                reached = next;
            }
        }
        if (!isApplied(reached.withCodeOf(target), present, left)) {
            isApplied(reached, present, left);
        }
    }

    /** Migrates, or leaves the file as it is: what is missing is recorded, and told. */
    private boolean isApplied(Schema target, Schema present, List<KeyChange.Left> left) throws SQLException {
        List<KeyChange.Left> leaving = new ArrayList<>();
        var isDone = statements.keeping(SAVEPOINT, () -> {
            leaving.addAll(keys.makeWay(present, target));
            return isMigrated(target);
        });
        if (isDone) {
            left.addAll(leaving);
        }
        return isDone;
    }

    private boolean isMigrated(Schema target) throws SQLException {
        try {
            // As everywhere, a row that a CHECK is against stays: each of its values was valid where it was written.
            statements.run("PRAGMA ignore_check_constraints = ON");
            migrator.migrate(target, Allow.everything());
            return true;
        } catch (SchemaException e) {
            return false;
        } finally {
            statements.run("PRAGMA ignore_check_constraints = OFF");
        }
    }

    private boolean isPossible(Schema target, Schema present) throws SQLException {
        var isDone = new boolean[1];
        statements.keeping(SAVEPOINT, () -> {
            keys.makeWay(present, target);
            isDone[0] = isMigrated(target);
            return false;
        });
        return isDone[0];
    }

    private void recordMissing(SchemaElements.Assembly assembly, Schema reached) throws SQLException {
        Set<String> absent = new TreeSet<>();
        assembly.omitted().forEach(id -> absent.add(ElementRows.id(id)));
        if (!reached.equals(assembly.schema())) {
            SchemaElements.of(assembly.schema(), 1L)
                    .changedTo(reached, 2L)
                    .elements()
                    .forEach((id, element) -> {
                        if (element.stamp() == 2L) {
                            absent.add(ElementRows.id(id));
                        }
                    });
        }
        if (!absent.equals(missing())) {
            statements.run("DELETE FROM _merklite_schema_missing");
            for (var id : absent) {
                var insert = statements.prepare("INSERT INTO _merklite_schema_missing VALUES (?1)");
                insert.setString(1, id);
                insert.executeUpdate();
            }
            missing = absent;
        }
    }
}
