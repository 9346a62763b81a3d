/**
 * A committed transaction as one value and as bytes: the unit of capture, log, publication and apply.
 *
 * <p>The changeset inside is SQLite's own, untouched, so that any SQLite tool can read it. What multi-master replication
 * needs beyond it stands beside it in the envelope: who and when ({@link io.merklite.sync.stamp}), on top of what
 * ({@link io.merklite.sync.vector}), on which schema, and for every changed or deleted row when it was born ({@link
 * io.merklite.sync.transaction.Births}).
 */
@NullMarked
package io.merklite.sync.transaction;

import org.jspecify.annotations.NullMarked;
