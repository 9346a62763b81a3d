package io.merklite.node.rest;

import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStep;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepCondition;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.node.http.Refusal;
import io.merklite.node.http.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Statements that run one after the other up to the first that fails, which is then the answer to all. */
final class AllOrNothing {
    private static final SqlStatement BEGIN = SqlStatement.of("BEGIN IMMEDIATE");
    private static final SqlStatement COMMIT = SqlStatement.of("COMMIT");
    private static final SqlStatement ROLLBACK = SqlStatement.of("ROLLBACK");

    private AllOrNothing() {}

    /** Runs statements in a transaction of their own, and ends the stream. */
    static CompletionStage<List<StatementResult>> transaction(SqlStream stream, List<SqlStatement> statements) {
        if (statements.size() == 1) {
            return run(stream, statements, true);
        }
        var steps = chain(BEGIN, statements);
        steps.add(after(COMMIT, steps));
        steps.add(new SqlStep(
                ROLLBACK,
                Optional.of(new StepCondition.All(List.of(
                        new StepCondition.Not(StepCondition.IsAutocommit.IS_AUTOCOMMIT),
                        new StepCondition.Not(new StepCondition.Succeeded(steps.size() - 1)))))));
        return results(stream, steps, true, 1, statements.size());
    }

    /** Runs statements on a stream, within its transaction if one is open. */
    static CompletionStage<List<StatementResult>> run(SqlStream stream, List<SqlStatement> statements, boolean isLast) {
        var steps = chain(statements.getFirst(), statements.subList(1, statements.size()));
        return results(stream, steps, isLast, 0, statements.size());
    }

    /** Runs steps that have conditions of their own on a stream: those that ran have succeeded. */
    static CompletionStage<List<StatementResult>> runSteps(SqlStream stream, List<SqlStep> steps) {
        return stream.run(List.of(new SqlRequest.Batch(steps)), false)
                .thenApply(responses -> results(responses.getFirst(), 0, steps.size()));
    }

    private static List<SqlStep> chain(SqlStatement first, List<SqlStatement> others) {
        List<SqlStep> steps = new ArrayList<>();
        steps.add(new SqlStep(first, Optional.empty()));
        others.forEach(statement -> steps.add(after(statement, steps)));
        return steps;
    }

    private static SqlStep after(SqlStatement statement, List<SqlStep> steps) {
        return new SqlStep(statement, Optional.of(new StepCondition.Succeeded(steps.size() - 1)));
    }

    private static CompletionStage<List<StatementResult>> results(
            SqlStream stream, List<SqlStep> steps, boolean isLast, int first, int count) {
        return stream.run(List.of(new SqlRequest.Batch(steps)), isLast)
                .thenApply(
                        responses -> results(responses.getFirst(), first, count).subList(first, first + count));
    }

    private static List<StatementResult> results(SqlResponse response, int first, int count) {
        if (!(response instanceof SqlResponse.BatchDone(var outcomes))) {
            throw response instanceof SqlResponse.Refused(var error)
                    ? new RefusedException(RestFailures.refusal(error))
                    : new IllegalStateException("a batch was answered with " + response);
        }
        List<StatementResult> results = new ArrayList<>();
        for (var i = 0; i < outcomes.size(); i++) {
            switch (outcomes.get(i)) {
                case StepOutcome.Done(var result) -> results.add(result);
                case StepOutcome.Failed(var error) -> throw failed(error, i - first, count);
                case StepOutcome.Skipped skipped -> {}
            }
        }
        return results;
    }

    /** Says which statement it was, counted from 1, where there are several and it is one of them. */
    private static RefusedException failed(SqlError error, int index, int count) {
        var refusal = RestFailures.refusal(error);
        return new RefusedException(
                count == 1 || index < 0 || index >= count
                        ? refusal
                        : new Refusal(
                                refusal.status(),
                                refusal.code(),
                                "statement " + (index + 1) + ": " + refusal.message() + "; nothing was kept"));
    }
}
