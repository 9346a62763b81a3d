package io.merklite.query.subscribe;

import io.merklite.query.subscribe.FromScope.ColumnOf;

/** What a term of a WHERE or ON clause says about the row that it is true for. */
sealed interface Fact {
    /** Whether it says something about {@code item}. */
    boolean isAbout(int item);

    /**
     * A column meets a condition.
     *
     * @param column which one
     * @param condition what it meets
     * @param mentions how often the term names the column; 0 if the term says more than the condition
     */
    record Bounded(ColumnOf column, Condition condition, int mentions) implements Fact {
        @Override
        public boolean isAbout(int item) {
            return column.item() == item;
        }
    }

    /** Two columns that compare alike are equal, and so not NULL. */
    record Equal(ColumnOf left, ColumnOf right) implements Fact {
        @Override
        public boolean isAbout(int item) {
            return left.item() == item || right.item() == item;
        }
    }
}
