package io.merklite.client.replica;

import io.merklite.client.ClientException.ReplicaStopped;
import io.merklite.sync.log.TransactionLog;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.transaction.TransactionCodec;
import io.merklite.sync.vector.VersionVector;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * What was written here and no node has yet, in a file beside the database.
 *
 * <p>Without it a replica that was closed while offline would send its rows by the merkle path: they would arrive, but not
 * as transactions. A write whose entry is lost (power is cut between the two files) takes that path. What others have
 * written is not kept: the node has it.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the database. Blocks on disk. <b>Cost.</b> One insertion for
 * each write; memory for one transaction at a time.
 */
final class Outbox implements TransactionLog, AutoCloseable {
    private static final int MAX_TRANSACTION_BYTES = 256 << 20;

    private final Connection connection;
    private final Supplier<Origin> own;
    private final TransactionCodec codec = new TransactionCodec(MAX_TRANSACTION_BYTES);

    private Outbox(Connection connection, Supplier<Origin> own) {
        this.connection = connection;
        this.own = own;
    }

    /**
     * @param path of its file, or {@code :memory:}
     * @param own the origin under which is written now
     */
    static Outbox open(String path, Supplier<Origin> own) {
        try {
            var connection = DriverManager.getConnection("jdbc:sqlite:" + path);
            try (var statement = connection.createStatement()) {
                statement.execute("PRAGMA journal_mode = WAL");
                statement.execute("CREATE TABLE IF NOT EXISTS entry(origin INTEGER, seq INTEGER, bytes BLOB NOT NULL,"
                        + " PRIMARY KEY(origin, seq)) WITHOUT ROWID");
            }
            return new Outbox(connection, own);
        } catch (SQLException e) {
            throw failure("opening " + path, e);
        }
    }

    private static ReplicaStopped failure(String doing, SQLException cause) {
        return new ReplicaStopped(
                "the outbox, " + doing + ": " + cause.getMessage(), "Mend the cause and open the replica again", cause);
    }

    @Override
    public void append(Transaction transaction) {
        if (!transaction.origin().equals(own.get())) {
            return;
        }
        try (var insert = connection.prepareStatement("INSERT OR IGNORE INTO entry VALUES (?, ?, ?)")) {
            insert.setLong(1, transaction.origin().bits());
            insert.setLong(2, transaction.seq());
            insert.setBytes(3, codec.encode(transaction));
            insert.executeUpdate();
        } catch (SQLException e) {
            throw failure("adding an entry", e);
        }
    }

    @Override
    public Optional<Transaction> read(Origin origin, long seq) {
        try (var query = connection.prepareStatement("SELECT bytes FROM entry WHERE origin = ? AND seq = ?")) {
            query.setLong(1, origin.bits());
            query.setLong(2, seq);
            try (var rows = query.executeQuery()) {
                return rows.next() ? Optional.of(codec.decode(rows.getBytes(1))) : Optional.empty();
            }
        } catch (SQLException e) {
            throw failure("reading an entry", e);
        }
    }

    /** {@code vector} up to what is still to be sent. */
    VersionVector without(VersionVector vector) {
        var seqs = new TreeMap<>(vector.seqs());
        try (var query = connection.prepareStatement("SELECT origin, min(seq) FROM entry GROUP BY origin");
                var rows = query.executeQuery()) {
            while (rows.next()) {
                seqs.put(new Origin(rows.getLong(1)), rows.getLong(2) - 1);
            }
        } catch (SQLException e) {
            throw failure("reading what is to be sent", e);
        }
        seqs.values().removeIf(seq -> seq == 0);
        return VersionVector.of(seqs);
    }

    /** The node has all this. */
    void settled(VersionVector vector) {
        try (var delete = connection.prepareStatement("DELETE FROM entry WHERE origin = ? AND seq <= ?")) {
            for (var seen : vector.seqs().entrySet()) {
                delete.setLong(1, seen.getKey().bits());
                delete.setLong(2, seen.getValue());
                delete.executeUpdate();
            }
        } catch (SQLException e) {
            throw failure("removing entries", e);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failure("closing", e);
        }
    }
}
