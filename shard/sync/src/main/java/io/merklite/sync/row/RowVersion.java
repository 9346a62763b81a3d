package io.merklite.sync.row;

import io.merklite.sync.stamp.Stamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is known of a row: when it was born, whether it died, and its columns.
 *
 * <p>Versions of one row (one primary key) are a join-semilattice under {@link #join}: the version with the larger birth
 * wins whole; of equal births one that died stays dead, since its
 * first death; of two that live each column is joined by itself. So replicas
 * that have joined the same versions hold the same row, whatever the order and however often.
 *
 * <p>This is the definition. The merge on a database file works on whole changesets and stores only what differs from
 * the usual case; tests hold it against this class.
 *
 * @param birth the INSERT that made the row
 * @param death the DELETE that ended it, or none
 * @param cells one a column that is not in the key; none if the row is dead
 */
public record RowVersion(Stamp birth, Optional<Stamp> death, List<Cell> cells) {
    public RowVersion {
        cells = List.copyOf(cells);
        if (death.isPresent() && !cells.isEmpty()) {
            throw new IllegalArgumentException("a row that died " + death.get() + " with " + cells.size() + " columns");
        }
    }

    /** A row that lives. */
    public static RowVersion alive(Stamp birth, List<Cell> cells) {
        return new RowVersion(birth, Optional.empty(), cells);
    }

    /** A row that died: its tombstone. */
    public static RowVersion dead(Stamp birth, Stamp death) {
        return new RowVersion(birth, Optional.of(death), List.of());
    }

    public boolean isAlive() {
        return death.isEmpty();
    }

    /** The least version that knows what both know. */
    public RowVersion join(RowVersion other, MergePolicy policy) {
        var order = birth.compareTo(other.birth);
        if (order != 0) {
            return order > 0 ? this : other;
        }
        if (!isAlive() || !other.isAlive()) {
            return new RowVersion(birth, earlierDeath(other), List.of());
        }
        List<Cell> joined = new ArrayList<>();
        for (var i = 0; i < Math.max(cells.size(), other.cells.size()); i++) {
            joined.add(cell(i).join(other.cell(i), policy));
        }
        return alive(birth, joined);
    }

    /**
     * The earlier of two deaths: once the first one is forgotten everywhere, the second finds nothing that it could end,
     * so the end is the same whether they met or not.
     */
    private Optional<Stamp> earlierDeath(RowVersion other) {
        if (death.isEmpty()) {
            return other.death;
        }
        return other.death
                .map(theirs -> death.get().compareTo(theirs) <= 0 ? death.get() : theirs)
                .or(() -> death);
    }

    private Cell cell(int index) {
        return index < cells.size() ? cells.get(index) : Cell.Unknown.INSTANCE;
    }
}
