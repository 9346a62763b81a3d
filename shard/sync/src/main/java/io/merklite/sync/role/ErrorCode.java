package io.merklite.sync.role;

import io.merklite.sync.SyncException;
import java.util.Arrays;
import java.util.Optional;

/** What is told to the other side, or to a caller, when something goes wrong. */
public enum ErrorCode {
    /** SQLite refused, or could not read or write; or a conflict was not to be resolved. */
    SQLITE_ERROR(1),
    /** Messages that are malformed, of another version, or out of sequence. */
    PROTOCOL_ERROR(2),
    /** The replicated tables differ. */
    SCHEMA_MISMATCH(3),
    /** A call or message that does not fit the state. */
    INVALID_STATE(4),
    /** The server does not let the client own the tables it wants. */
    OWNERSHIP_REJECTED(5),
    /** A table cannot take part; never raised here, where WITHOUT ROWID tables can. */
    WITHOUT_ROWID_TABLE(6);

    private final int number;

    ErrorCode(int number) {
        this.number = number;
    }

    /** What stands for it in a message. */
    int number() {
        return number;
    }

    static Optional<ErrorCode> ofNumber(int number) {
        return Arrays.stream(values()).filter(code -> code.number == number).findFirst();
    }

    /** The code of an exception. */
    public static ErrorCode of(SyncException failure) {
        return switch (failure) {
            case SyncException.Malformed malformed -> PROTOCOL_ERROR;
            case SyncException.UnknownVersion version -> PROTOCOL_ERROR;
            case SyncException.TooLarge large -> PROTOCOL_ERROR;
            case SyncException.ProtocolViolation violation -> PROTOCOL_ERROR;
            case SyncException.SchemaMismatch mismatch -> SCHEMA_MISMATCH;
            case SyncException.InvalidState state -> INVALID_STATE;
            case SyncException.Unsupported unsupported -> SCHEMA_MISMATCH;
            case SyncException.StoreFailure store -> SQLITE_ERROR;
            case SyncException.DamagedStore damaged -> SQLITE_ERROR;
            case SyncException.ForkedOrigin forked -> SQLITE_ERROR;
            case SyncException.ConflictAborted aborted -> SQLITE_ERROR;
        };
    }
}
