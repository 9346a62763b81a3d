package io.merklite.node.http;

import io.merklite.cluster.ClusterException;
import io.merklite.node.encoding.JsonWriter;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * An answer that is an error: {@code {"message", "code"}}, with the content type {@code application/json} and nothing
 * behind it, which clients compare literally before they read it.
 *
 * @param status of HTTP
 * @param code stable, listed in {@code docs/errors.md}
 * @param message for people: what happened, and what to do
 */
public record Refusal(int status, String code, String message) {
    /** The code of answers whose writes may be there or not: whoever gets it must look before they write again. */
    public static final String OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN";

    /** What clients are told of a failure of the cluster. With any other code than {@link #OUTCOME_UNKNOWN}, nothing was done. */
    public static Refusal of(ClusterException failure) {
        var message = String.valueOf(failure.getMessage());
        return switch (failure) {
            case ClusterException.NoDatabase none -> new Refusal(404, "DATABASE_NOT_FOUND", message);
            case ClusterException.KeyReused reused -> new Refusal(422, "IDEMPOTENCY_KEY_REUSED", message);
            case ClusterException.Overloaded overloaded -> new Refusal(429, "OVERLOADED", message);
            case ClusterException.Unavailable unavailable -> new Refusal(503, "NO_WRITER", message);
            case ClusterException.UnknownOutcome unknown -> new Refusal(503, OUTCOME_UNKNOWN, message);
            case ClusterException.JournalFailure unknown -> new Refusal(503, OUTCOME_UNKNOWN, message);
            case ClusterException.JournalFull full -> new Refusal(503, "SQLITE_FULL", message);
            case ClusterException.JournalDamaged damaged -> broken(message);
            case ClusterException.JournalForeign foreign -> broken(message);
            case ClusterException.JournalInUse used -> broken(message);
            case ClusterException.JournalMissing missing -> broken(message);
            case ClusterException.JournalNewer newer -> broken(message);
            case ClusterException.JournalSequenceUsed used -> broken(message);
            case ClusterException.JournalUnsupported unsupported -> broken(message);
            case ClusterException.LogPlugin plugin -> broken(message);
            case ClusterException.LogDamaged damaged -> broken(message);
            case ClusterException.LogNewer newer -> broken(message);
        };
    }

    /** The node itself needs its operator; what was asked of it may have been begun. */
    private static Refusal broken(String message) {
        return new Refusal(503, OUTCOME_UNKNOWN, message);
    }

    public HttpResponse toResponse() {
        var json = new JsonWriter(128)
                .beginObject()
                .name("message")
                .value(message)
                .name("code")
                .value(code)
                .endObject();
        return HttpResponse.create()
                .withStatus(status)
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, json.toByteString()));
    }
}
