/**
 * Sessions and changes in the words of jOOQ: optional, and absent from everything else in this module.
 *
 * <p>A changeset knows a table's columns by position alone, so a program that reads one by hand counts columns, and
 * counts wrong after the next migration. jOOQ's generated tables have the columns as typed constants. {@link
 * io.merklite.session.jooq.JooqTables} attaches such tables to a session, and {@link
 * io.merklite.session.jooq.TypedChange} reads a change, or the row it conflicts with, by those constants.
 *
 * <p>The artifact {@code org.jooq:jooq} is an optional dependency: who uses this package adds it. No class outside of the
 * package refers to it or to jOOQ.
 */
@NullMarked
package io.merklite.session.jooq;

import org.jspecify.annotations.NullMarked;
