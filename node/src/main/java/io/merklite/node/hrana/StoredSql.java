package io.merklite.node.hrana;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Texts that a client stored, to send them once and name them by number after: those of an HTTP stream, or of a WebSocket.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the stream or connection.
 */
final class StoredSql {
    private final int maxCount;
    private final int maxSizeBytes;
    private final Map<Integer, String> texts = new HashMap<>();

    StoredSql(int maxCount, int maxSizeBytes) {
        this.maxCount = maxCount;
        this.maxSizeBytes = maxSizeBytes;
    }

    boolean isEmpty() {
        return texts.isEmpty();
    }

    /** Keeps a text. An id in use is a violation, a text too many or too large an error of the request. */
    Answer store(StreamRequest.StoreSql request) {
        if (texts.containsKey(request.id())) {
            throw new HranaException.Violated("SQL is stored under id " + request.id() + " already");
        }
        if (texts.size() >= maxCount) {
            return Answer.Failed.of(
                    "SQL_STORE_TOO_MANY", maxCount + " texts are stored already: close those not needed any more");
        }
        if (sizeBytes(request.sql()) > maxSizeBytes) {
            return Answer.Failed.of(
                    "SQL_STORE_TOO_LARGE",
                    "a stored text may have " + maxSizeBytes + " bytes: send larger ones with their requests");
        }
        texts.put(request.id(), request.sql());
        return Answer.Done.STORE_SQL;
    }

    /** Forgets a text; one that is unknown was forgotten already. */
    Answer close(StreamRequest.CloseSql request) {
        texts.remove(request.id());
        return Answer.Done.CLOSE_SQL;
    }

    /** The SQL that {@code text} stands for. */
    String resolve(SqlText text) {
        return switch (text) {
            case SqlText.Inline inline -> inline.sql();
            case SqlText.Stored stored -> {
                var sql = texts.get(stored.id());
                if (sql == null) {
                    throw new HranaException.Violated("no SQL is stored under id " + stored.id());
                }
                yield sql;
            }
        };
    }

    private static int sizeBytes(String sql) {
        return sql.getBytes(StandardCharsets.UTF_8).length;
    }
}
