package io.merklite.sync.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.message.SyncMessageCodec;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.replicate.Event;
import io.merklite.sync.replicate.Received;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.store.RandomWrites;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.transaction.Transaction;
import io.merklite.testkit.Seeds;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Replicas on real SQLite files, a network that fails in every way, and one seed that decides all of it.
 *
 * <p>Time is virtual. Messages go through their codec as bytes, may be lost, repeated, reordered and late; replicas crash
 * with the loss of what was not synced, are cloned, restored from a backup, go away for longer than tombstones are kept,
 * have clocks that are wrong, and change their schema while transactions are under way. Then everything heals, and must
 * converge.
 */
final class Simulation {
    /** What a run must be seen to do in some of the seeds. */
    enum RarePath {
        LOST,
        REPEATED,
        REORDERED,
        PARTITIONED,
        CRASHED,
        LOST_TAIL,
        CLONED,
        RESTORED,
        AWAY,
        REPAIRED,
        TOMBSTONES_COLLECTED,
        SKEWED,
        QUARANTINED,
        SCHEMA_CHANGED,
        WAITED_FOR_SCHEMA,
        LARGE_TRANSACTION,
        DESCENT,
        UNIQUE_EVICTED,
        FOREIGN_KEY_SETTLED,
        CHECK_LISTED,
        KEY_COMPLETED,
        SCHEMA_MERGED,
        SCHEMA_BY_ROWS,
        SCHEMA_INCOMPLETE,
        TABLE_RENAMED,
        NAME_MADE_AGAIN,
        NAME_MADE_UNKNOWINGLY,
        COLUMN_RENAMED,
        COLUMN_RETYPED,
        HELD_BACK,
        APPLIED_TOGETHER
    }

    static final long RETENTION_MILLIS = 600_000;
    private static final int MAX_MESSAGE_BYTES = 1 << 24;
    private static final int HEAL_ROUNDS = 60;
    private static final int RECENT_COUNT = 60;
    private static final int ROOTS_COMPARED_EVERY = 10;
    private static final int MAX_AT_ONCE = 5;
    private static final int WHOLE_CHECKED_EVERY = 3;

    private final RandomGenerator random;
    private final SyncMessageCodec codec = new SyncMessageCodec(MAX_MESSAGE_BYTES);
    private final List<SimulatedReplica> replicas = new ArrayList<>();
    private final PriorityQueue<Flight> network = new PriorityQueue<>((one, other) ->
            one.at != other.at ? Long.compare(one.at, other.at) : Long.compare(one.number, other.number));
    private final Set<String> cut = new HashSet<>();
    /** By link the number of the last message that came through: an earlier one that comes later was overtaken. */
    private final Map<String, Long> lastArrived = new HashMap<>();

    private final Deaths deaths = new Deaths();
    private final Map<RarePath, Integer> rarePaths = new EnumMap<>(RarePath.class);
    private final List<String> schema;
    private final Deque<String> recent = new ArrayDeque<>();
    private long nowMillis = 1_800_000_000_000L;
    private long sent;
    private long eventHash = 17;
    private boolean faulty = true;
    private int columnsAdded;
    /** Names of tables that somebody renamed. */
    private final Set<String> renamedTables = new HashSet<>();

    private final boolean isSchemaReplicated;
    private final boolean changesNames;

    /** A message under way. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Flight(long at, long number, String from, String to, byte[] bytes) {}

    Simulation(RandomGenerator random) {
        this(random, false);
    }

    /** @param changesNames whether tables are made, renamed, and made again under the names that this frees, all the time */
    Simulation(RandomGenerator random, boolean changesNames) {
        this.random = random;
        this.changesNames = changesNames;
        this.schema = new ArrayList<>(RandomWrites.SCHEMA);
        this.isSchemaReplicated = random.nextBoolean() || changesNames;
        var count = 2 + random.nextInt(6);
        for (var i = 0; i < count; i++) {
            replicas.add(SimulatedReplica.create(this, "r" + i, random.nextLong(), schema));
        }
    }

    RandomGenerator random() {
        return random;
    }

    long nowMillis() {
        return nowMillis;
    }

    List<SimulatedReplica> replicas() {
        return replicas;
    }

    void count(RarePath path) {
        rarePaths.merge(path, 1, Integer::sum);
    }

    Map<RarePath, Integer> rarePaths() {
        return rarePaths;
    }

    /** Everything that happened, in one number: the same for the same seed. */
    long eventHash() {
        return eventHash;
    }

    void note(String event) {
        eventHash = eventHash * 1_000_003 + event.hashCode();
        recent.add(nowMillis + " " + event);
        if (recent.size() > RECENT_COUNT) {
            recent.remove();
        }
    }

    // ---- the run ----------------------------------------------------------------------------------------------------

    void run(int steps) {
        connectAll();
        for (var i = 0; i < steps; i++) {
            step();
            if (i % ROOTS_COMPARED_EVERY == 0) {
                requireRootsTellRows(i / ROOTS_COMPARED_EVERY);
            }
        }
        heal();
    }

    private void step() {
        nowMillis += random.nextInt(200);
        deliver();
        var replica = any();
        if (changesNames && random.nextInt(5) == 0) {
            changeTables(replica);
        }
        switch (random.nextInt(24)) {
            case 0, 1, 2, 3, 4, 5, 6, 7 -> replica.write();
            case 8 -> replica.sync();
            case 9, 10, 11 -> replica.tick();
            case 12 -> togglePartition();
            case 13 -> {
                if (random.nextInt(3) == 0) {
                    replica.crash();
                }
            }
            case 14 -> {
                if (random.nextInt(6) == 0 && replicas.size() < 8) {
                    cloneOf(replica);
                }
            }
            case 15 -> {
                if (random.nextInt(5) == 0) {
                    replica.restoreBackup();
                } else {
                    replica.backUp();
                }
            }
            case 16 -> {
                if (random.nextInt(4) == 0) {
                    replica.skewClock(random.nextInt(160_000) - 50_000);
                    count(RarePath.SKEWED);
                }
            }
            case 17 -> {
                if (random.nextInt(4) == 0) {
                    replica.writeLarge();
                }
            }
            case 18 -> changeSchema(replica);
            case 19 -> {
                if (random.nextInt(8) == 0) {
                    goAway(replica);
                }
            }
            default -> {
                // time passes
            }
        }
    }

    /** Of two replicas that have forgotten the same deaths roots are equal exactly if rows and states are. */
    private void requireRootsTellRows(int turn) {
        var one = replicas.get(turn % replicas.size());
        var other = replicas.get((turn + 1) % replicas.size());
        if (one.store().schemaFingerprint() == other.store().schemaFingerprint()
                && one.store().horizon() == other.store().horizon()) {
            assertThat(one.store().root() == other.store().root())
                    .as("equal roots of %s and %s", one.name(), other.name())
                    .isEqualTo(one.states().equals(other.states()));
        }
    }

    /** In the order of their origins, none missing, and nothing beyond them. */
    private static void requireInOrder(ReplicaStore store, List<Transaction> applied) {
        Map<Origin, Long> last = new HashMap<>();
        for (var transaction : applied) {
            var before = last.put(transaction.origin(), transaction.seq());
            assertThat(before == null || before == transaction.seq() - 1)
                    .as("%s after %s", transaction, before)
                    .isTrue();
        }
        last.forEach((origin, seq) -> assertThat(store.vector().seq(origin))
                .as("the last of %s", origin)
                .isEqualTo(seq));
    }

    /** After all that it was written on, and all of it. */
    private void requireWhole(ReplicaStore store, Transaction applied) {
        assertThat(store.vector().covers(applied.dependencies()))
                .as("what %s was written on", applied)
                .isTrue();
        if (applied.seq() % WHOLE_CHECKED_EVERY == 0) {
            assertThat(lost(applied, store)).as("a part of %s", applied).isEmpty();
        }
    }

    /**
     * Rows of a transaction that {@code store} has applied that are not there, nor beaten by later ones, and that did not
     * die either; as text.
     */
    List<String> lost(Transaction transaction, ReplicaStore store) {
        List<String> lost = new ArrayList<>();
        store.changedBy(transaction)
                .forEach((table, rows) -> rows.stream()
                        .filter(row -> !deaths.isForgotten(table, row, store.horizon()))
                        .forEach(row -> lost.add(table + " " + row)));
        return lost;
    }

    /** Takes note of what somebody wrote. */
    void written(Transaction transaction) {
        deaths.add(transaction);
    }

    private SimulatedReplica any() {
        return replicas.get(random.nextInt(replicas.size()));
    }

    private void connectAll() {
        for (var one : replicas) {
            for (var other : replicas) {
                if (one != other) {
                    one.connect(other.name());
                }
            }
        }
    }

    private void togglePartition() {
        var link = any().name() + ">" + any().name();
        if (!cut.remove(link)) {
            cut.add(link);
            count(RarePath.PARTITIONED);
        }
    }

    private void cloneOf(SimulatedReplica replica) {
        var copy = replica.cloneAs("r" + replicas.size());
        replicas.add(copy);
        count(RarePath.CLONED);
        for (var other : replicas) {
            if (other != copy) {
                copy.connect(other.name());
                other.connect(copy.name());
            }
        }
    }

    /** One replica alone, for longer than the others keep tombstones; both sides go on writing. */
    private void goAway(SimulatedReplica away) {
        count(RarePath.AWAY);
        var before = Set.copyOf(cut);
        for (var other : replicas) {
            cut.add(other.name() + ">" + away.name());
            cut.add(away.name() + ">" + other.name());
        }
        for (var i = 0; i < 12; i++) {
            nowMillis += RETENTION_MILLIS / 8;
            any().write();
            deliver();
            for (var replica : replicas) {
                replica.tick();
            }
            deliver();
        }
        cut.clear();
        cut.addAll(before);
    }

    /** Whether replicas change their schemas each for itself, rather than all in the same way at some time. */
    boolean isSchemaReplicated() {
        return isSchemaReplicated;
    }

    private void changeSchema(SimulatedReplica replica) {
        if (isSchemaReplicated) {
            if (columnsAdded < 6 && random.nextInt(2) == 0) {
                var change = nextChange();
                if (replica.change(change)) {
                    countRenamedNames(replica, change);
                }
                count(RarePath.SCHEMA_CHANGED);
            }
            // A generator of its own, so that seeds which once failed still take the same way otherwise.
            var own = Seeds.random(nowMillis);
            if (own.nextInt(3) == 0) {
                changeNamesOrTypes(replica, own);
            }
            return;
        }
        if (columnsAdded < 3 && random.nextInt(5) == 0) {
            schema.add("ALTER TABLE item ADD COLUMN extra" + columnsAdded
                    + (random.nextBoolean() ? " TEXT" : " INTEGER NOT NULL DEFAULT 7"));
            columnsAdded++;
            count(RarePath.SCHEMA_CHANGED);
        }
        replica.migrate(schema);
    }

    private void changeNamesOrTypes(SimulatedReplica replica, RandomGenerator own) {
        switch (own.nextInt(5)) {
            case 0, 1 ->
                replica.any(SimulatedReplica.ADDED_TABLES, own).ifPresent(table -> {
                    if (replica.change("ALTER TABLE " + table + " RENAME TO " + renamed(table, own))) {
                        renamedTables.add(Deaths.original(table));
                        count(RarePath.TABLE_RENAMED);
                    }
                });
            case 2, 3 ->
                replica.any(SimulatedReplica.ADDED_COLUMNS, own).ifPresent(column -> {
                    if (replica.change("ALTER TABLE item RENAME COLUMN " + column + " TO " + renamed(column, own))) {
                        count(RarePath.COLUMN_RENAMED);
                    }
                });
            default ->
                replica.any(SimulatedReplica.ADDED_COLUMNS, own).ifPresent(column -> {
                    if (replica.retype("item", column + " TEXT", column + " NUMERIC")) {
                        count(RarePath.COLUMN_RETYPED);
                    }
                });
        }
    }

    private void changeTables(SimulatedReplica replica) {
        if (random.nextInt(3) == 0) {
            var change = "CREATE TABLE " + anyName() + "(id INTEGER PRIMARY KEY, v, w DEFAULT 3)";
            if (replica.change(change)) {
                countRenamedNames(replica, change);
            }
            return;
        }
        replica.any(SimulatedReplica.ADDED_TABLES, random).ifPresent(table -> {
            if (replica.change("ALTER TABLE " + table + " RENAME TO " + anyName())) {
                renamedTables.add(table);
                count(RarePath.TABLE_RENAMED);
            }
        });
    }

    private String anyName() {
        return "more" + (7 + random.nextInt(2)) + (random.nextBoolean() ? "" : "_r" + random.nextInt(2));
    }

    /** Of a table under a name that was given up by a rename: by somebody who knows of that, or who does not. */
    private void countRenamedNames(SimulatedReplica replica, String change) {
        for (var table : renamedTables) {
            if (change.startsWith("CREATE TABLE " + table + "(")) {
                var again = "SELECT 1 FROM _merklite_tables WHERE name GLOB '_merklite_again_[0-9]*_" + table + "'";
                count(replica.query(again).isEmpty() ? RarePath.NAME_MADE_UNKNOWINGLY : RarePath.NAME_MADE_AGAIN);
            }
        }
    }

    /** Few names, so that replicas give one thing two names, and two things one. */
    private static String renamed(String name, RandomGenerator own) {
        return Deaths.original(name) + "_r" + own.nextInt(3);
    }

    /** Names repeat at times: two replicas add the same. */
    private String nextChange() {
        var number = random.nextInt(4) == 0 ? columnsAdded : ++columnsAdded;
        return switch (random.nextInt(8)) {
            case 0, 1 -> "ALTER TABLE item ADD COLUMN extra" + number + " TEXT";
            case 2 -> "ALTER TABLE tag ADD COLUMN extra" + number + " INTEGER NOT NULL DEFAULT 7";
            case 3 -> "CREATE TABLE more" + number + "(id INTEGER PRIMARY KEY, v UNIQUE, w DEFAULT 3)";
            case 4 -> "CREATE UNIQUE INDEX pair_v" + number + " ON pair(v) WHERE v > 4";
            case 5 -> "CREATE INDEX item_name" + number + " ON item(name, qty)";
            case 6 ->
                random.nextBoolean()
                        ? "ALTER TABLE item DROP COLUMN extra" + Math.max(1, number - 2)
                        : "DROP INDEX item_name" + Math.max(1, number - 2);
            default -> "CREATE VIEW counts" + number + " AS SELECT name, count(*) FROM item GROUP BY name";
        };
    }

    // ---- the network ------------------------------------------------------------------------------------------------

    void send(String from, List<Envelope> envelopes) {
        for (var envelope : envelopes) {
            var bytes = codec.encode(envelope.message());
            note(from + ">" + envelope.peer() + " "
                    + envelope.message().getClass().getSimpleName() + bytes.length);
            if (faulty && random.nextInt(10) == 0) {
                count(RarePath.LOST);
                continue;
            }
            post(from, envelope.peer(), bytes);
            if (faulty && random.nextInt(10) == 0) {
                count(RarePath.REPEATED);
                post(from, envelope.peer(), bytes);
            }
        }
    }

    private void post(String from, String to, byte[] bytes) {
        var delay = faulty ? random.nextInt(random.nextInt(10) == 0 ? 20_000 : 200) : 1;
        network.add(new Flight(nowMillis + delay, sent++, from, to, bytes));
    }

    private void deliver() {
        while (!network.isEmpty() && network.peek().at <= nowMillis) {
            var flight = network.remove();
            if (cut.contains(flight.from + ">" + flight.to)) {
                count(RarePath.LOST);
                continue;
            }
            if (lastArrived.merge(flight.from + ">" + flight.to, flight.number, Math::max) > flight.number) {
                count(RarePath.REORDERED);
            }
            var arrived = new ArrayList<>(List.of(flight));
            // What waits while a replica is busy is taken in together.
            while (!network.isEmpty()
                    && arrived.size() < MAX_AT_ONCE
                    && network.peek().at <= nowMillis
                    && network.peek().to.equals(flight.to)
                    && !cut.contains(network.peek().from + ">" + flight.to)) {
                arrived.add(network.remove());
            }
            for (var replica : replicas) {
                if (replica.name().equals(flight.to)) {
                    replica.receive(arrived.stream()
                            .map(one -> new Received(one.from, codec.decode(one.bytes)))
                            .toList());
                }
            }
        }
    }

    // ---- healing ----------------------------------------------------------------------------------------------------

    private void heal() {
        faulty = false;
        cut.clear();
        for (var replica : replicas) {
            if (!isSchemaReplicated) {
                replica.migrate(schema);
            }
            replica.skewClock(0);
        }
        connectAll();
        for (var round = 0; round < HEAL_ROUNDS; round++) {
            nowMillis += 12_000;
            for (var replica : replicas) {
                replica.tick();
            }
            settleNetwork();
            if (round > 5 && isConverged()) {
                return;
            }
        }
        throw new AssertionError("not converged after " + HEAL_ROUNDS + " rounds: " + describe());
    }

    private void settleNetwork() {
        for (var i = 0; i < 10_000 && !network.isEmpty(); i++) {
            nowMillis++;
            deliver();
        }
        if (!network.isEmpty()) {
            throw new AssertionError("messages never end: " + describe());
        }
    }

    boolean isConverged() {
        var first = replicas.getFirst().store();
        return replicas.stream()
                .map(SimulatedReplica::store)
                .allMatch(store -> store.root() == first.root()
                        && store.horizon() == first.horizon()
                        && store.vector().equals(first.vector()));
    }

    String describe() {
        var text = new StringBuilder("\n  last events: ").append(String.join("\n    ", recent));
        for (var replica : replicas) {
            var store = replica.store();
            text.append("\n  ")
                    .append(replica.name())
                    .append(" origin ")
                    .append(store.origin())
                    .append(" root ")
                    .append(Long.toHexString(store.root()))
                    .append(" horizon ")
                    .append(store.horizon())
                    .append(" schema ")
                    .append(store.schemaFingerprint())
                    .append(store.isAhead() ? " ahead" : "")
                    .append(" vector ")
                    .append(store.vector())
                    .append(" waiting ")
                    .append(replica.waiting());
        }
        return text.toString();
    }

    private String differences(String peer, SimulatedReplica replica) {
        var other = replicas.stream()
                .filter(one -> one.name().equals(peer))
                .findFirst()
                .orElseThrow();
        var mine = replica.states();
        var theirs = other.states();
        var onlyMine = new ArrayList<>(mine);
        onlyMine.removeAll(theirs);
        var onlyTheirs = new ArrayList<>(theirs);
        onlyTheirs.removeAll(mine);
        return "\n  only " + replica.name() + ": " + onlyMine + "\n  only " + peer + ": " + onlyTheirs;
    }

    /** An event of a replica. */
    void happened(SimulatedReplica replica, Event event) {
        note(replica.name() + " " + event.getClass().getSimpleName());
        switch (event) {
            case Event.RootsDiffer differ -> {
                // Where a replica was away for longer than tombstones are kept, it can offer a row that died to one
                // that
                // is just taking over rows and the vector of a third, which has forgotten that death: the descent that
                // follows repairs that. Otherwise it is a bug.
                count(RarePath.REPAIRED);
                if (!rarePaths.containsKey(RarePath.AWAY)) {
                    throw new AssertionError("equal vectors, different roots: " + differ + describe()
                            + differences(differ.peer(), replica));
                }
            }
            case Event.OriginForked forked ->
                throw new AssertionError("every reopened file has a new origin, and yet: " + forked + describe());
            case Event.Quarantined quarantined -> count(RarePath.QUARANTINED);
            case Event.Descended descended -> count(RarePath.DESCENT);
            case Event.Applied applied -> {
                requireInOrder(replica.store(), applied.transactions());
                applied.transactions().forEach(transaction -> requireWhole(replica.store(), transaction));
                if (applied.transactions().size() > 1) {
                    count(RarePath.APPLIED_TOGETHER);
                }
            }
            case Event.GroupFailed failed ->
                throw new AssertionError("a group that does not merge: " + failed + describe(), failed.why());
            case Event.RowsMerged rows -> {}
            case Event.Repaired repaired -> written(repaired.repair());
            case Event.SchemaDiffers differs -> {}
        }
    }
}
