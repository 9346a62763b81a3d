package io.merklite.cluster.replica;

/** What comes of {@link DatabaseActor.Inspect}. */
sealed interface InspectReply permits DatabaseStatus, SqlReply.Refused {}
