package io.merklite.client.hrana;

import io.merklite.client.SqlStatement;
import java.util.List;
import java.util.Optional;

/** What a stream is asked. */
public sealed interface StreamRequest {
    /** Runs one statement. */
    record Execute(SqlStatement statement) implements StreamRequest {}

    /** Runs statements in order; those whose condition does not hold are skipped. */
    record Batch(List<Step> steps) implements StreamRequest {
        public Batch {
            steps = List.copyOf(steps);
        }
    }

    /** Runs all statements of a text up to the first that fails; rows are thrown away. */
    record Sequence(String sql) implements StreamRequest {}

    /** Tells what a statement is, without running it. */
    record Describe(String sql) implements StreamRequest {}

    /** Whether no transaction is open. */
    enum Autocommit implements StreamRequest {
        AUTOCOMMIT
    }

    /** Ends the stream; what is open is rolled back. */
    enum Close implements StreamRequest {
        CLOSE
    }

    /**
     * A statement of a batch.
     *
     * @param statement the statement
     * @param condition when it runs; always if there is none
     */
    record Step(SqlStatement statement, Optional<Condition> condition) {
        /** One that always runs. */
        public static Step always(String sql) {
            return new Step(SqlStatement.of(sql), Optional.empty());
        }

        /** One that runs if step {@code step}, from 0, has succeeded. */
        public static Step after(int step, SqlStatement statement) {
            return new Step(statement, Optional.of(new Condition.Ok(step)));
        }

        /** One that runs if a transaction is open. */
        public static Step inTransaction(SqlStatement statement) {
            return new Step(statement, Optional.of(new Condition.Not(Condition.Autocommit.AUTOCOMMIT)));
        }
    }

    /** When a step runs. */
    sealed interface Condition {
        /** The step with this index ran and succeeded. */
        record Ok(int step) implements Condition {}

        /** No transaction is open. */
        enum Autocommit implements Condition {
            AUTOCOMMIT
        }

        /** The other does not hold. */
        record Not(Condition condition) implements Condition {}

        /** All hold. */
        record All(List<Condition> conditions) implements Condition {
            public All {
                conditions = List.copyOf(conditions);
            }
        }
    }
}
