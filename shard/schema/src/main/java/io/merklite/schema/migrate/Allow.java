package io.merklite.schema.migrate;

import java.util.EnumSet;
import java.util.Set;

/** What a migration may do beyond additions. */
public enum Allow {
    /** Copy a table, because ALTER TABLE can't make the change. */
    REBUILD,
    /** Lose a table, a column, or an index, view or trigger. */
    DESTRUCTIVE,
    /** Copy a table for nothing but the removal of NOT NULL, CHECK and foreign keys. */
    LOOSEN,
    /** Add a rule that rows may break; then the migration fails. */
    DATA_DEPENDENT;

    /** All of them: what a replica uses to take over the schema of another. */
    public static Set<Allow> everything() {
        return EnumSet.allOf(Allow.class);
    }
}
