/**
 * What a replica has seen, and what must wait.
 *
 * <p>A {@link io.merklite.sync.vector.VersionVector} names a set of transactions in a few bytes: of each origin all up
 * to a seq. That only works if transactions are applied without gaps and after what they were written on; the {@link
 * io.merklite.sync.vector.Inbox} holds back whatever came too early, for any of four reasons, within bounds, and lets
 * an operator see it. What is ready it gives out in groups, within {@link io.merklite.sync.vector.GroupLimits}, to be
 * applied in one commit.
 */
@NullMarked
package io.merklite.sync.vector;

import org.jspecify.annotations.NullMarked;
