/**
 * SQL as clients send it to a database: the words for it, and what runs it on a SQLite connection.
 *
 * <p>{@link io.merklite.cluster.sql.SqlRequest} goes in, {@link io.merklite.cluster.sql.SqlResponse} comes out, one for
 * each. Requests belong to a stream, which has at most one transaction open and believes that it has a SQLite connection of
 * its own. It has not: one connection writes for everybody, and commits many streams' work at once; others read. So what a
 * stream may believe ({@link io.merklite.cluster.sql.SqlStreamState}) is kept track of here. Asking SQLite would be wrong:
 * inside a group it is always in a transaction.
 *
 * <p>In reading order:
 *
 * <ul>
 *   <li>{@link io.merklite.cluster.sql.AnalysedText}: a text cut into statements, each with what its tokens tell; {@link
 *       io.merklite.cluster.sql.SqlGuard} says what nobody may run, {@link io.merklite.cluster.sql.SchemaListing} what
 *       nobody may see;
 *   <li>{@link io.merklite.cluster.sql.SqlPlan}: which lane requests want: reading, together with others in one commit, or
 *       alone. It may be wrong;
 *   <li>{@link io.merklite.cluster.sql.SqlLane}: a connection, and {@link io.merklite.cluster.sql.SqlRun}: requests under
 *       way on it. A run stops where its owner has something to do: above all before each COMMIT, because the log of
 *       changesets must be on disk first. It moves to another lane when the plan was wrong, and leaves nothing behind;
 *   <li>{@link io.merklite.cluster.sql.StreamTransactions}: what BEGIN, COMMIT, SAVEPOINT and their like are in each lane;
 *   <li>{@link io.merklite.cluster.sql.SqlCodec}: all of this between nodes.
 * </ul>
 *
 * <p>Nothing here knows an actor, starts a thread or waits for a future. That every lane does what a connection of the
 * stream's own would do is tested with random batches against SQLite itself.
 */
@NullMarked
package io.merklite.cluster.sql;

import org.jspecify.annotations.NullMarked;
