package io.merklite.schema.plan;

import io.merklite.schema.structure.Check;
import io.merklite.schema.structure.Column;
import io.merklite.schema.structure.ForeignKey;
import io.merklite.schema.structure.Table;
import io.merklite.schema.structure.UniqueKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * How a table differs from the wanted one: by what, and what that risks.
 *
 * <p>Differences are of three kinds. What removes a rule (NOT NULL, CHECK, foreign key) <em>loosens</em>. What adds one
 * can fail on the rows that are there: <em>reasons</em>. All others, such as a type or the order of columns, are
 * <em>other changes</em>: they fail only where SQLite's own conversion does.
 */
final class TableChange {
    private final Table current;
    private final Table desired;
    private final List<String> loosened = new ArrayList<>();
    private final List<String> reasons = new ArrayList<>();
    private final List<String> otherChanges = new ArrayList<>();
    private final List<Column> lost;
    private final List<Column> added;

    TableChange(Table current, Table desired) {
        this.current = current;
        this.desired = desired;
        this.lost = current.columns().stream()
                .filter(column -> desired.column(column.name()).isEmpty())
                .toList();
        this.added = desired.columns().stream()
                .filter(column -> current.column(column.name()).isEmpty())
                .toList();
        compareColumns();
        compareChecks("", current.checks(), desired.checks());
        compareForeignKeys();
        if (!canonical(current.uniqueKeys(), UniqueKey::canonical)
                .equals(canonical(desired.uniqueKeys(), UniqueKey::canonical))) {
            otherChanges.add("UNIQUE constraints differ");
        }
        if (!current.storage().equals(desired.storage())) {
            otherChanges.add("key or storage differs");
        }
    }

    private void compareColumns() {
        for (var column : desired.columns()) {
            current.column(column.name()).ifPresentOrElse(old -> compareColumn(old, column), () -> {
                if (column.isNotNull() && !column.hasDefault()) {
                    reasons.add("adds " + column.name() + " NOT NULL without a default");
                }
            });
        }
        if (!isAppendOnly() && !keptNames(current, desired).equals(keptNames(desired, current))) {
            otherChanges.add("the order of columns differs");
        }
    }

    private void compareColumn(Column old, Column column) {
        if (!old.core().equals(column.core())) {
            otherChanges.add(column.name() + " differs");
        }
        if (!old.isNotNull() && column.isNotNull()) {
            reasons.add("makes " + column.name() + " NOT NULL");
        } else if (old.isNotNull() && !column.isNotNull()) {
            loosened.add(column.name() + " may be NULL");
        } else if (!old.notNullConflict().equals(column.notNullConflict())) {
            otherChanges.add("ON CONFLICT of " + column.name() + " differs");
        }
        compareChecks(column.name() + ": ", old.checks(), column.checks());
    }

    private void compareChecks(String where, List<Check> old, List<Check> checks) {
        checks.stream()
                .filter(check -> !old.contains(check))
                .forEach(check -> reasons.add(where + "adds CHECK (" + check.expression() + ")"));
        old.stream()
                .filter(check -> !checks.contains(check))
                .forEach(check -> loosened.add(where + "removes CHECK (" + check.expression() + ")"));
        if (!old.equals(checks) && new HashSet<>(old).equals(new HashSet<>(checks))) {
            otherChanges.add(where + "the order of CHECKs differs");
        }
    }

    private void compareForeignKeys() {
        var old = canonical(current.foreignKeys(), ForeignKey::canonical);
        var wanted = canonical(desired.foreignKeys(), ForeignKey::canonical);
        desired.foreignKeys().stream()
                .filter(key -> !old.contains(key.canonical()))
                .forEach(key -> reasons.add("adds the foreign key " + key.label()));
        current.foreignKeys().stream()
                .filter(key -> !wanted.contains(key.canonical()))
                .forEach(key -> loosened.add("removes the foreign key " + key.label()));
    }

    private static <T> List<String> canonical(List<T> constraints, Function<T, String> form) {
        return constraints.stream().map(form).sorted().distinct().toList();
    }

    private static List<String> keptNames(Table table, Table other) {
        return table.columns().stream()
                .map(Column::name)
                .filter(name -> other.column(name).isPresent())
                .toList();
    }

    /** Whether nothing differs. */
    boolean isNone() {
        return current.canonical().equals(desired.canonical());
    }

    /** Whether the columns of {@link #added} can be added one by one, and that is all. */
    boolean isAddColumns() {
        return isAppendOnly()
                && lost.isEmpty()
                && loosened.isEmpty()
                && reasons.isEmpty()
                && otherChanges.isEmpty()
                && added.stream().allMatch(this::canBeAdded);
    }

    private boolean isAppendOnly() {
        var keptCount = desired.columns().size() - added.size();
        return desired.columns().subList(keptCount, desired.columns().size()).equals(added)
                && keptNames(current, desired).equals(keptNames(desired, current));
    }

    /** What SQLite's ADD COLUMN takes on a table with rows; keys and UNIQUE show as other changes of the table. */
    private boolean canBeAdded(Column column) {
        return column.keyPosition() == 0
                && !column.isGenerated()
                && column.defaultValue().map(TableChange::isConstant).orElse(true);
    }

    /** Whether the expression is one literal, with or without a sign; SQLite takes a single name for a string. */
    private static boolean isConstant(String expression) {
        var isTime = expression.matches("current_(date|time|timestamp)");
        return !isTime && expression.matches("([-+] )*([^\\s()']+|x?'(''|[^'])*'|\"(\"\"|[^\"])*\")");
    }

    List<Column> added() {
        return added;
    }

    Operation rebuild(List<String> sql) {
        var isLoosening =
                lost.isEmpty() && added.isEmpty() && reasons.isEmpty() && otherChanges.isEmpty() && !loosened.isEmpty();
        return new Operation(
                OperationType.REBUILD_TABLE,
                desired.name(),
                describe(),
                sql,
                !lost.isEmpty(),
                true,
                isLoosening,
                !reasons.isEmpty());
    }

    private String describe() {
        var parts = Stream.of(
                        lost.stream().map(column -> "loses column " + column.name()),
                        added.stream().map(column -> "adds column " + column.name()),
                        otherChanges.stream(),
                        loosened.stream(),
                        reasons.stream().map(reason -> "depends on the rows: " + reason))
                .flatMap(Function.identity())
                .toList();
        return "rebuild the table: " + String.join("; ", parts);
    }
}
