package io.merklite.session.changeset;

import java.util.List;
import java.util.Optional;

/** The tables that inputs of a {@link ChangeGroup} are filled up to. */
@FunctionalInterface
public interface GroupSchema {
    /**
     * A table as it is now.
     *
     * @param info name and key
     * @param defaults the default of each column, as many as the table has
     */
    record Table(TableInfo info, List<ChangesetValue> defaults) {
        public Table {
            defaults = List.copyOf(defaults);
        }
    }

    /** The table of this name, without regard to ASCII case; none if it does not exist. */
    Optional<Table> table(String name);
}
