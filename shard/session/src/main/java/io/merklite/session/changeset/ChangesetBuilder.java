package io.merklite.session.changeset;

import java.util.List;

/**
 * Makes a changeset without a database, from a stream of captured changes, say.
 *
 * <p>Changes of one row are added up as {@link ChangeGroup} does, so that the result has one net change a row, in
 * SQLite's order. Every change is checked when it is given. Not thread-safe.
 *
 * <pre>{@code
 * var builder = new ChangesetBuilder();
 * builder.table(new TableInfo("users", List.of(1, 0)))
 *         .insert(List.of(new ChangesetValue.Integer(1), ChangesetValue.Text.of("Ada")));
 * Changeset changeset = builder.build();
 * }</pre>
 */
public final class ChangesetBuilder {
    private final ChangeGroup group = new ChangeGroup();

    /** Adds changes to a table; changes of several tables may come in turn. */
    public Table table(TableInfo table) {
        return new Table(group, table);
    }

    /** The changeset so far. */
    public Changeset build() {
        return group.changeset();
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
            return add(ChangeOp.INSERT, List.of(row));
        }

        /** A row goes; {@code row} is what it was. */
        public Table delete(List<ChangesetValue> row) {
            ChangeImages.requireWhole(table, row);
            return add(ChangeOp.DELETE, List.of(row));
        }

        /**
         * A row changes.
         *
         * @param oldValues the key, and the old value of each changed column
         * @param newValues the new value of each changed column, all others undefined
         */
        public Table update(List<ChangesetValue> oldValues, List<ChangesetValue> newValues) {
            ChangeImages.requireUpdate(table, oldValues, newValues);
            return add(ChangeOp.UPDATE, List.of(oldValues, newValues));
        }

        private Table add(ChangeOp op, List<List<ChangesetValue>> records) {
            group.addChange(ChangeImages.single(false, table, op, indirect, records));
            return this;
        }
    }
}
