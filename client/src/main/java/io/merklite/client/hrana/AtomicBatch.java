package io.merklite.client.hrana;

import io.merklite.client.ClientException.Malformed;
import io.merklite.client.Result;
import io.merklite.client.SqlStatement;
import io.merklite.client.hrana.StreamAnswer.StepOutcome;
import io.merklite.client.hrana.StreamRequest.Batch;
import io.merklite.client.hrana.StreamRequest.Condition;
import io.merklite.client.hrana.StreamRequest.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Statements in one transaction and one request: BEGIN, each after the one before, COMMIT after the last, and ROLLBACK if it
 * began and did not commit.
 *
 * @param begin the statement that begins it
 * @param statements at least one
 */
public record AtomicBatch(String begin, List<SqlStatement> statements) {
    public AtomicBatch {
        statements = List.copyOf(statements);
        if (statements.isEmpty()) {
            throw new IllegalArgumentException("a batch without statements");
        }
    }

    /** What to send. */
    public Batch request() {
        List<Step> steps = new ArrayList<>();
        steps.add(Step.always(begin));
        for (var statement : statements) {
            steps.add(Step.after(steps.size() - 1, statement));
        }
        var commit = steps.size();
        steps.add(Step.after(commit - 1, SqlStatement.of("COMMIT")));
        var isOpen = new Condition.All(List.of(new Condition.Ok(0), new Condition.Not(new Condition.Ok(commit))));
        steps.add(new Step(SqlStatement.of("ROLLBACK"), Optional.of(isOpen)));
        return new Batch(steps);
    }

    /**
     * What the statements gave, when all of them and the COMMIT have succeeded.
     *
     * @throws io.merklite.client.ClientException the failure of the first that has not, whose step is its index among the
     *     statements
     */
    public List<Result> results(StreamAnswer answer) {
        var outcomes = outcomes(answer);
        if (outcomes.size() != statements.size() + 3) {
            throw new Malformed(outcomes.size() + " outcomes of " + (statements.size() + 3) + " steps");
        }
        List<Result> results = new ArrayList<>();
        for (var step = 0; step <= statements.size() + 1; step++) {
            var result = ran(outcomes.get(step), Math.clamp(step - 1, 0, statements.size() - 1));
            if (step > 0 && step <= statements.size()) {
                results.add(result);
            }
        }
        return List.copyOf(results);
    }

    /** The outcomes of a batch's steps. */
    public static List<StepOutcome> outcomes(StreamAnswer answer) {
        return switch (answer) {
            case StreamAnswer.BatchDone done -> done.outcomes();
            case StreamAnswer.Failed failed -> throw failed.error().at(0);
            default -> throw new Malformed("an answer of another kind than its request");
        };
    }

    /** The result of a step that was not to be skipped; its failure is that of statement {@code index}. */
    public static Result ran(StepOutcome outcome, int index) {
        return switch (outcome) {
            case StepOutcome.Ran ran -> ran.result();
            case StepOutcome.Broke broke -> throw broke.error().at(index);
            case StepOutcome.Skipped skipped -> throw new Malformed("a step was skipped after one that ran");
        };
    }

    /** The result of a single statement. */
    public static Result executed(StreamAnswer answer) {
        return switch (answer) {
            case StreamAnswer.Executed executed -> executed.result();
            case StreamAnswer.Failed failed -> throw failed.error().at(0);
            default -> throw new Malformed("an answer of another kind than its request");
        };
    }
}
