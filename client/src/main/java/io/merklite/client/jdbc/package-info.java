/**
 * The driver of {@code jdbc:merklite://host:port/database}.
 *
 * <p>JDBC thinks of a connection as one session at one server. Here a statement outside of a transaction needs none: it goes
 * to whichever node is near, complete in one request, and may be repeated if its answer is lost. Only what has a state at a
 * node holds a stream there: a transaction, from its first statement to its end, and temporary tables. {@link
 * io.merklite.client.jdbc.Session} decides that; everything else translates.
 *
 * <p>In reading order: {@link io.merklite.client.jdbc.MerkliteDriver} and {@link io.merklite.client.jdbc.JdbcUrl}; {@code
 * Session} with {@link io.merklite.client.jdbc.Running} (time limits, cancelling); {@link
 * io.merklite.client.jdbc.MerkliteConnection}, {@link io.merklite.client.jdbc.MerkliteStatement}, {@link
 * io.merklite.client.jdbc.MerkliteResultSet} over {@link io.merklite.client.jdbc.RowSource}; {@link
 * io.merklite.client.jdbc.SqlStates}, what failures are called; {@link io.merklite.client.jdbc.MerkliteMetaData}.
 *
 * <p>It calls itself SQLite where programs choose a dialect by the product's name, for that is the dialect. Why not an
 * existing driver for Hrana, types, states, and what tools need: {@code docs/jdbc.md}.
 */
@NullMarked
package io.merklite.client.jdbc;

import org.jspecify.annotations.NullMarked;
