package io.merklite.client.hrana;

import io.merklite.client.ClientException.StatementFailed;
import io.merklite.client.Column;
import io.merklite.client.Result;
import java.util.List;
import java.util.Optional;

/** What became of a {@link StreamRequest}. */
public sealed interface StreamAnswer {
    /** A statement ran. */
    record Executed(Result result) implements StreamAnswer {}

    /** One outcome for each step. */
    record BatchDone(List<StepOutcome> outcomes) implements StreamAnswer {
        public BatchDone {
            outcomes = List.copyOf(outcomes);
        }
    }

    /**
     * What a statement is.
     *
     * @param parameters their names with signs; none for a bare question mark
     * @param columns that it returns
     * @param isReadOnly whether it can't write
     */
    record Described(List<Optional<String>> parameters, List<Column> columns, boolean isReadOnly)
            implements StreamAnswer {
        public Described {
            parameters = List.copyOf(parameters);
            columns = List.copyOf(columns);
        }
    }

    /** Whether no transaction is open. */
    record AutocommitIs(boolean isAutocommit) implements StreamAnswer {}

    /** A sequence has run, or a stream is closed. */
    enum Done implements StreamAnswer {
        DONE
    }

    /** The request failed. */
    record Failed(StatementFailed error) implements StreamAnswer {}

    /** What became of a step of a batch. */
    sealed interface StepOutcome {
        /** It ran. */
        record Ran(Result result) implements StepOutcome {}

        /** It failed. */
        record Broke(StatementFailed error) implements StepOutcome {}

        /** Its condition did not hold. */
        enum Skipped implements StepOutcome {
            SKIPPED
        }
    }
}
