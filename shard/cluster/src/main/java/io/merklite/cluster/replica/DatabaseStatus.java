package io.merklite.cluster.replica;

import io.merklite.sync.vector.VersionVector;
import java.util.List;

/**
 * How a database is, at its writer.
 *
 * @param database its name
 * @param node where its writer is
 * @param datacenter in which
 * @param vector what the writer has applied
 * @param root its merkle root
 * @param schema fingerprint of its schema
 * @param sizeBytes of its file
 * @param waitingCount transactions of others that wait for something
 * @param generation which of the databases that its name meant
 * @param copies what others last said
 */
public record DatabaseStatus(
        String database,
        String node,
        String datacenter,
        VersionVector vector,
        long root,
        long schema,
        long sizeBytes,
        int waitingCount,
        long generation,
        List<Copy> copies)
        implements ReplicaMessage, InspectReply {
    public DatabaseStatus {
        copies = List.copyOf(copies);
    }

    /** What a peer last said that it has. */
    public record Copy(String peer, VersionVector vector) {}
}
