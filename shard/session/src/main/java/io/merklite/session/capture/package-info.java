/**
 * Sessions: what a connection changes becomes a changeset.
 *
 * <p>The driver has no preupdate hook, and its update hook tells no old values. So a {@link
 * io.merklite.session.capture.Session} sets TEMP triggers on each table, which write every touch of a row, with what the
 * row was before, to a TEMP log. The log is part of the transaction: ROLLBACK and SAVEPOINT undo it with the data, and
 * other connections never see it. When a changeset is asked for, the log is read once beside the rows as they are now,
 * and only the first touch of each row counts: that is what makes changes net.
 *
 * <p>Reading order: {@code Session} is the object users hold; {@code CaptureTriggers} has the triggers of a table and
 * why each is needed; {@code CapturedTable} is a table of a session; {@code NetChanges} turns the log into bytes; {@code
 * StatisticsSnapshot} stands in for triggers on {@code sqlite_stat1}, which SQLite refuses; {@code TableDiff} writes the
 * difference of two tables into the log.
 *
 * <p>What differs from SQLite's own session extension, none of it silently: the indirect flag comes from {@link
 * io.merklite.session.capture.Session#indirect} alone, since no SQL function tells how deep a trigger is nested; {@code
 * total_changes()} counts the rows of the log; a rollback takes touches back; changes by incremental blob writes can't
 * be made through the driver, so they need no capture; and where SQL leaves open which row a statement reaches first, as in
 * an UPDATE OR REPLACE of many rows, SQLite may choose another plan while triggers are there. DROP COLUMN is refused by SQLite while triggers name the column:
 * run it through {@link io.merklite.session.capture.Session#executeSchemaChange}.
 */
@NullMarked
package io.merklite.session.capture;

import org.jspecify.annotations.NullMarked;
