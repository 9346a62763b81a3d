package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.row.Cell;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The state of a row as a shadow table stores it: clocks of birth and death in columns of their own, the rest, if there is any, in a blob. */
final class RowStateCodec {
    /*
     * NULL: alive, every column written at the birth. Otherwise, with varint LEB128 and fixed numbers big-endian:
     *
     *   blob     := 0x01 varint(origin id)                                            died: by whom
     *             | 0x02 varint(count) { varint(column id) cell }                     written after the birth
     *   cell     := 0x00 clock[8] varint(origin id)                                   register
     *             | 0x01 value varint(count) { varint(origin id) clock[8] value }     counter: base, totals
     *   value    := varint(size) value in the changeset format
     *
     * Origin and column ids are the file's own: the blob means nothing elsewhere.
     */
    private static final int DEAD = 1;
    private static final int OVERRIDES = 2;
    private static final int REGISTER = 0;
    private static final int COUNTER = 1;
    private static final int ENTRY_MIN_BYTES = 2;
    private static final int VALUE_LIMIT = 16;
    private static final String WHAT = "row state";

    private RowStateCodec() {}

    /** The blob, or null. */
    static byte @Nullable [] encode(RowState state, TrackedTable table, OriginTable origins) throws SQLException {
        if (state.death().isPresent()) {
            var death = state.death().get();
            return new WireWriter()
                    .uint8(DEAD)
                    .varint(origins.id(death.origin()))
                    .toByteArray();
        }
        if (state.overrides().isEmpty()) {
            return null;
        }
        var out = new WireWriter().uint8(OVERRIDES).varint(state.overrides().size());
        for (var entry : new TreeMap<>(state.overrides()).entrySet()) {
            out.varint(table.columnId(entry.getKey()));
            switch (entry.getValue()) {
                case RowState.Later.Written written ->
                    out.uint8(REGISTER)
                            .int64(written.stamp().clock())
                            .varint(origins.id(written.stamp().origin()));
                case RowState.Later.Counted counted -> writeCounter(out, counted.counter(), origins);
            }
        }
        return out.toByteArray();
    }

    private static void writeCounter(WireWriter out, Cell.Counter counter, OriginTable origins) throws SQLException {
        out.uint8(COUNTER).bytes(encode(counter.base())).varint(counter.totals().size());
        for (var total : counter.totals().entrySet()) {
            out.varint(origins.id(total.getKey()))
                    .int64(total.getValue().clock())
                    .bytes(encode(total.getValue().sum()));
        }
    }

    static byte[] encode(ChangesetValue value) {
        var writer = new ChangesetWriter();
        writer.value(value);
        return writer.toByteArray();
    }

    /** The state with this birth, clock of death and blob. Overrides of columns that the table lost are left out. */
    static RowState decode(
            Stamp birth, long deathClock, byte @Nullable [] blob, TrackedTable table, OriginTable origins) {
        if (blob == null) {
            return RowState.born(birth);
        }
        var reader = new WireReader(WHAT, blob, 0, blob.length);
        return switch (reader.uint8()) {
            case DEAD -> RowState.dead(birth, new Stamp(deathClock, origins.origin((int) reader.varint())));
            case OVERRIDES -> new RowState(birth, Optional.empty(), overrides(reader, table, origins));
            default -> throw new Malformed(WHAT, 0, "neither a death nor columns");
        };
    }

    private static Map<Integer, RowState.Later> overrides(WireReader reader, TrackedTable table, OriginTable origins) {
        Map<Integer, RowState.Later> overrides = new TreeMap<>();
        forEachOverride(
                reader,
                origins,
                (column, later) -> table.cellOfColumnId(column).ifPresent(cell -> overrides.put(cell, later)));
        return overrides;
    }

    /** The stamps of columns, by their ids, that are registers and were written after the birth. */
    static Map<Integer, Stamp> stamps(byte[] blob, OriginTable origins) {
        Map<Integer, Stamp> stamps = new TreeMap<>();
        var reader = new WireReader(WHAT, blob, 0, blob.length);
        if (reader.uint8() == OVERRIDES) {
            forEachOverride(reader, origins, (column, later) -> {
                if (later instanceof RowState.Later.Written written) {
                    stamps.put(column, written.stamp());
                }
            });
        }
        return stamps;
    }

    private static void forEachOverride(
            WireReader reader, OriginTable origins, BiConsumer<Integer, RowState.Later> consumer) {
        var count = reader.count(ENTRY_MIN_BYTES, Short.MAX_VALUE);
        for (var i = 0; i < count; i++) {
            var column = (int) reader.varint();
            RowState.Later override = switch (reader.uint8()) {
                case REGISTER -> new RowState.Later.Written(stamp(reader, origins));
                case COUNTER -> new RowState.Later.Counted(counter(reader, origins));
                default -> throw new Malformed(WHAT, reader.position() - 1, "neither a register nor a counter");
            };
            consumer.accept(column, override);
        }
    }

    private static Cell.Counter counter(WireReader reader, OriginTable origins) {
        var base = ChangesetValue.decode(reader.bytes(VALUE_LIMIT));
        var totals = new TreeMap<Origin, Cell.Counter.Total>();
        var count = reader.count(ENTRY_MIN_BYTES, Short.MAX_VALUE);
        for (var i = 0; i < count; i++) {
            var origin = origins.origin((int) reader.varint());
            totals.put(
                    origin, new Cell.Counter.Total(reader.int64(), ChangesetValue.decode(reader.bytes(VALUE_LIMIT))));
        }
        return new Cell.Counter(base, totals);
    }

    private static Stamp stamp(WireReader reader, OriginTable origins) {
        return new Stamp(reader.int64(), origins.origin((int) reader.varint()));
    }
}
