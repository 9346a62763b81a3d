package io.merklite.sync.replicate;

import io.merklite.sync.message.SyncMessage.Horizon;
import io.merklite.sync.message.SyncMessage.Status;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Decides when deaths may be forgotten: when every known replica has passed them, or after the retention.
 *
 * <p>In two steps. Once every replica's clock is past a moment, all that was ever written before it is counted by their
 * vectors; once every replica's vector covers that, every death before the moment is known everywhere, and nothing that
 * comes later can bring such a row back.
 */
final class Tombstones {
    /**
     * A replica that lost its end may write with a clock behind the one it once reported, by as much as clocks may be
     * apart: the horizon stays behind that.
     */
    private static final int DRIFTS = 3;

    /** So many checkpoints are kept over the retention. */
    private static final int CHECKPOINTS = 8;

    private final ReplicaStore store;
    private final Duration retention;
    private final Duration hearing;
    private final Map<String, Known> replicas = new TreeMap<>();
    private Optional<Step> step = Optional.empty();

    /** What a replica said of itself; nothing yet since this one was opened: an empty vector and a clock of 0. */
    private record Known(VersionVector vector, long clock, Instant heardAt) {}

    /**
     * A moment that is to be passed.
     *
     * @param clock the moment
     * @param vector all that was written before it, once every clock is past it
     */
    private record Step(long clock, Optional<VersionVector> vector) {}

    /**
     * @param retention after how long deaths are forgotten although some replica may not know of them
     * @param hearing for how long a replica counts as heard
     */
    Tombstones(ReplicaStore store, Duration retention, Duration hearing) {
        this.store = store;
        this.retention = retention;
        this.hearing = hearing;
        store.knownPeers().forEach(name -> replicas.put(name, new Known(VersionVector.EMPTY, 0, Instant.MIN)));
    }

    void reported(String peer, Status status, Instant now) {
        if (!replicas.containsKey(peer)) {
            store.addPeer(peer);
        }
        replicas.merge(
                peer,
                new Known(status.vector(), status.clock(), now),
                (before, after) ->
                        new Known(before.vector().join(after.vector()), Math.max(before.clock(), after.clock()), now));
    }

    void acknowledged(String peer, Origin origin, long seq) {
        replicas.computeIfPresent(
                peer, (name, known) -> new Known(known.vector().with(origin, seq), known.clock(), known.heardAt()));
    }

    void forget(String peer) {
        replicas.remove(peer);
        store.removePeer(peer);
        step = Optional.empty();
    }

    Collection<String> peersWith(Origin origin, long seq) {
        return replicas.entrySet().stream()
                .filter(entry -> entry.getValue().vector().seq(origin) >= seq)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Raises the horizon if it is time to; whether it was raised. */
    boolean tick(Instant now) {
        if (forgetsExpired(now)) {
            return true;
        }
        if (replicas.isEmpty()) {
            return false;
        }
        var moment = now.minus(store.maxDrift().multipliedBy(DRIFTS)).toEpochMilli() << Stamp.COUNTER_BITS;
        var current =
                step.orElseGet(() -> new Step(Math.min(moment, store.clock().last()), Optional.empty()));
        step = Optional.of(current);
        if (current.vector().isEmpty()) {
            if (store.clock().last() <= current.clock()) {
                store.clock().tick();
            }
            if (replicas.values().stream().allMatch(known -> known.clock() > current.clock())) {
                var all = store.vector();
                for (var known : replicas.values()) {
                    all = all.join(known.vector());
                }
                step = Optional.of(new Step(current.clock(), Optional.of(all)));
            }
            return false;
        }
        var written = current.vector().get();
        var passed = store.vector().covers(written)
                && replicas.values().stream().allMatch(known -> known.vector().covers(written));
        if (!passed) {
            return false;
        }
        step = Optional.empty();
        if (current.clock() <= store.horizon()) {
            return false;
        }
        raise(current.clock(), written);
        return true;
    }

    /**
     * Forgets what is older than the retention. Who comes back without having seen what was written until then has been
     * away for too long: the checkpoints say what that is.
     */
    private boolean forgetsExpired(Instant now) {
        var expired = now.minus(retention).toEpochMilli() << Stamp.COUNTER_BITS;
        var step = retention.dividedBy(CHECKPOINTS).toMillis() << Stamp.COUNTER_BITS;
        var last = store.lastCheckpoint().map(ReplicaStore.Checkpoint::clock).orElse(0L);
        if (store.clock().last() >= last + step && !store.isBootstrapping()) {
            store.checkpoint(expired);
        }
        if (expired < store.horizon() + step || !hearsMajority(now)) {
            return false;
        }
        var checkpoint = store.checkpointFrom(expired - step).filter(found -> found.clock() <= expired);
        checkpoint.ifPresent(found -> raise(found.clock(), found.vector()));
        return checkpoint.isPresent();
    }

    /**
     * Whether this replica is one of more than half of all that it knows. One that is cut off must not forget deaths by
     * itself: when it comes back, that it has forgotten less than others is how it is known to have been away.
     */
    private boolean hearsMajority(Instant now) {
        var heard = replicas.values().stream()
                .filter(known -> known.heardAt().isAfter(now.minus(hearing)))
                .count();
        return (heard + 1) * 2 > replicas.size() + 1;
    }

    void adopt(Horizon horizon) {
        raise(horizon.horizon(), horizon.seen());
    }

    private void raise(long horizon, VersionVector seen) {
        store.raiseHorizon(horizon, seen);
    }

    /** Hash of the vector that covers the forgotten deaths. */
    long seenHash() {
        return hash(store.horizonSeen());
    }

    static long hash(VersionVector vector) {
        var hash = 0L;
        for (var entry : vector.seqs().entrySet()) {
            hash = (hash ^ entry.getKey().bits()) * 0x9e3779b97f4a7c15L;
            hash = ((hash ^ (hash >>> 32)) + entry.getValue()) * 0xd6e8feb86659fd93L;
        }
        return hash;
    }

    /** What peers are told. */
    Horizon announcement() {
        return new Horizon(store.horizon(), store.horizonSeen());
    }
}
