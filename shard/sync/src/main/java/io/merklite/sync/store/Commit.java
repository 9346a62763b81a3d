package io.merklite.sync.store;

import io.merklite.session.changeset.Changeset;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Transaction;
import java.util.Set;

/** What a commit did to replicated rows. */
public sealed interface Commit {
    /** This replica wrote. */
    record Written(Transaction transaction) implements Commit {}

    /**
     * This replica applied what another wrote.
     *
     * @param stamp of the other
     * @param changes what changed here
     */
    record Followed(Stamp stamp, Changeset changes) implements Commit {}

    /** Rows were merged or taken over, with stamps of their own: {@code changes} tells which. */
    record Copied(Changeset changes) implements Commit {}

    /**
     * Rows changed, and no changeset says how: they were there when their table began to replicate.
     *
     * @param tables folded names of the tables
     */
    record Untold(Set<String> tables) implements Commit {
        public Untold {
            tables = Set.copyOf(tables);
        }
    }
}
