package io.merklite.session.catalog;

import io.merklite.session.SessionException.DatabaseFailure;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.GroupSchema;
import io.merklite.session.changeset.TableInfo;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The tables of a database, for a {@link io.merklite.session.changeset.ChangeGroup} whose inputs have fewer columns. */
public final class DatabaseSchema implements GroupSchema {
    private final Connection connection;
    private final String schema;

    /**
     * Reads the tables of a schema when asked for them.
     *
     * @param connection used by the caller's thread only
     * @param schema such as {@code main}
     */
    public DatabaseSchema(Connection connection, String schema) {
        this.connection = connection;
        this.schema = schema;
    }

    @Override
    public Optional<Table> table(String name) {
        try {
            var layout = TableLayout.read(connection, schema, name);
            return layout.isEmpty() ? Optional.empty() : Optional.of(table(layout.get()));
        } catch (SQLException e) {
            throw new DatabaseFailure("reading table " + name, e);
        }
    }

    private Table table(TableLayout layout) throws SQLException {
        List<Integer> positions = new ArrayList<>();
        List<ChangesetValue> defaults = new ArrayList<>();
        for (var column : layout.columns()) {
            positions.add(column.keyPosition());
            defaults.add(ChangesetValue.decode(DefaultValue.evaluate(connection, column)));
        }
        return new Table(new TableInfo(layout.name(), positions), defaults);
    }
}
