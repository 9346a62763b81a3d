package io.merklite.cluster.sql;

import java.util.List;
import java.util.Optional;

/** What became of a {@link SqlRequest}. */
public sealed interface SqlResponse {
    /** One outcome for each step. */
    record BatchDone(List<StepOutcome> outcomes) implements SqlResponse {
        public BatchDone {
            outcomes = List.copyOf(outcomes);
        }
    }

    /** All statements of the text have run. */
    enum SequenceDone implements SqlResponse {
        SEQUENCE_DONE
    }

    /**
     * What a statement is.
     *
     * @param parameters names of its parameters with their signs; none for a bare question mark
     * @param columns that it returns
     * @param isExplain whether it is an EXPLAIN
     * @param isReadOnly whether it can't write
     */
    record Described(
            List<Optional<String>> parameters, List<ResultColumn> columns, boolean isExplain, boolean isReadOnly)
            implements SqlResponse {
        public Described {
            parameters = List.copyOf(parameters);
            columns = List.copyOf(columns);
        }
    }

    /** Whether no transaction is open. */
    record AutocommitIs(boolean isAutocommit) implements SqlResponse {}

    /** The request as a whole failed. */
    record Refused(SqlError error) implements SqlResponse {}
}
