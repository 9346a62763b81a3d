package io.merklite.cluster.replica;

/** A message that goes from node to node: {@link ReplicaSerializer} writes and reads it. */
sealed interface ReplicaMessage
        permits DatabaseActor.FromPeer,
                DatabaseActor.RunSql,
                DatabaseActor.FetchSql,
                DatabaseActor.CloseCursor,
                DatabaseActor.CloseStream,
                DatabaseActor.WantSnapshot,
                DatabaseActor.SnapshotOffer,
                DatabaseActor.WatchQuery,
                DatabaseActor.WatchChanges,
                DatabaseActor.WatchTaken,
                DatabaseActor.SettleConflict,
                DatabaseActor.ConflictSettled,
                DatabaseActor.Drop,
                DatabaseActor.ConnectReplica,
                DatabaseActor.FromReplica,
                ReplicaLink,
                Watch,
                Replicas.Forget,
                DatabaseActor.Inspect,
                DatabaseStatus,
                Replicas.Deliver,
                SnapshotSource.Want,
                SnapshotSource.Done,
                SnapshotSource.Piece,
                SqlReply {}
