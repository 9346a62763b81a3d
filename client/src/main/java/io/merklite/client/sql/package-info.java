/**
 * The text of statements, and values in Java's types, as far as a client must know them.
 *
 * <p>A client sends text and lets the node parse it. Yet it has to know three things beforehand: whether a statement may
 * be repeated without harm ({@link io.merklite.client.sql.SqlText#isReading}), whether it begins or ends a transaction
 * ({@link io.merklite.client.sql.SqlText#kind}), and where its parameters are. {@link io.merklite.client.sql.SqlText}
 * reads that off the tokens and errs to the safe side.
 *
 * <p>{@link io.merklite.client.sql.JavaValues} is the one table of which Java type becomes which of SQLite's five classes,
 * and back: records, typed getters and the JDBC driver all use it.
 */
@NullMarked
package io.merklite.client.sql;

import org.jspecify.annotations.NullMarked;
