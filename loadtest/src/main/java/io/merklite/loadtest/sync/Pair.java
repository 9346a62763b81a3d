package io.merklite.loadtest.sync;

import io.merklite.sync.log.MemoryLog;
import io.merklite.sync.message.SyncMessageCodec;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.replicate.Replicator;
import io.merklite.sync.replicate.ReplicatorOptions;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.sync.transaction.Transaction;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/** Two replicas in one process; every message goes through its bytes, which are counted. */
final class Pair implements AutoCloseable {
    private static final int MAX_MESSAGE_BYTES = 1 << 26;

    private final SyncMessageCodec codec = new SyncMessageCodec(MAX_MESSAGE_BYTES);
    private final Side first;
    private final Side second;
    private long sentBytes;

    /** One of the two. */
    static final class Side implements AutoCloseable {
        private final String name;
        private final Connection connection;
        private final ReplicaStore store;
        private final Replicator replicator;

        private Side(String name, String url, int logCount, List<String> schema) throws SQLException {
            this.name = name;
            this.connection = DriverManager.getConnection(url);
            for (var sql : schema) {
                execute(sql);
            }
            var random = new SplittableRandom(name.hashCode());
            this.store = ReplicaStore.open(connection, StoreOptions.of("bench", InstantSource.system(), random));
            this.replicator = new Replicator(
                    store,
                    new MemoryLog(logCount, 1L << 28),
                    ReplicatorOptions.DEFAULTS,
                    random,
                    Instant.EPOCH,
                    event -> {});
        }

        Connection connection() {
            return connection;
        }

        ReplicaStore store() {
            return store;
        }

        void execute(String sql) throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.execute(sql);
            }
        }

        @Override
        public void close() {
            store.close();
            try {
                connection.close();
            } catch (SQLException e) {
                throw new IllegalStateException("closing " + name, e);
            }
        }
    }

    /**
     * @param logCount how many transactions each side keeps; 0 leaves nothing but the merkle path
     * @param schema statements that make the tables
     */
    Pair(String firstUrl, String secondUrl, int logCount, List<String> schema) throws SQLException {
        first = new Side("first", firstUrl, logCount, schema);
        second = new Side("second", secondUrl, logCount, schema);
    }

    Side first() {
        return first;
    }

    Side second() {
        return second;
    }

    /** The second side compares itself with the first, until nothing more is said; how many bytes went both ways. */
    long converge() {
        sentBytes = 0;
        pump(second, second.replicator.connect(first.name));
        if (first.store.root() != second.store.root()) {
            throw new IllegalStateException("the two sides did not become equal");
        }
        return sentBytes;
    }

    /** The first side publishes, the second applies and acknowledges. */
    void publish(Transaction transaction) {
        pump(first, first.replicator.written(transaction));
    }

    private void pump(Side from, List<Envelope> envelopes) {
        Deque<Flight> flights = new ArrayDeque<>();
        envelopes.forEach(envelope -> flights.add(new Flight(from, codec.encode(envelope.message()))));
        while (!flights.isEmpty()) {
            var flight = flights.remove();
            sentBytes += flight.bytes.length;
            var to = flight.from == first ? second : first;
            for (var answer : to.replicator.receive(flight.from.name, codec.decode(flight.bytes))) {
                flights.add(new Flight(to, codec.encode(answer.message())));
            }
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Flight(Side from, byte[] bytes) {}

    @Override
    public void close() {
        first.close();
        second.close();
    }
}
