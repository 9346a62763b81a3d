package io.merklite.node.http;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** A group of requests that a node answers. Thread-safe; nothing blocks. */
public interface Endpoints {
    /**
     * The answer to {@code request}, or none if its path is not one of these. A stage that fails with a {@link
     * RefusedException} is answered with its refusal, any other with status 500.
     */
    Optional<CompletionStage<HttpResponse>> answer(HttpRequest request);
}
