/**
 * Changesets and patchsets as values: SQLite's binary format, and what can be done with it without a database.
 *
 * <p>Reading order: {@link io.merklite.session.changeset.ChangesetCursor} has the format in its header and walks over
 * bytes without making objects; {@link io.merklite.session.changeset.ChangesetWriter} writes them. The values that users
 * hold stand on these two.
 */
@NullMarked
package io.merklite.session.changeset;

import org.jspecify.annotations.NullMarked;
