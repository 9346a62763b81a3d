package io.merklite.session.jooq;

import io.merklite.session.capture.Session;
import io.merklite.session.changeset.ChangesetRow;
import io.merklite.session.changeset.ChangesetValue;
import java.util.Optional;
import org.jooq.Table;
import org.jooq.TableField;
import org.jspecify.annotations.Nullable;

/**
 * Attaches tables, and reads changes, by the classes that jOOQ generated: a table or column that does not exist does not
 * compile.
 *
 * <pre>{@code
 * JooqSession.attach(session, USERS, ORDERS);
 * Optional<String> name = JooqSession.newValue(change, USERS.NAME);
 * }</pre>
 */
public final class JooqSession {
    private JooqSession() {}

    /** Attaches each of {@code tables} by its name. */
    public static void attach(Session session, Table<?>... tables) {
        for (var table : tables) {
            session.attach(table.getName());
        }
    }

    /**
     * The new value of a column, converted to the field's type.
     *
     * @return none if the change has no new value for it, or if the value is NULL
     * @throws IllegalArgumentException if the field's table has another number of columns than the change
     */
    public static <T> Optional<T> newValue(ChangesetRow change, TableField<?, T> field) {
        return convert(change.newValues().get(index(change, field)), field);
    }

    /** The old value of a column, converted to the field's type; otherwise like {@link #newValue}. */
    public static <T> Optional<T> oldValue(ChangesetRow change, TableField<?, T> field) {
        return convert(change.oldValues().get(index(change, field)), field);
    }

    /** Whether the change sets the column, be it to NULL. */
    public static boolean isSet(ChangesetRow change, TableField<?, ?> field) {
        return !(change.newValues().get(index(change, field)) instanceof ChangesetValue.Undefined);
    }

    private static int index(ChangesetRow change, TableField<?, ?> field) {
        var table = field.getTable();
        if (table == null) {
            throw new IllegalArgumentException("field " + field.getName() + " belongs to no table");
        }
        if (table.fields().length != change.newValues().size()) {
            throw new IllegalArgumentException("table " + table.getName() + " has " + table.fields().length
                    + " columns, the change " + change.newValues().size());
        }
        return table.indexOf(field);
    }

    private static <T> Optional<T> convert(ChangesetValue value, TableField<?, T> field) {
        return Optional.ofNullable(field.getDataType().convert(plain(value)));
    }

    private static @Nullable Object plain(ChangesetValue value) {
        return switch (value) {
            case ChangesetValue.Undefined undefined -> null;
            case ChangesetValue.Null nothing -> null;
            case ChangesetValue.Integer integer -> integer.value();
            case ChangesetValue.Real real -> real.value();
            case ChangesetValue.Text text -> text.string();
            case ChangesetValue.Blob blob -> blob.toByteArray();
        };
    }
}
