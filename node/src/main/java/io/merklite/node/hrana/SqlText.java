package io.merklite.node.hrana;

/** Where the SQL of a request is. */
sealed interface SqlText {
    /** In the request. */
    record Inline(String sql) implements SqlText {}

    /** Stored before, under this id. */
    record Stored(int id) implements SqlText {}
}
