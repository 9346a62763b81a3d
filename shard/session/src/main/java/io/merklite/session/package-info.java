/**
 * SQLite's session extension in Java, byte for byte, on the plain driver.
 *
 * <p>The driver's native library has neither the session extension nor the preupdate hook, so the obvious way, calling
 * them, is closed. Merklite captures by TEMP triggers instead, and reads and writes SQLite's own changeset format, so
 * that any SQLite built with the extension understands what we write and we understand what it writes.
 *
 * <p>In reading order:
 *
 * <ul>
 *   <li>{@link io.merklite.session.changeset}: changesets and patchsets as values: parse, build, invert, concatenate,
 *       rebase, print. Needs no database.
 *   <li>{@link io.merklite.session.capture}: the session: what a connection changes becomes a changeset; the difference
 *       of two tables becomes one.
 *   <li>{@link io.merklite.session.apply}: a changeset changes a database, or a table in memory, with SQLite's rules
 *       for conflicts.
 * </ul>
 *
 * <pre>{@code
 * Changeset changes;
 * try (var session = Session.open(connection, "main")) {
 *     session.attachAll();
 *     statement.executeUpdate("UPDATE orders SET state = 'paid' WHERE id = 7");
 *     changes = session.changeset();
 * }
 * try (var applier = new ChangesetApplier(replica)) {
 *     applier.apply(changes.toByteArray(), ConflictHandler.ABORT);
 *     applier.apply(changes.invert().toByteArray(), ConflictHandler.ABORT);
 *     applier.apply(
 *             changes.toByteArray(),
 *             ApplyOptions.DEFAULTS.ignoringNoOps(),
 *             conflict -> switch (conflict.type()) {
 *                 case DATA, CONFLICT -> Resolution.REPLACE;
 *                 case NOT_FOUND, CONSTRAINT, FOREIGN_KEY -> Resolution.OMIT;
 *             });
 * }
 * }</pre>
 *
 * <p>Everything here blocks, starts no thread and reads no clock. Failures are one sealed family, {@link
 * io.merklite.session.SessionException}.
 */
@NullMarked
package io.merklite.session;

import org.jspecify.annotations.NullMarked;
