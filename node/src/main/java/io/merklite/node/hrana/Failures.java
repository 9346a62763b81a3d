package io.merklite.node.hrana;

import io.merklite.cluster.ClusterException;
import io.merklite.cluster.sql.SqlError;
import io.merklite.node.http.Refusal;
import io.merklite.node.http.RefusedException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What clients are told of failures below: the one place where they become codes and statuses. */
final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private Failures() {}

    /** The answer to a request that failed as a whole. */
    static Refusal refusal(Throwable failure) {
        return switch (cause(failure)) {
            case RefusedException refused -> refused.refusal();
            case HranaException violated -> violated.toRefusal();
            case ClusterException failed -> Refusal.of(failed);
            case TimeoutException late ->
                new Refusal(
                        503,
                        Refusal.OUTCOME_UNKNOWN,
                        "the database did not answer in time: what was written may be there or not, so look before you"
                                + " write it again");
            case Throwable other -> {
                LOG.error("database failed to answer: report this as a bug", other);
                yield new Refusal(500, "INTERNAL_ERROR", "the node failed to answer: its log says why");
            }
        };
    }

    /** The same, for an answer among others. */
    static SqlError error(Throwable failure) {
        var refusal = refusal(failure);
        return new SqlError(refusal.code(), refusal.message());
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
