package io.merklite.node.rest;

import io.merklite.cluster.sql.SqlError;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.util.ByteString;

/** What a reader is told when a database ends a feed. */
final class FeedEnd {
    /** The database moves, closes, or nobody listens: the reader connects again, and goes on where it was. */
    private static final Set<String> SILENT = Set.of("UNAVAILABLE", "CANCELLED");

    private FeedEnd() {}

    static List<ByteString> of(SqlError error, FeedFormat format) {
        return SILENT.contains(error.code())
                ? List.of()
                : List.of(format.event(
                        "error",
                        Optional.empty(),
                        json -> json.beginObject()
                                .name("message")
                                .value(error.message())
                                .name("code")
                                .value(error.code())
                                .endObject()));
    }
}
