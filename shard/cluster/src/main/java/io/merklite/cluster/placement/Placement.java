package io.merklite.cluster.placement;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Where databases live: a name belongs to a shard, a shard to the first nodes of its preference list.
 *
 * <p>The list is the rendezvous order (Thaler and Ravishankar, <i>Using name-based mappings to increase hit rates</i>,
 * 1998): each node has a weight for each shard, and a node that comes or goes moves only what it wins or loses.
 *
 * @param shardCount how many shards there are; the same on every node, forever
 * @param replicaCount how many nodes of a datacenter keep a copy
 */
public record Placement(int shardCount, int replicaCount) {
    private static final long MIX = 0x9E37_79B9_7F4A_7C15L;

    public Placement {
        if (shardCount < 1 || shardCount > 4096) {
            throw new IllegalArgumentException("merklite.shard-count = " + shardCount + ", must be in [1, 4096]");
        }
        if (replicaCount < 1) {
            throw new IllegalArgumentException("merklite.replicas-per-dc = " + replicaCount + ", must be at least 1");
        }
    }

    /** The shard of a database, from 0. */
    public int shardOf(String database) {
        return Math.floorMod(Long.hashCode(mix(checksum(database))), shardCount);
    }

    /** All of {@code nodes}, best first. */
    public List<String> order(int shard, Collection<String> nodes) {
        return nodes.stream()
                .distinct()
                .sorted(Comparator.comparingLong((String node) -> weight(shard, node))
                        .reversed()
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** Those of {@code nodes} that keep a copy of the shard's databases, best first. */
    public List<String> hosts(int shard, Collection<String> nodes) {
        var order = order(shard, nodes);
        return order.subList(0, Math.min(replicaCount, order.size()));
    }

    private static long weight(int shard, String node) {
        return mix(checksum(node) ^ mix(shard + 1L));
    }

    private static long checksum(String text) {
        var checksum = new CRC32C();
        checksum.update(text.getBytes(StandardCharsets.UTF_8));
        return checksum.getValue();
    }

    /** The finalizer of SplitMix64 (Steele, Lea and Flood 2014). */
    private static long mix(long value) {
        var z = value * MIX;
        z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return z ^ (z >>> 31);
    }
}
