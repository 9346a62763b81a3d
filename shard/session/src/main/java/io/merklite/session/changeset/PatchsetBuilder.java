package io.merklite.session.changeset;

import java.util.List;
import java.util.stream.IntStream;

/** Makes a patchset without a database; otherwise like {@link ChangesetBuilder}. */
public final class PatchsetBuilder {
    private final ChangeGroup group = new ChangeGroup();

    /** Adds changes to a table; changes of several tables may come in turn. */
    public Table table(TableInfo table) {
        return new Table(group, table);
    }

    /** The patchset so far. */
    public Patchset build() {
        return group.patchset();
    }

    /** Changes of one table. Its methods return it, and throw {@code IllegalArgumentException} for values that can't be. */
    public static final class Table {
        private final ChangeGroup group;
        private final TableInfo table;
        private boolean indirect;

        private Table(ChangeGroup group, TableInfo table) {
            this.group = group;
            this.table = table;
        }

        /** Whether the changes that follow are marked as made by a trigger or the like. */
        public Table indirect(boolean on) {
            indirect = on;
            return this;
        }

        /** A row appears. No value may be undefined, no key NULL. */
        public Table insert(List<ChangesetValue> row) {
            ChangeImages.requireWhole(table, row);
            return add(ChangeOp.INSERT, row);
        }

        /** A row changes: the key and the new values, all other columns undefined. */
        public Table update(List<ChangesetValue> row) {
            ChangeImages.requireKey(table, row);
            return add(ChangeOp.UPDATE, row);
        }

        /** The row with this key goes; the key's values in the order of columns. */
        public Table delete(List<ChangesetValue> key) {
            var columns =
                    IntStream.range(0, table.columnCount()).filter(table::isKey).count();
            if (key.size() != columns || key.stream().anyMatch(ChangeImages::isNoKey)) {
                throw new IllegalArgumentException("key " + key + " of " + table.name() + ", must be " + columns
                        + " values that are neither NULL nor undefined");
            }
            return add(ChangeOp.DELETE, key);
        }

        private Table add(ChangeOp op, List<ChangesetValue> row) {
            group.addChange(ChangeImages.single(true, table, op, indirect, List.of(row)));
            return this;
        }
    }
}
