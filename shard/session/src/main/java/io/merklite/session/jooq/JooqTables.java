package io.merklite.session.jooq;

import io.merklite.session.capture.Session;
import io.merklite.session.changeset.ChangeBytes;
import java.util.List;
import org.jooq.Record;
import org.jooq.Table;

/**
 * jOOQ's generated tables where a session or a changeset has names.
 *
 * <pre>{@code
 * try (var session = Session.open(connection, "main")) {
 *     JooqTables.attach(session, USERS, ORDERS);
 *     dsl.update(USERS).set(USERS.NAME, "Ada").where(USERS.ID.eq(1L)).execute();
 *     for (var change : JooqTables.changes(session.changeset(), USERS)) {
 *         Optional<String> name = change.newValue(USERS.NAME);
 *     }
 * }
 * }</pre>
 *
 * <p>A generated table must have the columns of the real one, in the same order, generated columns left out.
 */
public final class JooqTables {
    private JooqTables() {}

    /** Attaches each of {@code tables} by its name. */
    public static void attach(Session session, Table<?>... tables) {
        for (var table : tables) {
            session.attach(table.getName());
        }
    }

    /**
     * The changes of one table, in their order; empty if there are none. The table is found by its name without ASCII
     * case.
     *
     * @throws IllegalArgumentException if {@code changes} has another number of columns for {@code table}
     */
    public static <R extends Record> List<TypedChange<R>> changes(ChangeBytes changes, Table<R> table) {
        return changes.tables().stream()
                .filter(group -> group.table().name().equalsIgnoreCase(table.getName()))
                .flatMap(group -> group.changes().stream())
                .map(change -> new TypedChange<>(table, change))
                .toList();
    }
}
