/**
 * Applying a changeset to a database, with exactly the rules of SQLite's own {@code sqlite3changeset_apply_v2}.
 *
 * <p>The obvious way, one statement for one change, costs 2 µs a row through JDBC, five times what SQLite's C code
 * needs. So {@code ApplyRun} first tries a window of changes at once inside a savepoint: INSERTs in statements of many
 * rows, UPDATEs and DELETEs in batches whose counts tell whether every old value agreed. If a single change of the window
 * meets anything but success, the savepoint is rolled back and the window is done again change by change, in the order
 * given, the way the reference does it. The fast way must never decide anything, only find out cheaply that there is
 * nothing to decide; but it does changes in another order. So it is left out wherever the order can tell: on tables with
 * triggers, conflict clauses or foreign key actions; for keys that come twice, in whatever spelling the table takes for the
 * same; and beside unique indexes, unless the window has all changes of the table, or INSERTs or DELETEs alone.
 *
 * <p>Reading order: {@link io.merklite.session.apply.ApplyOptions}, {@link io.merklite.session.apply.ConflictHandler}
 * and {@link io.merklite.session.apply.Conflict} are what a caller sees; {@link
 * io.merklite.session.apply.ChangesetApplier} keeps what is known of the target ({@code TargetSchema}, {@code
 * TargetTable}); {@code ApplyRun} does one apply inside an {@code ApplyFrame}, which also finds violated foreign keys
 * ({@code ForeignKeyCheck}); {@code ApplyWindow} is the fast way, and {@code KeyColumns} tells it which keys are the same;
 * {@code RebaseLog} records what a rebase needs. {@link io.merklite.session.apply.MemoryDatabase} is a target without
 * SQLite.
 */
@NullMarked
package io.merklite.session.apply;

import org.jspecify.annotations.NullMarked;
