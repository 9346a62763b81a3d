/**
 * What a cluster takes, over HTTP, as its clients use it.
 *
 * <p>Each simulation is a load of its own: {@code SingleRowWrites}, {@code MixedReadsAndWrites}, {@code HotRows} (both datacenters write the
 * same rows), {@code LargeTransactions}, {@code SubscriptionFanOut}, {@code ManyDatabases}, {@code ReadsElsewhere} (reads with bookmarks on
 * nodes that were not written to). {@code AllAtOnce} is a short mix of all for the build. Each looks into the body of each answer, as
 * one with status 200 may have an error inside; has assertions on errors and, unless it is the short one, on throughput; and
 * waits in the end until all datacenters have the same root.
 *
 * <p>{@link io.merklite.loadtest.gatling.Simulations} starts a cluster, runs them, each in a JVM of its own, and notes their
 * figures. {@link io.merklite.loadtest.gatling.RateFinder} raises the rate of single-row writes step by step until the
 * cluster can't keep up. A simulation that Gatling's own plugin runs starts a cluster by itself.
 */
@NullMarked
package io.merklite.loadtest.gatling;

import org.jspecify.annotations.NullMarked;
