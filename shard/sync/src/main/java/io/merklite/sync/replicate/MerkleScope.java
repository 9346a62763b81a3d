package io.merklite.sync.replicate;

import io.merklite.sync.store.KeyRange;
import io.merklite.sync.store.ReplicaStore;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Internal: the part of a replica that is compared along the merkle index.
 *
 * @param store the replica
 * @param accepted which of its tables, by folded name
 * @param schema fingerprint of these tables
 */
public record MerkleScope(ReplicaStore store, Predicate<String> accepted, LongSupplier schema) {
    /** Everything that replicates. */
    static MerkleScope everything(ReplicaStore store) {
        return new MerkleScope(store, table -> true, store::schemaFingerprint);
    }

    /**
     * The elements of the schema, which compare although schemas differ.
     *
     * @param peerSchema what the peer's answers will be of
     */
    static MerkleScope ofSchema(ReplicaStore store, long peerSchema) {
        return new MerkleScope(store, ReplicaStore.SCHEMA_ELEMENTS::equals, () -> peerSchema);
    }

    /** The tables. */
    public List<String> tables() {
        return store.indexedTables().stream().filter(accepted).toList();
    }

    boolean has(String table) {
        return accepted.test(table) && store.ranges().keyCount(table) > 0;
    }

    /** The sum of the digests of all their rows. */
    public long sum() {
        return tables().stream()
                .mapToLong(table -> store.ranges().sum(table, KeyRange.ALL))
                .sum();
    }
}
