package io.merklite.loadtest.hotpath;

import io.merklite.sync.stamp.HybridClock;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.store.KeyRange;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.RowRanges;
import io.merklite.sync.store.StoreOptions;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.transaction.TransactionCodec;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a transaction costs between databases: its bytes, clocks, and one step down the merkle tree of 100,000 rows. */
@State(Scope.Benchmark)
public class ReplicationBenchmark {
    private static final int ROWS = 100_000;
    private static final int ROWS_OF_TRANSACTION = 10;
    private static final int ORIGINS = 8;
    private static final int PARTS = 16;
    private static final int MAX_BYTES = 1 << 26;

    private final TransactionCodec codec = new TransactionCodec(MAX_BYTES);
    private final HybridClock clock = new HybridClock(InstantSource.system(), Duration.ofMinutes(1), 0);
    private final VersionVector vector = vector();
    private final byte[] vectorBytes = new WireWriter().vector(vector).toByteArray();
    private @Nullable Loaded loaded;

    /** What needs a database. */
    private record Loaded(Connection connection, ReplicaStore store, Transaction transaction, Bytes bytes) {}

    /** The bytes of a transaction. */
    private static final class Bytes {
        private final byte[] encoded;

        Bytes(byte[] encoded) {
            this.encoded = encoded;
        }
    }

    private static VersionVector vector() {
        var random = new SplittableRandom(1);
        Map<Origin, Long> seqs = new HashMap<>();
        for (var i = 0; i < ORIGINS; i++) {
            seqs.put(new Origin(random.nextLong() | 1), random.nextLong(1, 1L << 30));
        }
        return VersionVector.of(seqs);
    }

    /** Fills a database in memory. */
    @Setup(Level.Trial)
    public void fill() throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        execute(connection, "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT, value REAL)");
        var store = ReplicaStore.open(
                connection, StoreOptions.of("bench", InstantSource.system(), new SplittableRandom(2)));
        insert(store, connection, 1, ROWS);
        var transaction = insert(store, connection, ROWS + 1, ROWS + ROWS_OF_TRANSACTION);
        loaded = new Loaded(connection, store, transaction, new Bytes(codec.encode(transaction)));
    }

    private static Transaction insert(ReplicaStore store, Connection connection, int first, int last) {
        return store.write(() -> {
                    execute(
                            connection,
                            "WITH RECURSIVE n(i) AS (VALUES (" + first + ") UNION ALL SELECT i + 1 FROM n WHERE i < "
                                    + last + ") INSERT INTO item SELECT i, 'item number ' || i, i / 3.0 FROM n");
                    return last;
                })
                .transaction()
                .orElseThrow(() -> new IllegalStateException("nothing was written"));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Closes it. */
    @TearDown(Level.Trial)
    public void close() throws SQLException {
        var open = loaded();
        open.store.close();
        open.connection.close();
    }

    private Loaded loaded() {
        var present = loaded;
        if (present == null) {
            throw new IllegalStateException("not set up");
        }
        return present;
    }

    /** A transaction of ten rows to bytes. */
    @Benchmark
    public byte[] encodeTransaction() {
        return codec.encode(loaded().transaction);
    }

    /** And back, with all checks. */
    @Benchmark
    public Transaction decodeTransaction() {
        return codec.decode(loaded().bytes.encoded);
    }

    /** The next stamp. */
    @Benchmark
    public long tickClock() {
        return clock.tick();
    }

    /** A version vector of eight origins to bytes. */
    @Benchmark
    public byte[] encodeVector() {
        return new WireWriter().vector(vector).toByteArray();
    }

    /** And back. */
    @Benchmark
    public VersionVector decodeVector() {
        return new WireReader("vector", vectorBytes, 0, vectorBytes.length).vector(ORIGINS);
    }

    /** The sum of all rows: what two replicas compare first. */
    @Benchmark
    public long sumOfAllRows() {
        return loaded().store.ranges().sum("item", KeyRange.ALL);
    }

    /** The table in sixteen parts with their sums. */
    @Benchmark
    public RowRanges.Parts descendOneStep() {
        return loaded().store.ranges().split("item", KeyRange.ALL, PARTS);
    }
}
