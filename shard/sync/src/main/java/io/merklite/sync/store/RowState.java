package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Stamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What is stored about a row beside its values: a {@link RowVersion} without what the user's table has already.
 *
 * @param birth when it was inserted
 * @param death when it was deleted, if it was
 * @param overrides by index of the cell, for cells that were written after the birth; empty for a dead row
 */
record RowState(Stamp birth, Optional<Stamp> death, Map<Integer, Later> overrides) {
    /** A cell that was written after the birth of its row. */
    sealed interface Later {
        /** A register: when it was written. */
        record Written(Stamp stamp) implements Later {}

        /** A counter: what it is made of. */
        record Counted(Cell.Counter counter) implements Later {}
    }

    RowState {
        overrides = Map.copyOf(overrides);
    }

    static RowState born(Stamp birth) {
        return new RowState(birth, Optional.empty(), Map.of());
    }

    static RowState dead(Stamp birth, Stamp death) {
        return new RowState(birth, Optional.of(death), Map.of());
    }

    /** The state of {@code version}: its values left out. */
    static RowState of(RowVersion version) {
        if (version.death().isPresent()) {
            return dead(version.birth(), version.death().get());
        }
        if (isAsBorn(version)) {
            return born(version.birth());
        }
        Map<Integer, Later> overrides = new TreeMap<>();
        for (var i = 0; i < version.cells().size(); i++) {
            switch (version.cells().get(i)) {
                case Cell.Register register -> {
                    if (!register.stamp().equals(version.birth())) {
                        overrides.put(i, new Later.Written(register.stamp()));
                    }
                }
                case Cell.Counter counter -> {
                    if (!counter.totals().isEmpty()) {
                        overrides.put(i, new Later.Counted(counter));
                    }
                }
                case Cell.Unknown unknown -> {
                    // a column that neither side has yet
                }
            }
        }
        return new RowState(version.birth(), Optional.empty(), overrides);
    }

    /** Whether no cell was written since the birth, as usual. */
    private static boolean isAsBorn(RowVersion version) {
        for (var cell : version.cells()) {
            if (!(cell instanceof Cell.Register register && register.stamp().equals(version.birth()))) {
                return false;
            }
        }
        return true;
    }

    boolean isAlive() {
        return death.isEmpty();
    }

    /** The cell at {@code index}, whose stored value is {@code value}. */
    Cell cell(int index, ChangesetValue value, boolean counter) {
        return switch (overrides.get(index)) {
            case null -> counter && isNumber(value) ? new Cell.Counter(value, new TreeMap<>()) : register(value, birth);
            case Later.Written written -> register(value, written.stamp());
            case Later.Counted counted -> counted.counter();
        };
    }

    /** The version that state and values make together. */
    RowVersion version(List<ChangesetValue> values, boolean[] counters) {
        if (death.isPresent()) {
            return RowVersion.dead(birth, death.get());
        }
        List<Cell> cells = new ArrayList<>(values.size());
        for (var i = 0; i < values.size(); i++) {
            cells.add(cell(i, values.get(i), counters[i]));
        }
        return RowVersion.alive(birth, cells);
    }

    static boolean isNumber(ChangesetValue value) {
        return value instanceof ChangesetValue.Integer
                || value instanceof ChangesetValue.Real
                || value instanceof ChangesetValue.Null;
    }

    private static Cell register(ChangesetValue value, Stamp stamp) {
        return new Cell.Register(value, stamp);
    }
}
