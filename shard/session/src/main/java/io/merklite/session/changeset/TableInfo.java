package io.merklite.session.changeset;

import java.util.List;

/**
 * The header of a table group.
 *
 * @param name table name without schema
 * @param keyPositions one entry a column that is not generated: 0, or the column's position in the primary key, from 1
 */
public record TableInfo(String name, List<Integer> keyPositions) {
    /** The most columns that a table can have in the format. */
    public static final int MAX_COLUMNS = 65_536;

    public TableInfo {
        keyPositions = List.copyOf(keyPositions);
        if (keyPositions.isEmpty() || keyPositions.size() > MAX_COLUMNS) {
            throw new IllegalArgumentException(
                    "table " + name + " with " + keyPositions.size() + " columns, must be 1 to " + MAX_COLUMNS);
        }
        for (int position : keyPositions) {
            if (position < 0 || position > 255) {
                throw new IllegalArgumentException("key position " + position + " in " + name + ", must be 0 to 255");
            }
        }
    }

    public int columnCount() {
        return keyPositions.size();
    }

    /** Whether the column at {@code index} (from 0) belongs to the primary key. */
    public boolean isKey(int index) {
        return keyPositions.get(index) != 0;
    }
}
