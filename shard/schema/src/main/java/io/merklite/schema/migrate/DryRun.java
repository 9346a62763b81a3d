package io.merklite.schema.migrate;

import io.merklite.schema.plan.Operation;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a plan would do to the rows that are there.
 *
 * @param steps one for each operation, in order
 */
public record DryRun(List<Step> steps) {
    public DryRun {
        steps = List.copyOf(steps);
    }

    /**
     * One operation.
     *
     * @param operation what would be done
     * @param rowCount how many rows it would read: those it copies, indexes, or drops
     * @param losses what would be lost, such as {@code 12 rows} or {@code 7 values of pay}
     * @param obstacles what would make it fail, such as {@code 3 rows have no name}; not all of them are known beforehand
     * @param estimate how long it would take, from a sample of the rows; right to a factor of two or three
     */
    public record Step(
            Operation operation, long rowCount, List<String> losses, List<String> obstacles, Duration estimate) {
        public Step {
            losses = List.copyOf(losses);
            obstacles = List.copyOf(obstacles);
        }
    }

    /** How long all of it would take. */
    public Duration estimate() {
        return steps.stream().map(Step::estimate).reduce(Duration.ZERO, Duration::plus);
    }

    /** Whether something is known that would make it fail. */
    public boolean hasObstacles() {
        return steps.stream().anyMatch(step -> !step.obstacles().isEmpty());
    }

    /** A line for each operation. */
    public String describe() {
        return steps.stream()
                .map(step -> step.operation().label() + " (" + step.rowCount() + " rows, about "
                        + step.estimate().toMillis() + " ms"
                        + (step.losses().isEmpty() ? "" : "; would lose " + String.join(", ", step.losses()))
                        + (step.obstacles().isEmpty() ? "" : "; would fail: " + String.join(", ", step.obstacles()))
                        + ")\n")
                .collect(Collectors.joining());
    }
}
