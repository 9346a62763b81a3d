package io.merklite.sync.database;

import io.merklite.session.catalog.Identifiers;
import java.util.List;

/** Internal: which names are not the user's. */
public final class TableNames {
    private static final List<String> INTERNAL_PREFIXES = List.of("sqlite_", "_merklite_", "_sqlpipe_", "_sqlift_");

    private TableNames() {}

    /** Whether a table of this name never takes part in replication, whatever the options say. */
    public static boolean isInternal(String table) {
        var folded = Identifiers.fold(table);
        return INTERNAL_PREFIXES.stream().anyMatch(folded::startsWith);
    }
}
