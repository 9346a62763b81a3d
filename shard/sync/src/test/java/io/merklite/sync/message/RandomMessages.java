package io.merklite.sync.message;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.transaction.Births;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Messages of every kind, with every kind of value, key and row. */
final class RandomMessages {
    static final int KINDS = 15;

    private static final long[] EDGES = {Long.MIN_VALUE, Long.MIN_VALUE + 1, -129, -1, 0, 1, 127, 128, Long.MAX_VALUE};
    private final RandomGenerator random;

    RandomMessages(RandomGenerator random) {
        this.random = random;
    }

    SyncMessage next() {
        return ofKind(random.nextInt(KINDS));
    }

    SyncMessage ofKind(int kind) {
        return switch (kind) {
            case 0 -> new SyncMessage.Publish(published());
            case 1 -> new SyncMessage.Announce(origin(), seq());
            case 2 -> new SyncMessage.Acknowledge(origin(), seq());
            case 3 -> status();
            case 4 -> new SyncMessage.Want(some(this::seqRange), random.nextInt(Integer.MAX_VALUE));
            case 5 -> new SyncMessage.Found(some(this::transaction), some(this::seqRange), some(this::seqRange));
            case 6 -> new SyncMessage.WantPart(origin(), seq(), random.nextInt(Integer.MAX_VALUE));
            case 7 ->
                new SyncMessage.Part(
                        origin(), seq(), random.nextInt(1000), Integer.MAX_VALUE, Chunk.wrap(bytes(random.nextInt(9))));
            case 8 -> new SyncMessage.Inspect(random.nextLong(), request(), some(this::summed));
            case 9 -> inspected();
            case 10 -> new SyncMessage.Fetch(random.nextLong(), request(), name(), keys());
            case 11 -> new SyncMessage.FetchRange(random.nextLong(), request(), range());
            case 12 ->
                new SyncMessage.Rows(
                        random.nextLong(),
                        request(),
                        random.nextLong(),
                        VersionVector.EMPTY,
                        vector(),
                        name(),
                        some(this::row),
                        keys(),
                        maybe(this::key));
            case 13 -> new SyncMessage.WantSchema(random.nextLong());
            default -> new SyncMessage.Schema(random.nextLong(), columns());
        };
    }

    private List<Transaction> published() {
        List<Transaction> transactions = new ArrayList<>(some(this::transaction));
        transactions.add(transaction());
        return transactions;
    }

    private SyncMessage inspected() {
        var applied = vector();
        return new SyncMessage.Inspected(
                random.nextLong(),
                request(),
                random.nextLong(),
                applied,
                applied.join(vector()),
                clocks(applied),
                some(this::finding));
    }

    private SyncMessage status() {
        var vector = vector();
        return new SyncMessage.Status(
                vector,
                clocks(vector),
                clock(),
                clock(),
                random.nextLong(),
                random.nextLong(),
                random.nextBoolean(),
                random.nextBoolean());
    }

    /** A clock for each origin of {@code vector}. */
    private Map<Origin, Long> clocks(VersionVector vector) {
        Map<Origin, Long> clocks = new HashMap<>();
        vector.seqs().keySet().forEach(origin -> clocks.put(origin, clock()));
        return clocks;
    }

    private <T> List<T> some(Supplier<T> one) {
        List<T> some = new ArrayList<>();
        for (var i = random.nextInt(6); i > 0; i--) {
            some.add(one.get());
        }
        return some;
    }

    private <T> Optional<T> maybe(Supplier<T> one) {
        return random.nextBoolean() ? Optional.of(one.get()) : Optional.empty();
    }

    private Origin origin() {
        return new Origin(random.nextInt(3) == 0 ? random.nextLong() | 1 : 1 + random.nextInt(4));
    }

    private Stamp stamp() {
        return new Stamp(clock(), origin());
    }

    private long clock() {
        return random.nextInt(3) == 0 ? random.nextLong() >>> 1 : random.nextInt(3);
    }

    private long seq() {
        return random.nextBoolean() ? 1 + random.nextInt(300) : random.nextLong(1, Long.MAX_VALUE);
    }

    private int request() {
        return random.nextInt(300);
    }

    private String name() {
        return List.of("item", "", "a \"quoted\" name", "名前").get(random.nextInt(4));
    }

    private byte[] bytes(int size) {
        var bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    private VersionVector vector() {
        Map<Origin, Long> seqs = new HashMap<>();
        some(this::origin).forEach(origin -> seqs.put(origin, seq()));
        return VersionVector.of(seqs);
    }

    private SeqRange seqRange() {
        var first = seq();
        return new SeqRange(origin(), first, random.nextBoolean() ? first : Math.max(first, seq()));
    }

    private ChangesetValue value() {
        return switch (random.nextInt(7)) {
            case 0 -> ChangesetValue.NULL;
            case 1 -> new ChangesetValue.Integer(random.nextLong());
            case 2 -> new ChangesetValue.Real(Double.longBitsToDouble(random.nextLong()));
            case 3 -> ChangesetValue.Text.wrap(bytes(random.nextInt(5)));
            case 4 -> ChangesetValue.Blob.wrap(bytes(random.nextInt(5)));
            case 5 ->
                new ChangesetValue.Real(
                        List.of(-0.0, Double.NaN, Double.NEGATIVE_INFINITY).get(random.nextInt(3)));
            default -> integer();
        };
    }

    private ChangesetValue integer() {
        return new ChangesetValue.Integer(EDGES[random.nextInt(EDGES.length)]);
    }

    private List<ChangesetValue> key() {
        List<ChangesetValue> key = new ArrayList<>(List.of(value()));
        for (var i = random.nextInt(3); i > 0; i--) {
            key.add(value());
        }
        return key;
    }

    /** Composite ones, integers in no order, and growing integers over the whole range of 64 bits. */
    private List<List<ChangesetValue>> keys() {
        return switch (random.nextInt(4)) {
            case 0 -> some(this::key);
            case 1 -> some(() -> List.of(integer()));
            case 2 ->
                some(() -> random.nextLong()).stream()
                        .sorted()
                        .map(RandomMessages::integerKey)
                        .toList();
            default -> {
                List<List<ChangesetValue>> keys = new ArrayList<>();
                var next = EDGES[random.nextInt(EDGES.length - 1)];
                for (var i = random.nextInt(5); i > 0 && next < Long.MAX_VALUE - 300; i--) {
                    keys.add(integerKey(next));
                    next += 1 + random.nextInt(300);
                }
                yield keys;
            }
        };
    }

    private static List<ChangesetValue> integerKey(long value) {
        return List.of(new ChangesetValue.Integer(value));
    }

    private SyncMessage.Range range() {
        return new SyncMessage.Range(name(), maybe(this::key), maybe(this::key));
    }

    private SyncMessage.Summed summed() {
        return new SyncMessage.Summed(range(), random.nextLong());
    }

    private SyncMessage.Finding finding() {
        return switch (random.nextInt(3)) {
            case 0 -> SyncMessage.Finding.Same.SAME;
            case 1 -> {
                var boundaries = keys();
                List<Long> sums = new ArrayList<>(List.of(random.nextLong()));
                boundaries.forEach(key -> sums.add(random.nextLong()));
                yield new SyncMessage.Finding.Parts(boundaries, sums);
            }
            default -> {
                var keys = keys();
                var digests = keys.stream().map(key -> random.nextInt()).toList();
                yield new SyncMessage.Finding.Keys(keys, digests, maybe(this::key));
            }
        };
    }

    private RemoteRow row() {
        var birth = stamp();
        return new RemoteRow(
                key(),
                random.nextInt(3) == 0
                        ? RowVersion.dead(birth, stamp())
                        : RowVersion.alive(birth, some(() -> cell(birth))));
    }

    private Cell cell(Stamp birth) {
        return switch (random.nextInt(4)) {
            case 0 -> new Cell.Register(value(), stamp());
            case 1 -> counter();
            default -> new Cell.Register(value(), birth);
        };
    }

    private Cell counter() {
        var totals = new TreeMap<Origin, Cell.Counter.Total>();
        some(this::origin)
                .forEach(origin -> totals.put(
                        origin,
                        new Cell.Counter.Total(
                                clock(), random.nextBoolean() ? integer() : new ChangesetValue.Real(0.5))));
        return new Cell.Counter(random.nextBoolean() ? ChangesetValue.NULL : integer(), totals);
    }

    private Map<String, List<String>> columns() {
        Map<String, List<String>> columns = new TreeMap<>();
        some(this::name).forEach(table -> columns.put(table, some(this::name)));
        return columns;
    }

    private Transaction transaction() {
        var changes = new ChangesetWriter();
        changes.table(false, "item", new byte[] {1, 0});
        List<Births.Birth> births = new ArrayList<>();
        for (var row = random.nextInt(20); row >= 0; row--) {
            var isDelete = random.nextBoolean();
            changes.change(isDelete ? ChangeOp.DELETE : ChangeOp.INSERT, false);
            changes.integer(row);
            changes.value(value());
            if (isDelete) {
                births.add(new Births.Birth(stamp(), random.nextInt(3)));
            }
        }
        var stamp = stamp();
        Map<Origin, Long> dependencies = new HashMap<>(vector().seqs());
        dependencies.remove(stamp.origin());
        return Transaction.wrap(
                "orders",
                seq(),
                stamp,
                VersionVector.of(dependencies),
                random.nextLong(),
                Births.of(births),
                changes.toByteArray());
    }
}
