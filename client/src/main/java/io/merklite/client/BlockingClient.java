package io.merklite.client;

import io.merklite.client.ClientException.OutcomeUnknown;
import io.merklite.client.http.Failures;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * {@link MerkliteClient} for a thread that may block; virtual threads are welcome. Each method waits for the stage of the
 * same name, and throws what it fails with. An interrupt gives the request up.
 */
public final class BlockingClient {
    private final MerkliteClient client;

    BlockingClient(MerkliteClient client) {
        this.client = client;
    }

    /** Runs a statement, in a transaction of its own. */
    public Result execute(SqlStatement statement) {
        return await(client.execute(statement));
    }

    /** The same with the statement made of {@code sql} and {@code args}. */
    public Result execute(String sql, @Nullable Object... args) {
        return await(client.execute(sql, args));
    }

    /** Runs statements in one transaction. */
    public List<Result> batch(List<SqlStatement> statements) {
        return await(client.batch(statements));
    }

    /** Runs all statements of a text. */
    public void script(String sql) {
        await(client.script(sql));
    }

    /** A transaction, for a thread that may block. */
    public static final class BlockingTransaction {
        private final Transaction transaction;

        private BlockingTransaction(Transaction transaction) {
            this.transaction = transaction;
        }

        /** Runs a statement. */
        public Result execute(SqlStatement statement) {
            return await(transaction.execute(statement));
        }

        /** The same with the statement made of {@code sql} and {@code args}. */
        public Result execute(String sql, @Nullable Object... args) {
            return await(transaction.execute(sql, args));
        }
    }

    /** {@link #transaction(TransactionMode, Function)} that writes. */
    public <T> T transaction(Function<BlockingTransaction, T> work) {
        return transaction(TransactionMode.WRITE, work);
    }

    /**
     * Runs {@code work} in a transaction: commits when it returns, rolls back when it throws. If somebody else was faster,
     * or the node was lost before the COMMIT, all of it is run again, up to ten times.
     */
    public <T> T transaction(TransactionMode mode, Function<BlockingTransaction, T> work) {
        for (var count = 1; ; count++) {
            var transaction = client.begin(mode);
            try {
                var result = work.apply(new BlockingTransaction(transaction));
                await(transaction.commit());
                return result;
            } catch (ClientException e) {
                await(transaction.rollback());
                if (!e.isTransient() || count == MerkliteClient.TRANSACTION_ATTEMPTS) {
                    throw e;
                }
                await(client.pauseBefore(count));
            } catch (RuntimeException e) {
                await(transaction.rollback());
                throw e;
            }
        }
    }

    private static <T> T await(CompletionStage<T> stage) {
        var future = stage.toCompletableFuture();
        try {
            return future.get();
        } catch (InterruptedException e) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            throw new OutcomeUnknown("the wait for an answer was interrupted", e);
        } catch (ExecutionException e) {
            var cause = Failures.cause(e);
            if (cause instanceof RuntimeException failure) {
                throw failure;
            }
            throw new CompletionException(cause);
        }
    }
}
