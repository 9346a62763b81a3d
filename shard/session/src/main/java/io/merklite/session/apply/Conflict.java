package io.merklite.session.apply;

import io.merklite.session.changeset.ChangesetRow;
import io.merklite.session.changeset.ChangesetValue;
import java.util.List;
import java.util.Optional;

/** A conflict, as its handler sees it. */
public sealed interface Conflict {
    ConflictType type();

    /**
     * A change that could not be applied.
     *
     * @param type what stands against it; never {@link ConflictType#FOREIGN_KEY}
     * @param table the table's name as the changeset has it
     * @param change the change
     * @param conflictingRow for {@link ConflictType#DATA} and {@link ConflictType#CONFLICT} the row that is there, with
     *     as many values as the change has columns
     */
    record OfChange(ConflictType type, String table, ChangesetRow change, Optional<List<ChangesetValue>> conflictingRow)
            implements Conflict {}

    /**
     * Foreign keys that the changeset as a whole violates.
     *
     * @param violationCount how many there are, at least 1; 1 where SQLite tells only that there are some
     */
    record OfForeignKeys(long violationCount) implements Conflict {
        @Override
        public ConflictType type() {
            return ConflictType.FOREIGN_KEY;
        }
    }
}
