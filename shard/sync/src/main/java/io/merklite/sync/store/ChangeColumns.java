package io.merklite.sync.store;

import java.util.List;

/** Where the columns of a table, as it is now, are in changes that were written on some schema. */
final class ChangeColumns {
    /** How the key of a change tells the row that it is of. */
    enum Key {
        /** It is the row's key. */
        SAME,
        /** Its columns are those of the row's key, which may have other types now. */
        CONVERTED,
        /** It was the row's key before: the table has another one now. */
        FORMER,
        /** It tells nothing: only one of then and now rows have a key. */
        NONE
    }

    private final Key key;
    private final int[] positions;
    private final int[] formerKey;
    private final List<String> formerKeyNames;

    private ChangeColumns(Key key, int[] positions, int[] formerKey, List<String> formerKeyNames) {
        this.key = key;
        this.positions = positions;
        this.formerKey = formerKey;
        this.formerKeyNames = List.copyOf(formerKeyNames);
    }

    /** Of changes that mean nothing to the table any more. */
    static ChangeColumns none() {
        return new ChangeColumns(Key.NONE, new int[0], new int[0], List.of());
    }

    /**
     * Of changes of the same rows.
     *
     * @param key SAME or CONVERTED
     * @param positions of each column of the table's changesets, where it is; -1 if it is not there
     */
    static ChangeColumns of(Key key, int[] positions) {
        return new ChangeColumns(key, positions.clone(), new int[0], List.of());
    }

    /**
     * Of changes from before the table had this key.
     *
     * @param formerKey where the key is that they have
     * @param formerKeyNames what its columns are called now, folded
     */
    static ChangeColumns ofFormerKey(int[] positions, int[] formerKey, List<String> formerKeyNames) {
        return new ChangeColumns(Key.FORMER, positions.clone(), formerKey.clone(), formerKeyNames);
    }

    Key key() {
        return key;
    }

    /** Where a column of the table's changesets is; -1 if it is not there. */
    int position(int column) {
        return positions[column];
    }

    int formerKeyCount() {
        return formerKey.length;
    }

    /** Where a column of the former key is. */
    int formerKey(int index) {
        return formerKey[index];
    }

    /** What the columns of the former key are called now, folded. */
    List<String> formerKeyNames() {
        return formerKeyNames;
    }
}
