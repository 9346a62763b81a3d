package io.merklite.cluster.replica;

import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;

/** What somebody who watches a database is told. It ends when the watcher stops, or with {@link Ended}. */
public sealed interface Watch extends ReplicaMessage {
    /** The result of the query that is watched, now and whenever it is another one. */
    record Result(StatementResult result) implements Watch {}

    /**
     * A transaction was committed, here or elsewhere.
     *
     * @param transaction what it changed
     * @param bookmark what the watcher has been told with it: who begins there anew misses nothing
     */
    record Changed(Transaction transaction, VersionVector bookmark) implements Watch {}

    /**
     * The changeset log has been cut, and some of the changes since the last bookmark are gone: read the database, or fetch a
     * snapshot of it, that has what the bookmark has. The changes after that follow.
     *
     * @param bookmark what the database has now
     */
    record Gap(VersionVector bookmark) implements Watch {}

    /** It is over: the query is none that can be watched, or the database closes. */
    record Ended(SqlError error) implements Watch {}
}
