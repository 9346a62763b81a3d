package io.merklite.cluster.journal;

import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.dispatch.Futures;
import scala.concurrent.Future;

/** Answers to Pekko, whose plugins speak Scala's futures. */
final class PluginFuture {
    private PluginFuture() {}

    /** The outcome of {@code stage}. A failure is the one that was raised, and not what Java wraps it in on the way. */
    static <T> Future<T> of(CompletionStage<T> stage) {
        var promise = Futures.<T>promise();
        stage.whenComplete((value, failure) -> {
            if (failure == null) {
                promise.success(value);
            } else {
                var cause = failure instanceof CompletionException ? failure.getCause() : failure;
                promise.failure(cause == null ? failure : cause);
            }
        });
        return promise.future();
    }
}
