package io.merklite.cluster.placement;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.sharding.ShardCoordinator.AbstractShardAllocationStrategy;
import org.apache.pekko.dispatch.Futures;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;

/**
 * Puts a shard's writers on the first live node of its preference list, where their files are. Shards stay where they are
 * until their node leaves: moving one for load would only cost a hand-over.
 *
 * <p><b>Threading.</b> Called by the shard coordinator, one call at a time.
 */
public final class PreferredHost extends AbstractShardAllocationStrategy {
    private final Cluster cluster;
    private final Placement placement;

    public PreferredHost(Cluster cluster, Placement placement) {
        this.cluster = cluster;
        this.placement = placement;
    }

    @Override
    public Future<ActorRef> allocateShard(
            ActorRef requester, String shardId, Map<ActorRef, IndexedSeq<String>> currentShardAllocations) {
        Map<String, ActorRef> regions = new HashMap<>();
        currentShardAllocations.keySet().forEach(region -> idOf(region).ifPresent(id -> regions.put(id, region)));
        var preferred = placement.order(Integer.parseInt(shardId), regions.keySet()).stream()
                .findFirst()
                .map(regions::get)
                .orElse(requester);
        return Futures.successful(preferred);
    }

    private Optional<String> idOf(ActorRef region) {
        var address = region.path().address();
        for (var member : cluster.state().getMembers()) {
            var isLocal = address.hasLocalScope() && member.address().equals(cluster.selfAddress());
            if (isLocal || member.address().equals(address)) {
                return Optional.of(NodeId.of(member));
            }
        }
        return Optional.empty();
    }

    @Override
    public Future<Set<String>> rebalance(
            Map<ActorRef, IndexedSeq<String>> currentShardAllocations, Set<String> rebalanceInProgress) {
        return Futures.successful(Set.of());
    }
}
