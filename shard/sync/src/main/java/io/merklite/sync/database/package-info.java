/**
 * A database that replicates, as its user has it: SQL in, results, changed rows and transactions out.
 *
 * <p>The store stamps what one call writes. A user writes texts of many statements, begins a transaction in one call and
 * commits it in another, changes the schema in between, and uses the connection itself. If the COMMIT simply ran, nothing
 * would be stamped: so texts are cut into statements, and each is looked at before it runs.
 *
 * <p>In reading order:
 *
 * <ul>
 *   <li>{@link io.merklite.sync.database.Database}: the door, with {@link io.merklite.sync.database.DatabaseOptions}.
 *   <li>{@code SqlScript} cuts a text where SQLite would, and tells kinds of statements apart; {@code ScriptRunner} runs
 *       them, and stamps before whatever commits and before whatever changes the schema.
 *   <li>{@code Subscribers}: queries that are followed. What changesets do not tell, {@code UnrecordedChanges} does, so
 *       that no change is missed: tables that do not replicate, other schemas.
 *   <li>{@code Announcements}: the order in which listeners hear of things, whatever they do when they hear.
 *   <li>{@code KeyGenerator}: keys that no other replica makes. {@code SchemaCheck} warns where a table needs them, and of
 *       tables that do not replicate.
 * </ul>
 *
 * <p>The roles of replication and the cluster hear of what was committed through {@link
 * io.merklite.sync.database.Database#onTransaction}, merge through its store, and tell it so.
 *
 * <p>Guaranteed: no statement given to {@code exec} is committed unstamped; listeners hear of each transaction once, in
 * order, and of nothing that was rolled back.
 */
@NullMarked
package io.merklite.sync.database;

import org.jspecify.annotations.NullMarked;
