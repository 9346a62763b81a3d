package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is to be added to the merkle indexes of all tables, and is not in their nodes yet.
 *
 * <p>A transaction of one row would write a page for each level of the index. What it adds stands in the row of the
 * store's state instead, which it writes anyway; a later transaction puts it into the nodes together with its own.
 *
 * <p><b>Invariants.</b> (1) The sum of a node is what the node says, and what is pending of the keys in its range. (2)
 * Nothing is pending of a key that is to begin or to end a node. (3) What is here is what the file has, but inside a
 * transaction that is about to end.
 */
final class PendingSums {
    /*
     *   pending := { varint(table) seed[8] varint(count) { varint(values) { varint(size) value } delta[8] } }
     *
     * Values as in a changeset; the key is that of the row, or the one that begins its node of level 1.
     */
    private static final int FEW_COUNT = 64;
    /** With this the row of the state stays within a page of 4 KiB. */
    private static final int FEW_SIZE_BYTES = 1536;
    /** Rows that are written together, but not next to each other, would each write a page of the index. */
    private static final int MANY_AT_ONCE = 16;

    private static final int MANY_COUNT = 256;
    /** With this the row of the state takes two pages more. */
    private static final int MANY_SIZE_BYTES = 6144;

    private static final int KEY_VALUES_LIMIT = 32_767;
    private static final int ENTRY_MIN_BYTES = Long.BYTES + 1;
    private static final String WHAT = "pending sums";
    private static final byte[] NONE = {};

    private final Map<Integer, OfTable> tables = new HashMap<>();
    private int count;
    private byte[] encoded = NONE;
    private boolean isEncoded = true;

    /** What is pending of one table, by key. */
    private record OfTable(long seed, NavigableMap<RowKey, Long> deltas) {}

    boolean isEmpty() {
        return count == 0;
    }

    /** Whether so many more can be taken in. */
    boolean hasRoom(int more) {
        return more > MANY_AT_ONCE
                ? count + more <= MANY_COUNT && toBytes().length < MANY_SIZE_BYTES
                : count + more <= FEW_COUNT && toBytes().length < FEW_SIZE_BYTES;
    }

    /** Adds to the sum of every node around {@code key}. */
    void add(TrackedTable table, RowKey key, long delta) {
        var deltas = tables.computeIfAbsent(
                        table.number(), number -> new OfTable(table.seed(), new TreeMap<>(KeyOrder::compare)))
                .deltas();
        var countBefore = deltas.size();
        deltas.merge(key, delta, Long::sum);
        count += deltas.size() - countBefore;
        isEncoded = false;
    }

    private int countAll() {
        return tables.values().stream().mapToInt(table -> table.deltas().size()).sum();
    }

    /** What is pending in a range of keys. */
    long sum(TrackedTable table, KeyRange range) {
        var pending = tables.get(table.number());
        if (pending == null) {
            return 0;
        }
        var sum = 0L;
        for (var delta : inRange(pending.deltas(), range).values()) {
            sum += delta;
        }
        return sum;
    }

    private static NavigableMap<RowKey, Long> inRange(NavigableMap<RowKey, Long> deltas, KeyRange range) {
        if (range.from().isEmpty()) {
            return range.to().isEmpty() ? deltas : deltas.headMap(range.to().get(), false);
        }
        return range.to().isEmpty()
                ? deltas.tailMap(range.from().get(), true)
                : deltas.subMap(range.from().get(), true, range.to().get(), false);
    }

    /** Takes out what is pending of a table, in the order of keys. */
    List<MerkleSums.Change> take(TrackedTable table) {
        var pending = tables.get(table.number());
        List<MerkleSums.Change> taken = new ArrayList<>();
        if (pending != null) {
            pending.deltas()
                    .forEach((key, delta) -> taken.add(new MerkleSums.Change(key, delta, MerkleSums.Presence.STAYED)));
            forget(table.number());
        }
        return taken;
    }

    /** A table's index is made anew, or gone. */
    void forget(int table) {
        if (tables.remove(table) != null) {
            count = countAll();
            isEncoded = false;
        }
    }

    /** As the file has it. The array is only to be read. */
    byte[] toBytes() {
        if (!isEncoded) {
            encoded = tables.isEmpty() ? NONE : encode();
            isEncoded = true;
        }
        return encoded;
    }

    private byte[] encode() {
        var out = new WireWriter();
        tables.forEach((number, table) -> {
            out.varint(number).int64(table.seed()).varint(table.deltas().size());
            table.deltas().forEach((key, delta) -> {
                out.varint(key.values().size());
                key.values().forEach(value -> out.bytes(RowStateCodec.encode(value)));
                out.int64(delta);
            });
        });
        return out.toByteArray();
    }

    /** What the file has counts. */
    void load(byte @Nullable [] bytes) {
        tables.clear();
        encoded = Optional.ofNullable(bytes).orElse(NONE);
        isEncoded = true;
        var in = new WireReader(WHAT, encoded, 0, encoded.length);
        while (in.remaining() > 0) {
            var number = (int) in.varint();
            var table = new OfTable(in.int64(), new TreeMap<>(KeyOrder::compare));
            var entries = in.count(ENTRY_MIN_BYTES, MANY_COUNT);
            for (var i = 0; i < entries; i++) {
                var key = readKey(in, table.seed());
                table.deltas().put(key, in.int64());
            }
            tables.put(number, table);
        }
        count = countAll();
    }

    private static RowKey readKey(WireReader in, long seed) {
        List<ChangesetValue> values = new ArrayList<>();
        var valueCount = in.count(1, KEY_VALUES_LIMIT);
        for (var i = 0; i < valueCount; i++) {
            values.add(ChangesetValue.decode(in.bytes(in.remaining())));
        }
        return RowKey.of(seed, values);
    }
}
