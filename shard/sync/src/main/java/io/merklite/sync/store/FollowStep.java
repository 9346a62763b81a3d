package io.merklite.sync.store;

import io.merklite.session.changeset.Changeset;
import io.merklite.sync.stamp.Stamp;
import java.util.List;

/** Something that a replica does which follows another one, change by change. */
public sealed interface FollowStep {
    /** Changes as they were written under {@code stamp}: what changes by them here has that stamp. */
    record Apply(Stamp stamp, Changeset changes) implements FollowStep {}

    /** Rows as they are there; those of {@code gone} are forgotten. */
    record Copy(String table, List<RemoteRow> rows, List<RowKey> gone) implements FollowStep {}
}
