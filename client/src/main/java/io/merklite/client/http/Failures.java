package io.merklite.client.http;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Internal: what a stage failed with, without the wrapping that stages add. */
public final class Failures {
    private Failures() {}

    /** The failure itself. */
    public static Throwable cause(Throwable failure) {
        var cause = failure.getCause();
        return (failure instanceof CompletionException || failure instanceof ExecutionException) && cause != null
                ? cause(cause)
                : failure;
    }
}
