package io.merklite.sync.simulation;

import io.merklite.session.SessionException;
import io.merklite.sync.log.MemoryLog;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Event;
import io.merklite.sync.replicate.Received;
import io.merklite.sync.replicate.Replicator;
import io.merklite.sync.replicate.ReplicatorOptions;
import io.merklite.sync.simulation.Simulation.RarePath;
import io.merklite.sync.store.KeyRange;
import io.merklite.sync.store.RandomWrites;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.Inbox;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.sqlite.SQLiteConnection;

/** One replica of a simulation: its file, its log, its conversation, its clock, and what of the file is on disk. */
final class SimulatedReplica {
    /** Columns of table item, and tables, that some replica added. */
    static final String ADDED_COLUMNS = "SELECT name FROM pragma_table_info('item') WHERE name GLOB 'extra*'";

    static final String ADDED_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'more*'";

    private final Simulation simulation;
    private final String name;
    private final RandomGenerator random;
    private final RandomWrites transactions;
    private final List<Transaction> unsynced = new ArrayList<>();
    private final List<Transaction> acknowledged;
    private final Set<String> connected = new HashSet<>();
    private Connection connection;
    private ReplicaStore store;
    private Replicator replicator;
    private byte[] disk;
    private byte[] backup;
    private List<Transaction> backedUp = List.of();
    private long skewMillis;
    private int identity;
    private int migrated;
    private int migratedOnDisk;
    private int migratedInBackup;

    private SimulatedReplica(Simulation simulation, String name, long seed, List<Transaction> acknowledged) {
        this.simulation = simulation;
        this.name = name;
        this.random = Seeds.random(seed);
        this.transactions = new RandomWrites(random);
        this.acknowledged = acknowledged;
    }

    static SimulatedReplica create(Simulation simulation, String name, long seed, List<String> schema) {
        var replica = new SimulatedReplica(simulation, name, seed, new ArrayList<>());
        replica.connection = connect();
        for (var sql : schema) {
            replica.execute(sql);
        }
        replica.migrated = schema.size();
        replica.open();
        replica.sync();
        replica.backUp();
        return replica;
    }

    /** Another replica that begins with a copy of this one's file, as it is while it is open. */
    SimulatedReplica cloneAs(String copyName) {
        var copy = new SimulatedReplica(simulation, copyName, random.nextLong(), new ArrayList<>());
        copy.connection = connect();
        copy.load(image());
        copy.migrated = migrated;
        copy.open();
        copy.sync();
        copy.backUp();
        return copy;
    }

    String name() {
        return name;
    }

    ReplicaStore store() {
        return store;
    }

    /** Transactions whose writer was told that they are safe. */
    List<Transaction> acknowledged() {
        return acknowledged;
    }

    List<Inbox.Waiting<Transaction>> waiting() {
        return replicator.waiting();
    }

    Connection connection() {
        return connection;
    }

    private void open() {
        identity++;
        var options = StoreOptions.of("simulated", this::now, random)
                .withFileIdentity(name + "-" + identity)
                .withMaxDrift(Duration.ofSeconds(60));
        store = ReplicaStore.open(
                connection, simulation.isSchemaReplicated() ? options.withSchemaReplication() : options);
        replicator = new Replicator(
                store,
                new MemoryLog(random.nextInt(3) == 0 ? 3 : 200, 1 << 24),
                ReplicatorOptions.DEFAULTS
                        .withTombstoneRetention(Duration.ofMillis(Simulation.RETENTION_MILLIS))
                        .withMaxMessageBytes(4096)
                        .withMaxHeld(20, 1 << 20),
                random,
                now(),
                this::happened);
    }

    private Instant now() {
        return Instant.ofEpochMilli(simulation.nowMillis() + skewMillis);
    }

    // ---- what happens to it -----------------------------------------------------------------------------------------

    void connect(String peer) {
        connected.add(peer);
        simulation.send(name, replicator.connect(peer));
    }

    void write() {
        var statements = new ArrayList<>(transactions.next());
        if (simulation.isSchemaReplicated()) {
            statements.addAll(writesOfWhatWasAdded());
        }
        write(statements);
    }

    private List<String> writesOfWhatWasAdded() {
        List<String> statements = new ArrayList<>();
        var small = random.nextInt(6);
        for (var column : query(ADDED_COLUMNS)) {
            statements.add("UPDATE item SET " + column + " = 'x" + small + "' WHERE id % 6 = " + small);
        }
        for (var table : query(ADDED_TABLES)) {
            statements.add(
                    "INSERT OR REPLACE INTO " + table + "(id, v) VALUES (" + random.nextInt(5) + ", " + small + ")");
        }
        return statements.isEmpty() ? statements : List.of(statements.get(random.nextInt(statements.size())));
    }

    /** Changes the schema of this replica, if its schema allows for it; whether it did. */
    boolean change(String sql) {
        try {
            publish(store.write(() -> {
                store.changeSchema(sql);
                return true;
            }));
            return true;
        } catch (SessionException.DatabaseFailure e) {
            simulation.note(name + " refused " + sql);
            return false;
        }
    }

    /** One of the names that {@code query} finds. */
    Optional<String> any(String query, RandomGenerator choice) {
        var names = query(query);
        return names.isEmpty() ? Optional.empty() : Optional.of(names.get(choice.nextInt(names.size())));
    }

    /** Gives a column another type that converts none of its values, without a rebuild; whether there was such a one. */
    boolean retype(String table, String from, String to) {
        if (query("SELECT 1 FROM sqlite_schema WHERE name = '" + table + "' AND instr(sql, '" + from + "')")
                .isEmpty()) {
            return false;
        }
        execute("PRAGMA writable_schema = ON");
        execute("UPDATE sqlite_schema SET sql = replace(sql, '" + from + "', '" + to + "') WHERE name = '" + table
                + "'");
        execute("PRAGMA schema_version = "
                + (Long.parseLong(query("PRAGMA schema_version").getFirst()) + 1));
        execute("PRAGMA writable_schema = RESET");
        write(List.of());
        return true;
    }

    /** A transaction that does not fit into a message. */
    void writeLarge() {
        simulation.count(RarePath.LARGE_TRANSACTION);
        write(transactions.large());
    }

    private void write(List<String> sql) {
        publish(store.write(() -> {
            for (var one : sql) {
                tryExecute(one);
            }
            return true;
        }));
    }

    private void publish(ReplicaStore.Written<Boolean> written) {
        for (var transaction : written.transactions()) {
            unsynced.add(transaction);
            simulation.written(transaction);
            simulation.note(name + " wrote " + transaction);
            simulation.send(name, replicator.written(transaction));
        }
    }

    void tick() {
        var horizon = store.horizon();
        simulation.send(name, replicator.tick(now()));
        if (store.horizon() > horizon) {
            simulation.count(RarePath.TOMBSTONES_COLLECTED);
        }
    }

    void receive(List<Received> messages) {
        var waitedBefore = replicator.waiting().size();
        var schemaBefore = store.schemaFingerprint();
        simulation.send(name, replicator.receive(messages));
        if (simulation.isSchemaReplicated() && store.schemaFingerprint() != schemaBefore) {
            var isByRows = messages.getLast().message() instanceof SyncMessage.Rows;
            simulation.count(isByRows ? RarePath.SCHEMA_BY_ROWS : RarePath.SCHEMA_MERGED);
        }
        if (!store.missingFromSchema().isEmpty()) {
            simulation.count(RarePath.SCHEMA_INCOMPLETE);
        }
        for (var waiting : replicator.waiting()) {
            switch (waiting.reason()) {
                case GAP, DEPENDENCY -> simulation.count(RarePath.HELD_BACK);
                case SCHEMA -> simulation.count(RarePath.WAITED_FOR_SCHEMA);
                case DRIFT -> {
                    // counted by its event
                }
            }
        }
        simulation.note(name + " waits " + waitedBefore);
    }

    /** What was written is on disk now: its writers are told. */
    void sync() {
        disk = image();
        migratedOnDisk = migrated;
        acknowledged.addAll(unsynced);
        unsynced.clear();
    }

    /** Power is cut: what was not synced is gone, and so is all memory. */
    void crash() {
        simulation.count(RarePath.CRASHED);
        if (!unsynced.isEmpty()) {
            simulation.count(RarePath.LOST_TAIL);
        }
        unsynced.clear();
        migrated = migratedOnDisk;
        reopen(disk);
    }

    void backUp() {
        sync();
        backup = disk;
        migratedInBackup = migratedOnDisk;
        backedUp = List.copyOf(acknowledged);
    }

    /** An operator puts an old backup in the place of the file. What was written since is lost with it. */
    void restoreBackup() {
        simulation.count(RarePath.RESTORED);
        unsynced.clear();
        acknowledged.clear();
        acknowledged.addAll(backedUp);
        migrated = migratedInBackup;
        reopen(backup);
        sync();
    }

    private void reopen(byte[] image) {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        connection = connect();
        load(image);
        open();
        for (var peer : connected) {
            simulation.send(name, replicator.connect(peer));
        }
    }

    void skewClock(long millis) {
        skewMillis = millis;
    }

    void migrate(List<String> schema) {
        if (migrated == schema.size()) {
            return;
        }
        while (migrated < schema.size()) {
            execute(schema.get(migrated));
            migrated++;
        }
        simulation.send(name, replicator.schemaChanged());
    }

    private void happened(Event event) {
        simulation.happened(this, event);
        if (event instanceof Event.Applied applied) {
            simulation.note(name + " applied " + applied.transactions());
        }
        if (event instanceof Event.Repaired repaired) {
            unsynced.add(repaired.repair());
            countRepair();
        }
    }

    private void countRepair() {
        for (var kind : query("SELECT DISTINCT kind FROM _merklite_conflicts")) {
            switch (kind) {
                case "unique" -> simulation.count(RarePath.UNIQUE_EVICTED);
                case "key" -> simulation.count(RarePath.KEY_COMPLETED);
                case "check" -> simulation.count(RarePath.CHECK_LISTED);
                case "foreign-key" -> simulation.count(RarePath.FOREIGN_KEY_SETTLED);
                default -> throw new AssertionError(kind);
            }
        }
    }

    // ---- SQLite -----------------------------------------------------------------------------------------------------

    private static Connection connect() {
        try {
            var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
            try (var statement = connection.createStatement()) {
                statement.execute("PRAGMA foreign_keys = ON");
            }
            return connection;
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private byte[] image() {
        try {
            return connection.unwrap(SQLiteConnection.class).serialize("main");
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private void load(byte[] image) {
        try {
            connection.unwrap(SQLiteConnection.class).deserialize("main", image);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private void execute(String sql) {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    private void tryExecute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            if ((e.getErrorCode() & 0xff) != 19) {
                throw new SQLException(sql, e);
            }
        }
    }

    List<String> query(String sql) {
        List<String> found = new ArrayList<>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            var count = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                var row = new StringBuilder();
                for (var i = 1; i <= count; i++) {
                    row.append(i > 1 ? "|" : "").append(rows.getString(i));
                }
                found.add(row.toString());
            }
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
        return found;
    }

    /** Every row with its state, as the merkle path would send it. */
    List<String> states() {
        List<String> all = new ArrayList<>();
        for (var table : store.indexedTables()) {
            store.ranges()
                    .rows(table, KeyRange.ALL, Integer.MAX_VALUE - 1)
                    .rows()
                    .forEach(row -> all.add(table + " " + row));
        }
        return all;
    }

    /** Every row of every replicated table, in an order of its own; rowids that are local are left out. */
    List<String> dump() {
        List<String> all = new ArrayList<>();
        for (var table : store.tables()) {
            query("SELECT * FROM \"" + table + "\"").stream()
                    .map(row -> table + ": " + row)
                    .sorted()
                    .forEach(all::add);
        }
        return all;
    }

    void close() {
        try {
            store.close();
            connection.close();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
