package io.merklite.client.jdbc;

import io.merklite.client.SqlStatement;
import io.merklite.query.subscribe.SqlValue;
import java.util.ArrayList;
import java.util.List;

/** Batches in pieces that fit into a request: a node takes up to 16 MiB, and base64 and escapes need room. */
final class BatchChunks {
    private static final long LIMIT_BYTES = 4 << 20;
    private static final int STATEMENT_BYTES = 100;
    private static final int NUMBER_BYTES = 50;

    private BatchChunks() {}

    static List<List<SqlStatement>> of(List<SqlStatement> statements) {
        List<List<SqlStatement>> chunks = new ArrayList<>();
        List<SqlStatement> chunk = new ArrayList<>();
        var sizeBytes = 0L;
        for (var statement : statements) {
            var more = sizeBytes(statement);
            if (!chunk.isEmpty() && sizeBytes + more > LIMIT_BYTES) {
                chunks.add(chunk);
                chunk = new ArrayList<>();
                sizeBytes = 0;
            }
            chunk.add(statement);
            sizeBytes += more;
        }
        chunks.add(chunk);
        return chunks;
    }

    private static long sizeBytes(SqlStatement statement) {
        var size = STATEMENT_BYTES + (long) statement.sql().length();
        for (var arg : statement.args()) {
            size += switch (arg) {
                case SqlValue.Text text -> NUMBER_BYTES + 3L * text.value().length();
                case SqlValue.Blob blob -> NUMBER_BYTES + 2L * blob.view().remaining();
                default -> NUMBER_BYTES;
            };
        }
        return size;
    }
}
