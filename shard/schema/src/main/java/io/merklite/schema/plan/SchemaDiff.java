package io.merklite.schema.plan;

import io.merklite.schema.structure.ForeignKey;
import io.merklite.schema.structure.Index;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.structure.Table;
import io.merklite.schema.structure.Trigger;
import io.merklite.schema.structure.View;
import io.merklite.schema.text.SqlNames;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes the plan from one schema to another.
 *
 * <p>The order: drop triggers, views and indexes; rename; create tables; change tables; drop tables; create indexes, views
 * and triggers. So nothing that is dropped is in the way of something new of the same name, and everything that is created
 * finds what it refers to. A rebuild makes the indexes of its table again, and the triggers that stay as they are.
 */
final class SchemaDiff {
    private final Schema current;
    private final Schema desired;
    private final RenameSteps renames;
    private final NavigableMap<String, TableChange> changes = new TreeMap<>(SqlNames.IGNORING_CASE);
    private final List<Operation> operations = new ArrayList<>();

    private SchemaDiff(Schema current, Schema desired) {
        this.desired = desired;
        this.renames = RenameSteps.between(current, desired);
        this.current = renames.renamed();
        for (var table : this.current.tables()) {
            desired.table(table.name())
                    .map(wanted -> new TableChange(table, wanted))
                    .filter(change -> !change.isNone())
                    .ifPresent(change -> changes.put(table.name(), change));
        }
    }

    static MigrationPlan plan(Schema current, Schema desired) {
        var diff = new SchemaDiff(current, desired);
        var createdViews = diff.createViews();
        diff.dropTriggers();
        diff.dropViews();
        diff.dropIndexes();
        diff.operations.addAll(diff.renames.operations());
        diff.createTables();
        diff.changeTables();
        diff.dropTables();
        diff.createIndexes();
        diff.operations.addAll(createdViews);
        diff.createTriggers();
        return new MigrationPlan(diff.operations, RedundantIndex.of(desired), Optional.of(desired.hash()));
    }

    private void dropTriggers() {
        for (var trigger : current.triggers()) {
            var sql = "DROP TRIGGER " + SqlNames.quote(trigger.name());
            if (desired.trigger(trigger.name()).isEmpty()) {
                operations.add(Operation.destructive(
                        OperationType.DROP_TRIGGER, trigger.name(), "drop the trigger on " + trigger.table(), sql));
            } else if (!stays(trigger)) {
                operations.add(Operation.harmless(
                        OperationType.DROP_TRIGGER, trigger.name(), "drop the trigger to make it anew", sql));
            }
        }
    }

    private boolean stays(Trigger trigger) {
        var isOnDroppedView =
                current.view(trigger.table()).filter(view -> !stays(view)).isPresent();
        return renames.operations().isEmpty()
                && !isOnDroppedView
                && desired.trigger(trigger.name()).filter(trigger::equals).isPresent();
    }

    private boolean stays(View view) {
        return renames.operations().isEmpty()
                && desired.view(view.name()).filter(view::equals).isPresent();
    }

    private void dropViews() {
        for (var view : ViewOrder.dependantsFirst(current.views())) {
            var sql = "DROP VIEW " + SqlNames.quote(view.name());
            if (desired.view(view.name()).isEmpty()) {
                operations.add(Operation.destructive(OperationType.DROP_VIEW, view.name(), "drop the view", sql));
            } else if (!stays(view)) {
                operations.add(
                        Operation.harmless(OperationType.DROP_VIEW, view.name(), "drop the view to make it anew", sql));
            }
        }
    }

    private void dropIndexes() {
        for (var index : current.indexes()) {
            var sql = "DROP INDEX " + SqlNames.quote(index.name());
            if (desired.index(index.name()).isEmpty()) {
                operations.add(Operation.destructive(
                        OperationType.DROP_INDEX, index.name(), "drop the index on " + index.table(), sql));
            } else if (!stays(index)) {
                operations.add(Operation.harmless(
                        OperationType.DROP_INDEX, index.name(), "drop the index to make it anew", sql));
            }
        }
    }

    private boolean stays(Index index) {
        return !isRebuilt(index.table())
                && desired.index(index.name())
                        .filter(wanted -> wanted.canonical().equals(index.canonical()))
                        .isPresent();
    }

    private boolean isRebuilt(String table) {
        return changes.containsKey(table) && !changes.get(table).isAddColumns();
    }

    private void createTables() {
        desired.tables().stream()
                .filter(table -> current.table(table.name()).isEmpty())
                .forEach(table -> operations.add(
                        Operation.harmless(OperationType.CREATE_TABLE, table.name(), "create the table", table.sql())));
    }

    private void changeTables() {
        changes.forEach((name, change) -> {
            if (change.isAddColumns()) {
                change.added()
                        .forEach(column -> operations.add(Operation.harmless(
                                OperationType.ADD_COLUMN,
                                name,
                                "add the column " + column.name(),
                                "ALTER TABLE " + SqlNames.quote(name) + " ADD COLUMN " + column.definition())));
            } else {
                operations.add(change.rebuild(rebuildSql(name)));
            }
        });
    }

    private List<String> rebuildSql(String table) {
        var indexes = desired.indexes().stream()
                .filter(index -> SqlNames.same(index.table(), table))
                .toList();
        var triggers = current.triggers().stream()
                .filter(trigger -> SqlNames.same(trigger.table(), table) && stays(trigger))
                .toList();
        return new TableRebuild(
                        current.table(table).orElseThrow(), desired.table(table).orElseThrow())
                .sql(indexes, triggers);
    }

    /** Children first, so that enforced foreign keys are not in the way. */
    private void dropTables() {
        var rest = new ArrayList<>(current.tables().stream()
                .filter(table -> desired.table(table.name()).isEmpty())
                .toList());
        while (!rest.isEmpty()) {
            var next = rest.stream()
                    .filter(table -> rest.stream().noneMatch(other -> !other.equals(table) && refersTo(other, table)))
                    .findFirst()
                    .orElse(rest.getFirst());
            rest.remove(next);
            operations.add(Operation.destructive(
                    OperationType.DROP_TABLE,
                    next.name(),
                    "drop the table and its rows",
                    "DROP TABLE " + SqlNames.quote(next.name())));
        }
    }

    private static boolean refersTo(Table child, Table parent) {
        return child.foreignKeys().stream()
                .map(ForeignKey::parent)
                .anyMatch(name -> SqlNames.same(name, parent.name()));
    }

    private void createIndexes() {
        for (var index : desired.indexes()) {
            var isThere = current.index(index.name()).filter(this::stays).isPresent();
            if (!isThere && !isRebuilt(index.table())) {
                operations.add(Operation.harmless(
                        OperationType.CREATE_INDEX, index.name(), "create the index on " + index.table(), index.sql()));
            }
        }
    }

    /** First of all, because here a circle is found out. */
    private List<Operation> createViews() {
        return ViewOrder.dependenciesFirst(desired.views()).stream()
                .filter(view -> current.view(view.name()).filter(this::stays).isEmpty())
                .map(view -> Operation.harmless(OperationType.CREATE_VIEW, view.name(), "create the view", view.sql()))
                .toList();
    }

    private void createTriggers() {
        for (var trigger : desired.triggers()) {
            if (current.trigger(trigger.name()).filter(this::stays).isEmpty()) {
                operations.add(Operation.harmless(
                        OperationType.CREATE_TRIGGER,
                        trigger.name(),
                        "create the trigger on " + trigger.table(),
                        trigger.sql()));
            }
        }
    }
}
