package io.merklite.node.http;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.stream.Materializer;

/** Reads the body of a request up to a limit, whatever content type it says it has. */
public final class RequestBody {
    private final int maxSizeBytes;
    private final Duration timeout;
    private final Materializer materializer;

    /**
     * A reader of bodies.
     *
     * @param maxSizeBytes beyond which a request is refused with status 413
     * @param timeout within which all of a body must have come
     */
    public RequestBody(int maxSizeBytes, Duration timeout, Materializer materializer) {
        this.maxSizeBytes = maxSizeBytes;
        this.timeout = timeout;
        this.materializer = materializer;
    }

    /** The body of {@code request}. The caller owns the array, and must not write to it. */
    public CompletionStage<byte[]> of(HttpRequest request) {
        var entity = request.entity();
        if (entity instanceof HttpEntity.Strict strict) {
            // Whatever came with the headers in one piece, as nearly all requests do, is there already.
            return strict.getData().size() > maxSizeBytes
                    ? CompletableFuture.failedFuture(tooLarge())
                    : CompletableFuture.completedFuture(strict.getData().toArrayUnsafe());
        }
        return entity.withSizeLimit(maxSizeBytes)
                .toStrict(timeout.toMillis(), materializer)
                .thenApplyAsync(strict -> strict.getData().toArrayUnsafe(), materializer.executionContext())
                .exceptionallyCompose(failure ->
                        CompletableFuture.failedFuture(isTooLarge(failure) ? tooLarge() : interrupted(failure)));
    }

    private static boolean isTooLarge(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof EntityStreamSizeException) {
                return true;
            }
        }
        return false;
    }

    private RefusedException tooLarge() {
        return new RefusedException(new Refusal(
                413, "BODY_TOO_LARGE", "a request may have " + maxSizeBytes + " bytes: split it into several"));
    }

    private static RefusedException interrupted(Throwable failure) {
        var refused = new RefusedException(
                new Refusal(408, "BODY_INCOMPLETE", "the body of the request did not come to its end: send it again"));
        refused.addSuppressed(failure);
        return refused;
    }
}
