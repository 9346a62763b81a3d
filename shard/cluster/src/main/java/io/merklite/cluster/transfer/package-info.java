/**
 * Databases that come from elsewhere: plain SQLite files, whoever wrote them.
 *
 * <p>A file can't be put in the place of a database, since its rows have no history: no replica could tell what is newer. So
 * it is read, and written again as any client would write it. {@link io.merklite.cluster.transfer.PlainFile} reads: the
 * statements of its schema, and its rows piece by piece as statements that insert them. A file of ours that a snapshot gave
 * is a plain file too; what is Merklite's own in it is left out.
 */
@NullMarked
package io.merklite.cluster.transfer;

import org.jspecify.annotations.NullMarked;
