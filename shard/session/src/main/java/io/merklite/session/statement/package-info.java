/**
 * Internal: prepared statements, kept by their text.
 *
 * <p>To prepare a statement costs SQLite more than to run it: 5 to 20 µs against 1 or 2. What applies changesets, and
 * what replicates, runs the same few hundred over and over, so it keeps them ({@link
 * io.merklite.session.statement.SqlStatements}). What makes this more than a map is the driver, which closes a statement
 * that fails without saying so.
 */
@NullMarked
package io.merklite.session.statement;

import org.jspecify.annotations.NullMarked;
