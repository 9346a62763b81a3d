package io.merklite.sync.message;

import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The rows of one message. An instance writes or reads the rows in order, since each leans on those before it. */
final class RowCodec {
    /*
     *   row    := key flags [birth] ( death | varint(cells) { cell } )
     *   flags  := 1: dead; 2: born with the row before, so no birth follows; 4: cells have their own stamps
     *   cell   := [kind] value                      kind only with flag 4: 0 written at birth; 1 stamp, then the value;
     *                                               2 counter: base, varint(totals) { origin clock[8] value }
     *   stamp  := clock[8] origin
     *   origin := varint(index) [origin[8]]         an index one above those used so far brings a new origin
     */
    static final int MIN_BYTES = 3;

    private static final int DEAD = 1;
    private static final int SAME_BIRTH = 2;
    private static final int OWN_STAMPS = 4;
    private static final int AT_BIRTH = 0;
    private static final int STAMPED = 1;
    private static final int COUNTER = 2;
    private static final int CELL_LIMIT = 32_767;
    private static final String WHAT = "row";

    private final Map<Origin, Integer> indexes = new HashMap<>();
    private final List<Origin> origins = new ArrayList<>();
    private @Nullable Stamp lastBirth;

    void write(WireWriter out, RemoteRow row) {
        var version = row.version();
        var sameBirth = version.birth().equals(lastBirth);
        var ownStamps = version.cells().stream().anyMatch(cell -> !isAtBirth(cell, version.birth()));
        ValueCodec.writeKey(out, row.key());
        out.uint8((version.isAlive() ? 0 : DEAD) | (sameBirth ? SAME_BIRTH : 0) | (ownStamps ? OWN_STAMPS : 0));
        if (!sameBirth) {
            writeStamp(out, version.birth());
        }
        lastBirth = version.birth();
        if (version.death().isPresent()) {
            writeStamp(out, version.death().get());
            return;
        }
        out.varint(version.cells().size());
        for (var cell : version.cells()) {
            writeCell(out, cell, version.birth(), ownStamps);
        }
    }

    private static boolean isAtBirth(Cell cell, Stamp birth) {
        return cell instanceof Cell.Register register && register.stamp().equals(birth);
    }

    private void writeCell(WireWriter out, Cell cell, Stamp birth, boolean ownStamps) {
        switch (cell) {
            case Cell.Register register
            when register.stamp().equals(birth) -> {
                if (ownStamps) {
                    out.uint8(AT_BIRTH);
                }
                ValueCodec.write(out, register.value());
            }
            case Cell.Register register -> {
                writeStamp(out.uint8(STAMPED), register.stamp());
                ValueCodec.write(out, register.value());
            }
            case Cell.Counter counter -> {
                ValueCodec.write(out.uint8(COUNTER), counter.base());
                out.varint(counter.totals().size());
                counter.totals().forEach((origin, total) -> {
                    writeOrigin(out, origin);
                    ValueCodec.write(out.int64(total.clock()), total.sum());
                });
            }
            case Cell.Unknown unknown -> throw new IllegalArgumentException("a whole row with an unknown column");
        }
    }

    private void writeStamp(WireWriter out, Stamp stamp) {
        writeOrigin(out.int64(stamp.clock()), stamp.origin());
    }

    private void writeOrigin(WireWriter out, Origin origin) {
        var known = indexes.putIfAbsent(origin, indexes.size());
        out.varint(known == null ? indexes.size() - 1 : known);
        if (known == null) {
            out.origin(origin);
        }
    }

    RemoteRow read(WireReader in) {
        var start = in.position();
        var key = ValueCodec.readKey(in);
        var flags = in.uint8();
        var birth = (flags & SAME_BIRTH) != 0 ? lastBirth : readStamp(in);
        if (birth == null || key.isEmpty() || flags > (DEAD | SAME_BIRTH | OWN_STAMPS)) {
            throw new Malformed(WHAT, start, "a row without key or birth, or with unknown flags");
        }
        lastBirth = birth;
        if ((flags & DEAD) != 0) {
            return new RemoteRow(key, RowVersion.dead(birth, readStamp(in)));
        }
        List<Cell> cells = new ArrayList<>();
        var count = in.count(1, CELL_LIMIT);
        for (var i = 0; i < count; i++) {
            cells.add(readCell(in, birth, (flags & OWN_STAMPS) != 0));
        }
        return new RemoteRow(key, RowVersion.alive(birth, cells));
    }

    private Cell readCell(WireReader in, Stamp birth, boolean ownStamps) {
        var start = in.position();
        return switch (ownStamps ? in.uint8() : AT_BIRTH) {
            case AT_BIRTH -> new Cell.Register(ValueCodec.read(in), birth);
            case STAMPED -> {
                var stamp = readStamp(in);
                yield new Cell.Register(ValueCodec.read(in), stamp);
            }
            case COUNTER -> readCounter(in);
            default -> throw new Malformed(WHAT, start, "a column of an unknown kind");
        };
    }

    private Cell readCounter(WireReader in) {
        var start = in.position();
        var base = ValueCodec.read(in);
        var totals = new TreeMap<Origin, Cell.Counter.Total>();
        var count = in.count(Long.BYTES + 2, CELL_LIMIT);
        for (var i = 0; i < count; i++) {
            var origin = readOrigin(in);
            var total = new Cell.Counter.Total(in.int64(), ValueCodec.read(in));
            if (total.clock() < 0 || totals.put(origin, total) != null) {
                throw new Malformed(WHAT, start, "a counter with a negative clock, or an origin named twice");
            }
        }
        try {
            return new Cell.Counter(base, totals);
        } catch (IllegalArgumentException e) {
            throw new Malformed(WHAT, start, String.valueOf(e.getMessage()));
        }
    }

    private Stamp readStamp(WireReader in) {
        var start = in.position();
        var clock = in.int64();
        if (clock < 0) {
            throw new Malformed(WHAT, start, "a negative clock");
        }
        return new Stamp(clock, readOrigin(in));
    }

    private Origin readOrigin(WireReader in) {
        var start = in.position();
        var index = in.varint();
        if (index == origins.size()) {
            origins.add(in.origin());
        } else if (index > origins.size()) {
            throw new Malformed(WHAT, start, "an origin that was not named before");
        }
        return origins.get((int) index);
    }
}
