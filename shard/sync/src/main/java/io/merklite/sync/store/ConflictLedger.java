package io.merklite.sync.store;

/** The table of the conflict ledger. It replicates like any other, so an entry is wherever its cause is. */
final class ConflictLedger {
    /*
     *   id        hash of kind and row, so that the same row that loses the same way is one entry, whoever finds it
     *   kind      see Conflicts.Kind
     *   table     name of the row's table
     *   columns   names of its columns, as a JSON array: the table may have others by now
     *   row       a changeset that inserts the row. Without a primary key its first value, where changesets have the
     *             rowid, is the hash of what identifies the row; that value has no name in columns.
     *   found_at  Unix milliseconds
     */
    static final String TABLE = "_merklite_conflicts";

    static final String CREATE = """
            CREATE TABLE IF NOT EXISTS _merklite_conflicts(
                id TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, "table" TEXT NOT NULL, columns TEXT NOT NULL,
                row BLOB NOT NULL, found_at INTEGER NOT NULL) WITHOUT ROWID
            """;

    private ConflictLedger() {}
}
