package io.merklite.schema.structure;

/**
 * A trigger.
 *
 * @param name as written
 * @param table the table or view it watches
 * @param sql the statement, as SQLite keeps it: all of it counts
 */
public record Trigger(String name, String table, String sql) {}
