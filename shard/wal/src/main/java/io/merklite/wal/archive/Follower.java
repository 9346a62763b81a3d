package io.merklite.wal.archive;

import io.merklite.wal.WalException;
import io.merklite.wal.format.Tip;
import io.merklite.wal.replication.ConnectionFunction;
import io.merklite.wal.replication.Replica;
import io.merklite.wal.replication.RestorePoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;

/**
 * A replica that is fed from an archive's store, with no connection to the primary. It looks for logs when {@link
 * #poll} is called, as often as its caller wants to.
 *
 * <p><b>Threading.</b> Thread-safe, as {@link Replica}: readers go on while a poll waits for the store.
 */
public final class Follower implements AutoCloseable {
    private final Catalog catalog;
    private final Replica replica;

    private Follower(Catalog catalog, Replica replica) {
        this.catalog = catalog;
        this.replica = replica;
    }

    /**
     * Follows the archive in {@code store} with the replica in {@code database}: the one that is there, or a new one
     * from the newest snapshot.
     *
     * @throws WalException.NoSuchPoint if the store has no archive
     * @throws WalException.NotResumable if there is a file that is no replica, for instance because making it was cut
     *     short: delete it first
     */
    public static Follower open(LogStore store, Path database) {
        var catalog = new Catalog(store);
        var replica = Files.exists(database)
                ? Replica.resume(database)
                : Replica.open(database, catalog.open(catalog.newest(RestorePoint.latest())), List.of());
        return new Follower(catalog, replica);
    }

    /**
     * Applies the logs that have come since the last poll.
     *
     * @return how many there were
     * @throws WalException.LogGap if retention has removed the next one: delete the files of the replica, and open it
     *     again
     */
    public synchronized int poll() {
        var logs = catalog.logsFrom(replica.reached().frameNumber());
        logs.forEach(log -> replica.replicate(catalog.open(log)));
        return logs.size();
    }

    /** Runs {@code reader} on the replica: {@link Replica#withConnection}. */
    public <T> T withConnection(ConnectionFunction<T> reader) throws SQLException {
        return replica.withConnection(reader);
    }

    /** What readers see. */
    public Tip applied() {
        return replica.applied();
    }

    /** Closes the replica; its files stay, and a follower opened later goes on with them. */
    @Override
    public void close() {
        replica.close();
    }
}
