package io.merklite.node.hrana;

import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepOutcome;
import java.util.List;

/** The answer to one request of a client. */
sealed interface Answer {
    /** A statement ran. */
    record Executed(StatementResult result) implements Answer {}

    /** A batch ran: an outcome for each step. */
    record BatchRan(List<StepOutcome> outcomes) implements Answer {
        public BatchRan {
            outcomes = List.copyOf(outcomes);
        }
    }

    /** What a statement is. */
    record Described(SqlResponse.Described description) implements Answer {}

    /** Whether no transaction is open. */
    record AutocommitIs(boolean isAutocommit) implements Answer {}

    /** A piece of a cursor's results. */
    record Fetched(SqlCursor.Page page) implements Answer {}

    /** The request failed. */
    record Failed(SqlError error) implements Answer {
        static Failed of(String code, String message) {
            return new Failed(new SqlError(code, message));
        }
    }

    /** What was asked for was done, and there is nothing to tell of it. */
    enum Done implements Answer {
        SEQUENCE("sequence", 4, 9),
        STORE_SQL("store_sql", 6, 11),
        CLOSE_SQL("close_sql", 7, 12),
        CLOSE("close", 1, Done.NONE),
        OPEN_STREAM("open_stream", Done.NONE, 2),
        CLOSE_STREAM("close_stream", Done.NONE, 3),
        OPEN_CURSOR("open_cursor", Done.NONE, 6),
        CLOSE_CURSOR("close_cursor", Done.NONE, 7);

        private static final int NONE = 0;

        /** Its name in JSON. */
        final String type;

        /** Its field in protobuf over HTTP, 0 if it does not occur there. */
        final int httpField;

        /** Its field in protobuf over WebSocket, 0 if it does not occur there. */
        final int socketField;

        Done(String type, int httpField, int socketField) {
            this.type = type;
            this.httpField = httpField;
            this.socketField = socketField;
        }
    }
}
