/**
 * SQL as clients send it to a database, and what they get back: the words that the HTTP door, the embedded API and the
 * database's owner share.
 *
 * <p>{@link io.merklite.cluster.sql.SqlRequest} goes in, {@link io.merklite.cluster.sql.SqlResponse} comes out, one for
 * each. Requests belong to a stream, which has at most one transaction open.
 */
@NullMarked
package io.merklite.cluster.sql;

import org.jspecify.annotations.NullMarked;
