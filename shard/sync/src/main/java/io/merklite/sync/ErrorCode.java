package io.merklite.sync;

/** The coarse kinds of {@link SyncException}s, and of errors that replicas tell each other. */
public enum ErrorCode {
    /** SQLite refused, or a text is none that it could run. */
    SQLITE_ERROR,
    /** Bytes or messages are not what both sides agreed on. */
    PROTOCOL_ERROR,
    /** The replicated tables differ. */
    SCHEMA_MISMATCH,
    /** A call or message that does not fit the state of things. */
    INVALID_STATE,
    /** The other side does not give the ownership asked for. */
    OWNERSHIP_REJECTED,
    /** A table WITHOUT ROWID where none can be. These replicate, so it only comes from elsewhere. */
    WITHOUT_ROWID_TABLE;

    static ErrorCode of(SyncException exception) {
        return switch (exception) {
            case SyncException.Malformed malformed -> PROTOCOL_ERROR;
            case SyncException.UnknownVersion unknown -> PROTOCOL_ERROR;
            case SyncException.TooLarge large -> PROTOCOL_ERROR;
            case SyncException.ForkedOrigin forked -> PROTOCOL_ERROR;
            case SyncException.StoreFailure failure -> SQLITE_ERROR;
            case SyncException.StatementFailure failure -> SQLITE_ERROR;
            case SyncException.RefusedQuery refused -> SQLITE_ERROR;
            case SyncException.RefusedMigration refused -> SQLITE_ERROR;
            case SyncException.DamagedStore damaged -> SQLITE_ERROR;
            case SyncException.Unsupported unsupported -> INVALID_STATE;
            case SyncException.InvalidState invalid -> INVALID_STATE;
            case SyncException.ProtocolViolation violation -> PROTOCOL_ERROR;
            case SyncException.SchemaMismatch mismatch -> SCHEMA_MISMATCH;
            case SyncException.ConflictAborted aborted -> SQLITE_ERROR;
            case SyncException.StillClashing clashing -> SQLITE_ERROR;
        };
    }
}
