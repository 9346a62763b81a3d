package io.merklite.cluster.sql;

/** What became of a step of a batch. */
public sealed interface StepOutcome {
    /** It ran. */
    record Done(StatementResult result) implements StepOutcome {}

    /** It failed. */
    record Failed(SqlError error) implements StepOutcome {}

    /** Its condition did not hold. */
    enum Skipped implements StepOutcome {
        SKIPPED
    }
}
