package io.merklite.schema.structure;

/**
 * A view.
 *
 * @param name as written
 * @param sql the statement, as SQLite keeps it: all of it counts
 */
public record View(String name, String sql) {}
