package io.merklite.cluster;

import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StreamOptions;
import java.util.concurrent.CompletionStage;

/** The databases of a cluster, as seen from one node. Thread-safe; nothing blocks. */
public interface Databases {
    /** Whether there is a database of this name. */
    CompletionStage<Boolean> exists(String database);

    /** A stream of a database; that there is none shows at its first request. */
    SqlStream stream(String database, StreamOptions options);
}
