package io.merklite.sync.transaction;

import io.merklite.sync.stamp.Stamp;
import java.util.ArrayList;
import java.util.List;

/**
 * The birth of each row that a changeset updates or deletes, in the order of its UPDATEs and DELETEs. Immutable.
 *
 * <p>A row with a primary key is identified by it; the birth tells which of its lives was changed. A row without a
 * usable key is identified by its birth alone: the stamp of the transaction that inserted it, and its ordinal among that
 * transaction's inserts, from 1.
 */
public final class Births {
    /** No births: a changeset of inserts only. */
    public static final Births NONE = new Births(List.of());

    private final List<Birth> births;

    private Births(List<Birth> births) {
        this.births = births;
    }

    /** The births in this order. */
    public static Births of(List<Birth> births) {
        return births.isEmpty() ? NONE : new Births(List.copyOf(births));
    }

    /** Births in the order of the changeset's UPDATEs and DELETEs. Unmodifiable. */
    public List<Birth> asList() {
        return births;
    }

    public int count() {
        return births.size();
    }

    /** Runs of equal births: rows that came into being together are often changed together. */
    List<Run> runs() {
        List<Run> runs = new ArrayList<>();
        for (var birth : births) {
            var last = runs.isEmpty() ? null : runs.getLast();
            if (last != null && last.birth().equals(birth)) {
                runs.set(runs.size() - 1, new Run(birth, last.length() + 1));
            } else {
                runs.add(new Run(birth, 1));
            }
        }
        return runs;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Births that && that.births.equals(births);
    }

    @Override
    public int hashCode() {
        return births.hashCode();
    }

    @Override
    public String toString() {
        return births.toString();
    }

    /**
     * When a row was born.
     *
     * @param stamp the transaction that inserted it
     * @param ordinal 0 for a row with a usable key; otherwise its number among that transaction's inserts, from 1
     */
    public record Birth(Stamp stamp, int ordinal) {
        public Birth {
            if (ordinal < 0) {
                throw new IllegalArgumentException("ordinal " + ordinal + ", must not be negative");
            }
        }

        /** The birth of a row with a usable key. */
        public static Birth keyed(Stamp stamp) {
            return new Birth(stamp, 0);
        }
    }

    record Run(Birth birth, int length) {}
}
