package io.merklite.cluster.sql;

import java.util.Optional;

/**
 * A statement of a batch.
 *
 * @param statement the statement
 * @param condition when it runs; always if there is none. It names earlier steps only.
 */
public record SqlStep(SqlStatement statement, Optional<StepCondition> condition) {}
