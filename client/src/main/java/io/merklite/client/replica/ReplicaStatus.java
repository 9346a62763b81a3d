package io.merklite.client.replica;

import io.merklite.client.ClientException;
import java.time.Instant;
import java.util.Optional;

/**
 * Where a replica stands.
 *
 * @param phase what it does
 * @param toSendCount transactions that the node does not have yet, as far as it is known
 * @param toReceiveCount transactions that the node has and this replica not yet, as far as it is known
 * @param inSyncAt when both last had the same; none if never since it was opened
 * @param failure why it is offline or has stopped, if there was a reason
 */
public record ReplicaStatus(
        Phase phase,
        long toSendCount,
        long toReceiveCount,
        Optional<Instant> inSyncAt,
        Optional<ClientException> failure) {
    /** What a replica does. */
    public enum Phase {
        /** It waits to try again. */
        OFFLINE,
        /** It opens a connection. */
        CONNECTING,
        /** It is connected and catches up. */
        SYNCING,
        /** It is connected, and both have the same. */
        IN_SYNC,
        /** It tries no more: somebody has to change something. Reading and writing go on. */
        STOPPED
    }
}
