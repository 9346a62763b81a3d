package io.merklite.sync.store;

/** Names of the conflict ledger: a table that replicates like any other, so an entry is wherever its cause is. */
final class ConflictLedger {
    static final String TABLE = "_merklite_conflicts";

    static final String CREATE = """
            CREATE TABLE IF NOT EXISTS _merklite_conflicts(
                id TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, "table" TEXT NOT NULL, detail TEXT NOT NULL,
                row BLOB NOT NULL, found_at INTEGER NOT NULL) WITHOUT ROWID
            """;

    private ConflictLedger() {}
}
