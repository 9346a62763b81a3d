package io.merklite.cluster.sql;

import java.util.List;

/** When a step of a batch runs. */
public sealed interface StepCondition {
    /** The step with this index, from 0, ran and succeeded. */
    record Succeeded(int step) implements StepCondition {}

    /** The step with this index ran and failed; false for a step that was skipped. */
    record Failed(int step) implements StepCondition {}

    /** The other condition does not hold. */
    record Not(StepCondition condition) implements StepCondition {}

    /** All hold; true if there are none. */
    record All(List<StepCondition> conditions) implements StepCondition {
        public All {
            conditions = List.copyOf(conditions);
        }
    }

    /** One holds; false if there are none. */
    record Any(List<StepCondition> conditions) implements StepCondition {
        public Any {
            conditions = List.copyOf(conditions);
        }
    }

    /** No transaction is open on the stream. */
    enum IsAutocommit implements StepCondition {
        IS_AUTOCOMMIT
    }
}
