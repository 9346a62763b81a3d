package io.merklite.cluster.replica;

/** What comes of {@link DatabaseActor.WantSnapshot}. */
sealed interface SnapshotReply permits DatabaseActor.SnapshotOffer, SqlReply.Refused {}
