package io.merklite.client;

import io.merklite.client.ClientException.StatementFailed;
import io.merklite.client.ClientException.TransactionLost;
import io.merklite.client.hrana.AtomicBatch;
import io.merklite.client.hrana.SqlStream;
import io.merklite.client.hrana.SqlStream.Effect;
import io.merklite.client.hrana.StreamAnswer;
import io.merklite.client.hrana.StreamAnswer.StepOutcome;
import io.merklite.client.hrana.StreamRequest.Batch;
import io.merklite.client.hrana.StreamRequest.Close;
import io.merklite.client.hrana.StreamRequest.Step;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A transaction that is open, on one node.
 *
 * <p>BEGIN is sent with the first statement, so one that is never used costs nothing. A statement that fails does not end
 * it, unless it says so, as INSERT OR ROLLBACK does: then nothing runs any more. A node takes a transaction away that is silent for 10 s, or that writes for 5 s while others wait.
 *
 * <p><b>Threading.</b> Thread-safe; statements run in the order of the calls.
 */
public final class Transaction {
    private static final SqlStatement COMMIT = SqlStatement.of("COMMIT");

    private final SqlStream stream;
    private final TransactionMode mode;
    private CompletableFuture<?> last = CompletableFuture.completedFuture(null);
    private boolean isEnded;

    Transaction(SqlStream stream, TransactionMode mode) {
        this.stream = stream;
        this.mode = mode;
    }

    /**
     * Runs a statement.
     *
     * @return fails with {@link StatementFailed}, or with {@link TransactionLost} if everything is undone
     */
    public CompletionStage<Result> execute(SqlStatement statement) {
        return inOrder(false, () -> {
            if (stream.isOpen()) {
                return stream.run(List.of(new Batch(List.of(Step.inTransaction(statement)))), Effect.UNCOMMITTED)
                        .thenApply(answers -> inside(answers.getFirst()));
            }
            var begin = new Batch(List.of(Step.always(mode.sql()), Step.after(0, statement)));
            return stream.run(List.of(begin), Effect.UNCOMMITTED).thenApply(answers -> second(answers.getFirst()));
        });
    }

    /** The same with the statement made of {@code sql} and {@code args}. */
    public CompletionStage<Result> execute(String sql, @Nullable Object... args) {
        return execute(SqlStatement.of(sql, args));
    }

    /** A statement that found no transaction any more was not run: it would have been committed alone. */
    private static Result inside(StreamAnswer answer) {
        var outcome = AtomicBatch.outcomes(answer).getFirst();
        if (outcome == StepOutcome.Skipped.SKIPPED) {
            throw lost();
        }
        return AtomicBatch.ran(outcome, 0);
    }

    private static TransactionLost lost() {
        return new TransactionLost("a statement or the node has ended the transaction");
    }

    private static Result second(StreamAnswer answer) {
        var outcomes = AtomicBatch.outcomes(answer);
        AtomicBatch.ran(outcomes.getFirst(), 0);
        return AtomicBatch.ran(outcomes.getLast(), 0);
    }

    /**
     * Commits and ends it.
     *
     * @return fails with {@link StatementFailed} or {@link TransactionLost} if nothing was committed, with
     *     {@link ClientException.OutcomeUnknown} if that can't be known
     */
    public CompletionStage<Void> commit() {
        return inOrder(
                true,
                () -> stream.isOpen()
                        ? stream.run(
                                        List.of(new Batch(List.of(Step.inTransaction(COMMIT))), Close.CLOSE),
                                        Effect.COMMITS_ONCE)
                                .thenAccept(answers -> inside(answers.getFirst()))
                        : CompletableFuture.completedFuture(null));
    }

    /** Undoes it and ends it; of no effect on one that has ended. */
    public CompletionStage<Void> rollback() {
        synchronized (this) {
            if (isEnded) {
                return CompletableFuture.completedFuture(null);
            }
        }
        return inOrder(true, stream::close);
    }

    private interface Work<T> {
        CompletableFuture<T> begin();
    }

    private synchronized <T> CompletableFuture<T> inOrder(boolean ends, Work<T> work) {
        if (isEnded) {
            return CompletableFuture.failedFuture(new IllegalStateException("the transaction has ended"));
        }
        isEnded = ends;
        var begun = last.handle((result, failure) -> work).thenCompose(Work::begin);
        last = begun;
        return begun;
    }
}
