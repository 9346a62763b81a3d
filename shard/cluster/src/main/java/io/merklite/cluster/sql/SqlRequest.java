package io.merklite.cluster.sql;

import java.util.List;
import java.util.Optional;

/** What a stream asks of its database. */
public sealed interface SqlRequest {
    /** Runs statements in order; those whose condition does not hold are skipped. Answered by {@link SqlResponse.BatchDone}. */
    record Batch(List<SqlStep> steps) implements SqlRequest {
        public Batch {
            steps = List.copyOf(steps);
        }

        /** One statement. */
        public static Batch of(SqlStatement statement) {
            return new Batch(List.of(new SqlStep(statement, Optional.empty())));
        }
    }

    /** Runs all statements of a text up to the first that fails. Answered by {@link SqlResponse.SequenceDone}. */
    record Sequence(String sql) implements SqlRequest {}

    /** Tells what a statement is, without running it. Answered by {@link SqlResponse.Described}. */
    record Describe(String sql) implements SqlRequest {}

    /** Whether a transaction is open. Answered by {@link SqlResponse.AutocommitIs}. */
    enum Autocommit implements SqlRequest {
        AUTOCOMMIT
    }
}
