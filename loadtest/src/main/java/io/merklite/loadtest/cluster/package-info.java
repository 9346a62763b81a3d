/**
 * What nodes reach, as their users see it: each figure has a bar, and where others do the same they run beside it, in turn,
 * with the same load.
 *
 * <p>One command a subject: {@link io.merklite.loadtest.cluster.EmbeddedBars} (one node by its API), {@link
 * io.merklite.loadtest.cluster.HttpBars} (over HTTP, beside etcd and libSQL's server), {@link
 * io.merklite.loadtest.cluster.MajorityBars} (three nodes, beside three of etcd), {@link
 * io.merklite.loadtest.cluster.ReplicationBars} (how far followers are behind), {@link
 * io.merklite.loadtest.cluster.PartitionBars} (how fast datacenters agree again), {@link
 * io.merklite.loadtest.cluster.TakeOverBars} (how soon another node writes), {@link
 * io.merklite.loadtest.cluster.IdleBars} (what databases cost that nobody uses).
 *
 * <p>Every figure is a line of JSON: {@code figure}, {@code value} (the median), {@code unit}, {@code bar}, {@code better}, {@code
 * met}, {@code runs}, and with a rival {@code rival}, {@code rivalValue}, {@code leastRatio}, {@code ratio}, {@code rivalRuns}. Other
 * lines begin with {@code #}. A rival that can't be had is told and left out.
 *
 * <p>A load that measures nothing is worse than none: every answer is looked at, no write comes twice, since an UPDATE to the
 * values that are there is no change and goes to no disk, and what was written last is read back.
 */
@NullMarked
package io.merklite.loadtest.cluster;

import org.jspecify.annotations.NullMarked;
