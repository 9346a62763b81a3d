package io.merklite.session.jooq;

import io.merklite.session.apply.Conflict;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetRow;
import io.merklite.session.changeset.ChangesetValue;
import java.util.List;
import java.util.Optional;
import org.jooq.Record;
import org.jooq.Table;
import org.jooq.TableField;

/**
 * A change of one row, read by the fields of jOOQ's generated table.
 *
 * <p>A value is absent where the change has none (undefined), and where it is NULL; {@link #isSet} tells the two apart.
 *
 * @param table the generated table
 * @param change the change, with as many columns as the table has fields
 */
public record TypedChange<R extends Record>(Table<R> table, ChangesetRow change) {
    public TypedChange {
        requireColumns(table, change.newValues());
    }

    /**
     * The change that a conflict is about.
     *
     * @throws IllegalArgumentException if the conflict is about another table, or has another number of columns
     */
    public static <R extends Record> TypedChange<R> of(Conflict.OfChange conflict, Table<R> table) {
        requireTable(conflict, table);
        return new TypedChange<>(table, conflict.change());
    }

    /**
     * The value that the conflicting row, the one in the database, has in {@code field}; absent if it is NULL, or if this
     * type of conflict has no such row.
     */
    public static <R extends Record, T> Optional<T> conflictingValue(
            Conflict.OfChange conflict, TableField<R, T> field) {
        requireTable(conflict, tableOf(field));
        return conflict.conflictingRow().flatMap(row -> {
            requireColumns(tableOf(field), row);
            return read(row, field);
        });
    }

    public ChangeOp op() {
        return change.op();
    }

    /** The value before the change; absent if NULL or undefined. */
    public <T> Optional<T> oldValue(TableField<R, T> field) {
        requireOwn(field);
        return read(change.oldValues(), field);
    }

    /** The value after the change; absent if NULL or undefined. */
    public <T> Optional<T> newValue(TableField<R, T> field) {
        requireOwn(field);
        return read(change.newValues(), field);
    }

    /** Whether the change gives {@code field} a new value, be it NULL. */
    public boolean isSet(TableField<R, ?> field) {
        requireOwn(field);
        return !(change.newValues().get(index(field)) instanceof ChangesetValue.Undefined);
    }

    /** The type of a record is no proof: tables that were not generated share {@link Record}. */
    private void requireOwn(TableField<R, ?> field) {
        var owner = tableOf(field);
        if (!owner.getName().equalsIgnoreCase(table.getName())) {
            throw new IllegalArgumentException(
                    "field " + field + " of " + owner.getName() + " asked of a change in " + table.getName());
        }
    }

    private static <R extends Record, T> Optional<T> read(List<ChangesetValue> row, TableField<R, T> field) {
        var type = field.getDataType();
        return switch (row.get(index(field))) {
            case ChangesetValue.Undefined undefined -> Optional.empty();
            case ChangesetValue.Null none -> Optional.empty();
            case ChangesetValue.Integer integer -> Optional.ofNullable(type.convert((Object) integer.value()));
            case ChangesetValue.Real real -> Optional.ofNullable(type.convert((Object) real.value()));
            case ChangesetValue.Text text -> Optional.ofNullable(type.convert((Object) text.string()));
            case ChangesetValue.Blob blob -> Optional.ofNullable(type.convert((Object) blob.toByteArray()));
        };
    }

    private static int index(TableField<?, ?> field) {
        return tableOf(field).fieldsRow().indexOf(field);
    }

    private static <R extends Record> Table<R> tableOf(TableField<R, ?> field) {
        var table = field.getTable();
        if (table == null) {
            throw new IllegalArgumentException("field " + field + " belongs to no table");
        }
        return table;
    }

    private static void requireTable(Conflict.OfChange conflict, Table<?> table) {
        if (!conflict.table().equalsIgnoreCase(table.getName())) {
            throw new IllegalArgumentException(
                    "conflict in table " + conflict.table() + ", asked as one in " + table.getName());
        }
    }

    private static void requireColumns(Table<?> table, List<ChangesetValue> row) {
        if (table.fields().length != row.size()) {
            throw new IllegalArgumentException("generated table " + table.getName() + " has " + table.fields().length
                    + " fields, the change " + row.size() + " columns; generate it again");
        }
    }
}
