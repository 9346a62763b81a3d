/**
 * Applying a changeset to a database, with exactly the rules of SQLite's own {@code sqlite3changeset_apply_v2}.
 *
 * <p>The obvious way, one statement for one change, costs 2 µs a row through JDBC, five times what SQLite's C code
 * needs. So {@link io.merklite.session.apply.ChangesetApplier} first tries a window of changes at once inside a savepoint: INSERTs
 * in statements of many rows, UPDATEs and DELETEs in batches whose counts tell whether every old value agreed. If a
 * single change of the window meets anything but success, the savepoint is rolled back and the window is done again
 * change by change, in the order given, the way the reference does it. So the fast way never decides anything: it only
 * finds out cheaply that there is nothing to decide.
 *
 * <p>Reading order: {@link io.merklite.session.apply.ApplyOptions}, {@link io.merklite.session.apply.ConflictHandler}
 * and {@link io.merklite.session.apply.Conflict} are what a caller sees; {@code ChangesetApplier} drives; {@code
 * TargetTable} has the statements of one table; {@code ApplyWindow} is the fast way; {@code RebaseLog} records what a
 * rebase needs.  {@link io.merklite.session.apply.MemoryDatabase} is a target without SQLite.
 */
@NullMarked
package io.merklite.session.apply;

import org.jspecify.annotations.NullMarked;
