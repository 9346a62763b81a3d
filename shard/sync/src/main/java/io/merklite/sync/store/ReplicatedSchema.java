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
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
    private final TableIdentities identities;
    private final ShadowRows shadow;
    private final SchemaMigrator migrator;
    private final KeyChange keys;
    private @Nullable ElementRows known;
    private @Nullable Set<String> missing;

    /**
     * What a migration did.
     *
     * @param reborn folded names of tables whose rows are born anew
     * @param left rows that the new key of their table does not tell
     * @param moved rows of tables that are one with another now
     */
    record Migrated(boolean isChanged, Set<String> reborn, List<KeyChange.Left> left, List<MovedRows> moved) {
        static final Migrated NOTHING = new Migrated(false, Set.of(), List.of(), List.of());
    }

    /** Follows the schema of the file between two steps of a migration. */
    interface Follower {
        void follow() throws SQLException;
    }

    ReplicatedSchema(SqlStatements statements, TableRegistry registry, ShadowRows shadow, KeyChange keys) {
        this.statements = statements;
        this.registry = registry;
        this.identities = registry.identities();
        this.shadow = shadow;
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

    /** Whether a column, by its table's identity and its folded name, is in the schema or was once. */
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
        var newRenames = identified(fitting(declared, now), new Renames(before.renames()));
        newRenames.removeAll(before.renames());
        identify(now, new Renames(before.renames()));
        var after = before.changedTo(now, stamp, identities::of);
        var changes = new TreeMap<>(after.elements());
        changes.entrySet()
                .removeIf(entry -> entry.getValue().equals(before.elements().get(entry.getKey())));
        var absent = missing();
        changes.keySet().removeIf(id -> absent.contains(ElementRows.id(id)));
        for (var change : changes.entrySet()) {
            ElementRows.write(statements, change.getKey(), change.getValue());
        }
        var left = newRenames.stream().map(Rename::from).toList();
        for (var id : changes.keySet()) {
            if (id.kind() == ElementId.Kind.TABLE && isDropped(after, id) && !left.contains(id.name())) {
                dropCircles(after, id.name(), stamp);
            }
        }
        for (var rename : newRenames) {
            ElementRows.write(statements, rename);
        }
        known = null;
        return !changes.isEmpty() || !newRenames.isEmpty();
    }

    /**
     * The user dropped a table: where it was renamed in circles its columns go too, under all names, so that it is not
     * taken for one that was {@linkplain #endCircles given up}.
     */
    private void dropCircles(SchemaElements<Stamp> elements, String table, Stamp stamp) throws SQLException {
        var renames = new Renames(elements.renames());
        for (var before : renames.tablesBefore(table)) {
            if (renames.circle(before).size() > 1) {
                for (var entry : elements.elements().entrySet()) {
                    if (isLivingColumn(entry.getKey(), entry.getValue(), before)) {
                        ElementRows.write(statements, entry.getKey(), dropped(entry.getValue(), stamp));
                    }
                }
            }
        }
    }

    private static boolean isLivingColumn(ElementId id, Element<Stamp> element, String table) {
        return id.kind() == ElementId.Kind.COLUMN && id.table().equals(table) && element.isAlive();
    }

    /** Renames by what their tables are known by; a table that was renamed gets its new identity. */
    private List<Rename> identified(List<Rename> declared, Renames known) {
        List<Rename> identified = new ArrayList<>();
        for (var rename : declared) {
            if (rename.table().isPresent()) {
                var table = identities.of(Identifiers.fold(rename.table().get()));
                identified.add(Rename.ofColumn(table, rename.from(), rename.to()));
            } else if (!identities.isKnown(Identifiers.fold(rename.to()))) {
                var from = identities.of(Identifiers.fold(rename.from()));
                var to = known.unspent(Identifiers.fold(rename.to()));
                identities.move(from, to);
                identified.add(Rename.ofTable(from, to));
            }
        }
        return identified;
    }

    /** Gives tables that are new an identity. */
    private void identify(Schema now, Renames known) {
        Set<String> names = new HashSet<>();
        for (var table : now.tables()) {
            var name = Identifiers.fold(table.name());
            names.add(name);
            if (!identities.isKnown(name)) {
                identities.add(known.unspent(name));
            }
        }
        identities.retain(names);
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
     * become earlier names of it, so that rows come together under one name on every replica. A table that somebody made
     * under an earlier name without knowing of the rename, and columns that somebody added under it, belong to the table as
     * it is called now.
     *
     * @param stamp of the change
     * @return whether there was anything to settle
     */
    boolean settleRenames(Stamp stamp) throws SQLException {
        var isChanged = false;
        // What one settles can make rivals of others. Before all is settled replicas could have rows in different
        // tables.
        while (settleOnce(stamp)) {
            isChanged = true;
        }
        return isChanged;
    }

    private boolean settleOnce(Stamp stamp) throws SQLException {
        var isRevived = endCircles(stamp);
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
        var isGivenUp = giveUpFormerNames(stamp);
        var isMoved = moveColumns(stamp);
        return isRevived || isMoved || isGivenUp || !settled.isEmpty();
    }

    /**
     * Replicas that know of some of the renames of a circle each give up another name, and so all of them together: what
     * was given up last lives again. Nobody has dropped the table: then it would have no columns.
     */
    private boolean endCircles(Stamp stamp) throws SQLException {
        var elements = ElementRows.read(statements).elements();
        var renames = new Renames(elements.renames());
        var isRevived = false;
        for (var id : elements.elements().keySet()) {
            if (id.kind() == ElementId.Kind.TABLE
                    && renames.isSpent(id.name())
                    && renames.tableNow(id.name(), elements::hasTable).isEmpty()
                    && lastOfCircle(elements, renames, id).filter(id::equals).isPresent()) {
                var element = element(elements, id);
                ElementRows.write(
                        statements,
                        id,
                        new Element<>(stamp, true, element.name(), element.definition(), element.place()));
                isRevived = true;
            }
        }
        return isRevived;
    }

    /** What the last name is that a table in a circle was given up under; none if it is in none, or was dropped. */
    private static Optional<ElementId> lastOfCircle(SchemaElements<Stamp> elements, Renames renames, ElementId table) {
        var circle = renames.circle(table.name());
        return circle.stream()
                .filter(name -> circle.size() > 1)
                .map(ReplicatedSchema::tableId)
                .filter(elements.elements()::containsKey)
                .filter(id -> elements.elements().entrySet().stream()
                        .anyMatch(entry -> isLivingColumn(entry.getKey(), entry.getValue(), id.name())))
                .max(Comparator.comparing(
                                (ElementId id) -> element(elements, id).stamp())
                        .thenComparing(ElementId::name));
    }

    /**
     * Gives up tables that live although they were renamed: to what they were renamed to, or, where that is gone, to the
     * next table of their name.
     */
    private boolean giveUpFormerNames(Stamp stamp) throws SQLException {
        var elements = ElementRows.read(statements).elements();
        var renames = new Renames(elements.renames());
        var isGivenUp = false;
        for (var id : elements.elements().keySet()) {
            if (id.kind() == ElementId.Kind.TABLE && isAlive(elements, id) && renames.isSpent(id.name())) {
                var winner = renames.tableNow(id.name(), other -> isAlive(elements, tableId(other)))
                        .filter(other -> yields(elements, renames, id, tableId(other)))
                        .or(() -> latest(elements, TableIdentities.nameOf(id.name()))
                                .filter(other -> !other.equals(id.name())));
                if (winner.isPresent()) {
                    giveUp(elements, id, tableId(winner.get()), stamp);
                    isGivenUp = true;
                }
            }
        }
        return isGivenUp;
    }

    /** Of two tables that were each renamed to the other the one that was written last stays. */
    private static boolean yields(SchemaElements<Stamp> elements, Renames renames, ElementId table, ElementId other) {
        var isMutual = renames.tableNow(other.name(), table.name()::equals).isPresent();
        var order = Comparator.comparing((ElementId id) -> element(elements, id).stamp())
                .thenComparing(ElementId::name);
        return !other.equals(table) && (!isMutual || order.compare(table, other) < 0);
    }

    /** The last of the living tables that have one name. */
    private static Optional<String> latest(SchemaElements<Stamp> elements, String name) {
        return generations(elements, name).reduce((one, other) -> other);
    }

    private static Stream<String> generations(SchemaElements<Stamp> elements, String name) {
        return Stream.iterate(
                        name, identity -> elements.elements().containsKey(tableId(identity)), TableIdentities::next)
                .filter(elements::hasTable);
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
                var table = renames.tableNow(id.table(), other -> isAlive(elements, tableId(other)));
                if (table.isPresent() && isUnknown(elements, renames, table.get(), id)) {
                    var moved = new ElementId(ElementId.Kind.COLUMN, table.get(), id.name());
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
     * @param mayJoin whether the caller joins rows of tables that are one with another now; if it does not, and there are
     *     such tables, nothing is done
     * @param follower called where tables have moved, or one has to have its new key before it loses the columns of the
     *     former one
     */
    Migrated migrate(boolean mayJoin, Follower follower) throws SQLException {
        var before = rows().elements();
        reload();
        var all = rows().elements();
        var renames = new Renames(all.renames());
        var elements = standing(all, renames);
        var present = migrator.schema();
        List<KeyChange.Left> left = new ArrayList<>();
        List<MovedRows> moved = new ArrayList<>();
        SchemaElements.Assembly assembly;
        Schema target;
        try {
            assembly = elements.assemble();
            var moves = new TableMoves(identities, present, assembly.schema(), assembly.tables(), renames);
            if (moves.areJoining() && !mayJoin) {
                return Migrated.NOTHING;
            }
            if (!moves.isEmpty()) {
                migrator.migrate(present.withCodeOf(Schema.EMPTY), Allow.everything());
                moved.addAll(moves.run(statements, registry, shadow, renames));
                follower.follow();
            }
            var now = migrator.schema();
            target = withColumnRenames(assembly, now, renames);
            var step = KeyChange.withFormerKeys(elements, now, assembly);
            if (step.isPresent() && isApplied(withColumnRenames(step.get().assemble(), now, renames), now, left)) {
                takeOver(assembly, migrator.schema());
                follower.follow();
            }
        } catch (SchemaException.Unmergeable | SchemaException.ParseFailed e) {
            // A key whose column nobody has: what was written last must be written anew.
            return new Migrated(!present.equals(migrator.schema()), Set.of(), left, moved);
        }
        reach(target, migrator.schema(), left);
        var reached = migrator.schema();
        takeOver(assembly, reached);
        recordMissing(assembly, reached);
        return new Migrated(!present.equals(reached), reborn(before, elements, reached), left, moved);
    }

    /** Elements without the tables that have become others, and without declared renames. */
    private static SchemaElements<Stamp> standing(SchemaElements<Stamp> elements, Renames renames) {
        Set<String> gone = new HashSet<>();
        for (var id : elements.elements().keySet()) {
            if (id.kind() == ElementId.Kind.TABLE && elements.hasTable(id.name())) {
                var isOther = renames.tableNow(id.name(), elements::hasTable)
                        .filter(other -> !other.equals(id.name()))
                        .isPresent();
                var isLast = latest(elements, TableIdentities.nameOf(id.name()))
                        .filter(id.name()::equals)
                        .isPresent();
                if (isOther || !isLast) {
                    gone.add(id.name());
                }
            }
        }
        Map<ElementId, Element<Stamp>> kept = new TreeMap<>(elements.elements());
        kept.keySet().removeIf(id -> gone.contains(id.kind() == ElementId.Kind.TABLE ? id.name() : id.table()));
        return new SchemaElements<>(kept, List.of());
    }

    /** The schema with the renames that lead to it from the columns of tables that are there. */
    private static Schema withColumnRenames(SchemaElements.Assembly assembly, Schema present, Renames renames) {
        List<Rename> fitting = new ArrayList<>();
        for (var table : assembly.schema().tables()) {
            var before = present.table(table.name());
            if (before.isPresent()) {
                var name = Identifiers.fold(table.name());
                var identity = assembly.tables().getOrDefault(name, name);
                Set<String> used = new HashSet<>();
                for (var column : table.columns()) {
                    if (before.get().column(column.name()).isEmpty()) {
                        renames.columnBefore(
                                        identity,
                                        Identifiers.fold(column.name()),
                                        former -> before.get().column(former).isPresent()
                                                && table.column(former).isEmpty()
                                                && !used.contains(former))
                                .ifPresent(former -> {
                                    used.add(former);
                                    fitting.add(Rename.ofColumn(table.name(), former, column.name()));
                                });
                    }
                }
            }
        }
        return assembly.schema().withRenames(fitting);
    }

    /** Takes note which tables those are that were made. */
    private void takeOver(SchemaElements.Assembly assembly, Schema reached) {
        Set<String> names = new HashSet<>();
        for (var table : reached.tables()) {
            var name = Identifiers.fold(table.name());
            names.add(name);
            if (!identities.isKnown(name)) {
                identities.add(assembly.tables().getOrDefault(name, name));
            }
        }
        identities.retain(names);
    }

    /** Tables that somebody dropped, and that live on because a column was written later: their rows begin anew. */
    private Set<String> reborn(SchemaElements<Stamp> before, SchemaElements<Stamp> now, Schema reached) {
        Set<String> reborn = new HashSet<>();
        now.elements().forEach((id, element) -> {
            var isNew = !element.equals(before.elements().get(id));
            if (id.kind() == ElementId.Kind.TABLE
                    && isNew
                    && !element.isAlive()
                    && identities.isPresent(id.name())
                    && reached.table(TableIdentities.nameOf(id.name())).isPresent()) {
                reborn.add(TableIdentities.nameOf(id.name()));
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
            SchemaElements.of(assembly.schema(), 1L, name -> assembly.tables().getOrDefault(name, name))
                    .changedTo(reached, 2L, identities::of)
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
