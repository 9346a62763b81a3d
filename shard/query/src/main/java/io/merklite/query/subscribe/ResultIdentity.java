package io.merklite.query.subscribe;

import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds the columns of a result that show a primary key under its own name, and so tell what a row is about. */
final class ResultIdentity {
    private ResultIdentity() {}

    /** Their indexes, from 0. */
    static List<Integer> of(ResultSetMetaData metadata, Catalog catalog) throws SQLException {
        List<Integer> identity = new ArrayList<>();
        for (var i = 0; i < metadata.getColumnCount(); i++) {
            var origin = metadata.getTableName(i + 1);
            var definition = origin == null
                    ? Optional.<Catalog.Definition>empty()
                    : catalog.definition(Optional.empty(), origin);
            var table = definition.isPresent() ? catalog.table(definition.get().id()) : Optional.<WatchedTable>empty();
            var name = Names.fold(metadata.getColumnLabel(i + 1));
            if (table.isPresent()
                    && table.get().column(name).stream()
                            .anyMatch(
                                    column -> table.get().columns().get(column).isKey())) {
                identity.add(i);
            }
        }
        return identity;
    }
}
