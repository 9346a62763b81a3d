package io.merklite.sync.database;

import io.merklite.session.catalog.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The tables whose changes no changeset tells, so that after a write anything may have become of them: those that do not
 * replicate, those of {@code temp} and attached databases, and rows with NULL in the key.
 *
 * <p>Whether a table has rows with NULL in a key of one column is asked of its index. With several columns that would
 * mean reading the table, so it always counts as changed.
 */
final class UnrecordedChanges implements AutoCloseable {
    private final Predicate<String> isRecorded;
    private final List<String> always = new ArrayList<>();
    private final List<NullKeys> nullKeys = new ArrayList<>();
    private final Set<String> keyless = new HashSet<>();

    /** @param isRecorded says of a table of {@code main} whether its changes are recorded */
    UnrecordedChanges(Predicate<String> isRecorded) {
        this.isRecorded = isRecorded;
    }

    /** Rows of a table with NULL in the key. */
    private static final class NullKeys {
        private final String table;
        private final PreparedStatement query;
        private boolean wereThere = true;

        NullKeys(String table, PreparedStatement query) {
            this.table = table;
            this.query = query;
        }

        boolean mayHaveChanged() throws SQLException {
            try (var rows = query.executeQuery()) {
                var are = rows.next() && rows.getBoolean(1);
                var changed = are || wereThere;
                wereThere = are;
                return changed;
            }
        }
    }

    /** Takes over a new schema. */
    void follow(SchemaSnapshot schema, Connection connection) throws SQLException {
        close();
        always.clear();
        keyless.clear();
        for (var table : schema.tables()) {
            var recorded = table.layout().isPresent() && isRecorded.test(table.name());
            var nullable = table.nullableKeys();
            if (!recorded || nullable.size() > 1) {
                always.add(table.name());
            } else if (!table.layout().orElseThrow().hasKey()) {
                keyless.add(Identifiers.fold(table.name()));
            } else if (nullable.size() == 1) {
                nullKeys.add(new NullKeys(
                        table.name(),
                        connection.prepareStatement("SELECT EXISTS (SELECT 1 FROM "
                                + table.layout().orElseThrow().qualifiedName() + " WHERE "
                                + nullable.getFirst().quoted() + " IS NULL)")));
            }
        }
    }

    /** Whether a recorded table has no primary key. */
    boolean isKeyless(String table) {
        return keyless.contains(Identifiers.fold(table));
    }

    /** Names of the tables that may have changed by a write. */
    List<String> tables() throws SQLException {
        List<String> tables = new ArrayList<>(always);
        for (var keys : nullKeys) {
            if (keys.mayHaveChanged()) {
                tables.add(keys.table);
            }
        }
        return tables;
    }

    @Override
    public void close() throws SQLException {
        for (var keys : nullKeys) {
            keys.query.close();
        }
        nullKeys.clear();
    }
}
