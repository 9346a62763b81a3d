package io.merklite.node.rest;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * The answer to work that may take longer than a connection may be silent.
 *
 * <p>If the work takes longer than the heartbeat of feeds, its answer begins with status 200 and a blank, which stands before any JSON and means
 * nothing, and goes on with a blank at each heartbeat. Then comes what would have been the answer's body; that of a failure is
 * known by its {@code code}.
 */
final class LateAnswer {
    private static final ByteString BLANK = ByteString.fromString(" ");

    private LateAnswer() {}

    /** The answer that {@code work} gives, or one that waits for it. */
    static CompletionStage<HttpResponse> of(CompletionStage<HttpResponse> work, RestApi.Parts parts) {
        var answer = new CompletableFuture<HttpResponse>();
        work.whenComplete((response, failure) -> {
            if (failure == null) {
                answer.complete(response);
            } else {
                answer.completeExceptionally(failure);
            }
        });
        parts.system()
                .scheduler()
                .scheduleOnce(
                        parts.settings().heartbeat(),
                        () -> {
                            if (!answer.isDone()) {
                                answer.complete(waiting(work, parts));
                            }
                        },
                        parts.system().executionContext());
        return answer;
    }

    private static HttpResponse waiting(CompletionStage<HttpResponse> work, RestApi.Parts parts) {
        var body = work.exceptionally(failure -> RestFailures.refusal(failure).toResponse())
                .thenApply(response -> response.entity() instanceof HttpEntity.Strict whole
                        ? whole.getData()
                        : ByteString.emptyByteString());
        var blanks = Source.completionStage(body).keepAlive(parts.settings().heartbeat(), () -> BLANK);
        return HttpResponse.create()
                .withEntity(HttpEntities.createChunked(
                        ContentTypes.APPLICATION_JSON, Source.single(BLANK).concat(blanks)));
    }
}
