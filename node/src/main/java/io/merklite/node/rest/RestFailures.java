package io.merklite.node.rest;

import io.merklite.cluster.ClusterDatabase;
import io.merklite.cluster.ClusterException;
import io.merklite.cluster.catalog.Catalog;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.transfer.PlainFile;
import io.merklite.node.http.Refusal;
import io.merklite.node.http.RefusedException;
import io.merklite.schema.SchemaException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.scaladsl.model.IllegalUriException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What callers are told of failures. */
final class RestFailures {
    private static final Logger LOG = LoggerFactory.getLogger(RestFailures.class);

    private RestFailures() {}

    /** The answer to a request that failed. */
    static Refusal refusal(Throwable failure) {
        return switch (cause(failure)) {
            case RefusedException refused -> refused.refusal();
            case ClusterException failed -> Refusal.of(failed);
            case ClusterDatabase.StatementFailed failed -> refusal(failed.error());
            case SchemaException failed -> refusal(failed);
            case PlainFile.Unusable unusable ->
                new Refusal(400, "FILE_UNUSABLE", String.valueOf(unusable.getMessage()));
            case Catalog.CatalogException failed ->
                new Refusal(503, "CATALOG_UNAVAILABLE", String.valueOf(failed.getMessage()));
            case IllegalUriException malformed ->
                new Refusal(400, "URI_INVALID", "the query of the URL is not encoded as it must be");
            case TimeoutException late ->
                new Refusal(
                        503,
                        Refusal.OUTCOME_UNKNOWN,
                        "the database did not answer in time: what was written may be there or not, so look before you"
                                + " write it again");
            case Throwable other -> {
                LOG.error("request failed: report this as a bug", other);
                yield new Refusal(500, "INTERNAL_ERROR", "the node failed to answer: its log says why");
            }
        };
    }

    /** What SQLite says, or the replica, of a request that is one statement or all or nothing. */
    static Refusal refusal(SqlError error) {
        var status = switch (error.code()) {
            case "SQLITE_CONSTRAINT", "sync.still-clashing" -> 409;
            case "SQLITE_AUTH" -> 403;
            case "NO_DATABASE", "sync.invalid-state" -> 404;
            case "RESPONSE_TOO_LARGE" -> 413;
            case "OVERLOADED" -> 429;
            case "SQLITE_BUSY",
                    "SQLITE_LOCKED",
                    "SQLITE_FULL",
                    "SQLITE_IOERR",
                    "SQLITE_INTERRUPT",
                    "TRANSACTION_BUSY",
                    "TRANSACTION_TIMEOUT",
                    "TRANSACTION_LOST",
                    "BUSY",
                    "MOVING",
                    "UNAVAILABLE",
                    "UNKNOWN_OUTCOME" -> 503;
            case "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CANTOPEN", "SQLITE_NOMEM", "sync.store-failure" -> 500;
            default -> 400;
        };
        return new Refusal(status, error.code(), error.message());
    }

    private static Refusal refusal(SchemaException failure) {
        var status = failure instanceof SchemaException.ParseFailed || failure instanceof SchemaException.MalformedJson
                ? 400
                : 409;
        return new Refusal(status, failure.code(), String.valueOf(failure.getMessage()));
    }

    static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
