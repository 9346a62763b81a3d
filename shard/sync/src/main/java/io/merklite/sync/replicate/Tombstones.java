package io.merklite.sync.replicate;

import io.merklite.sync.message.SyncMessage.Status;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Decides when deaths may be forgotten: when every known replica has passed them, or after the retention.
 *
 * <p>In two steps. Once every replica's clock is past a moment, all that was ever written before it is counted by their
 * vectors; once every replica's vector covers that, every death before the moment is known everywhere.
 *
 * <p>No row comes back because of it: one that is missing although its birth was seen is known to be dead without a
 * tombstone. A tombstone spares a comparison of rows, and roots compare only between replicas that have forgotten the same
 * deaths. After the retention alone one thing depends on it: an older row of a key that died and was forgotten, written by a
 * replica that was away so long and seen by nobody else, stays like anything else that it wrote.
 */
final class Tombstones {
    /** How exactly it is kept when a replica was heard of. */
    private static final Duration NOTED_EVERY = Duration.ofHours(1);

    /** A replica that lost its end may write with a clock behind the one it once reported: the horizon stays behind. */
    private static final int DRIFTS = 3;

    /**
     * In how many steps the retention passes. Each is a transaction, so without them every tick of every open database
     * would be one; and replicas that step at the same moments have forgotten the same deaths.
     */
    private static final int RETENTION_STEPS = 256;

    private final ReplicaStore store;
    private final Duration retention;
    private final Duration hearing;
    private final Map<String, Known> replicas = new TreeMap<>();
    /** When each was heard of, about, as the file has it. */
    private final Map<String, Instant> noted = new TreeMap<>();

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
     * @param hearing for how long a replica counts as heard of
     */
    Tombstones(ReplicaStore store, Duration retention, Duration hearing) {
        this.store = store;
        this.retention = retention;
        this.hearing = hearing;
        store.knownPeers().forEach((name, heardAt) -> {
            replicas.put(name, new Known(VersionVector.EMPTY, 0, Instant.MIN));
            noted.put(name, heardAt);
        });
    }

    void reported(String peer, Status status, Instant now) {
        var before = noted.get(peer);
        if (before == null || before.plus(NOTED_EVERY).isBefore(now)) {
            store.heardOfPeer(peer, now);
            noted.put(peer, now);
        }
        replicas.merge(
                peer,
                new Known(status.vector(), status.clock(), now),
                (known, said) ->
                        new Known(known.vector().join(said.vector()), Math.max(known.clock(), said.clock()), now));
    }

    void acknowledged(String peer, Origin origin, long seq) {
        replicas.computeIfPresent(
                peer, (name, known) -> new Known(known.vector().with(origin, seq), known.clock(), known.heardAt()));
    }

    void forget(String peer) {
        replicas.remove(peer);
        noted.remove(peer);
        store.removePeer(peer);
        step = Optional.empty();
    }

    /** Replicas of which nothing was heard for longer than the retention. */
    List<String> silent(Instant now) {
        return noted.entrySet().stream()
                .filter(entry -> entry.getValue().plus(retention).isBefore(now))
                .map(Map.Entry::getKey)
                .toList();
    }

    Collection<String> peersWith(Origin origin, long seq) {
        return replicas.entrySet().stream()
                .filter(entry -> entry.getValue().vector().seq(origin) >= seq)
                .map(Map.Entry::getKey)
                .toList();
    }

    /**
     * Raises the horizon if it is time to. A replica of which nothing was heard only holds this up until the retention
     * has passed: it costs the others tombstones, never rows.
     */
    void tick(Instant now) {
        var expired = expired(now);
        if (expired > store.horizon() && (replicas.isEmpty() || hasAllThatIsHeardOf(now))) {
            store.raiseHorizon(expired);
        }
        if (replicas.isEmpty()) {
            return;
        }
        var moment = now.minus(store.maxDrift().multipliedBy(DRIFTS)).toEpochMilli() << Stamp.COUNTER_BITS;
        var current =
                step.orElseGet(() -> new Step(Math.min(moment, store.clock().last()), Optional.empty()));
        step = Optional.of(current);
        if (current.vector().isEmpty()) {
            if (replicas.values().stream().allMatch(known -> known.clock() > current.clock())) {
                var all = store.vector();
                for (var known : replicas.values()) {
                    all = all.join(known.vector());
                }
                step = Optional.of(new Step(current.clock(), Optional.of(all)));
            }
            return;
        }
        var written = current.vector().get();
        if (store.vector().covers(written)
                && replicas.values().stream().allMatch(known -> known.vector().covers(written))) {
            step = Optional.empty();
            store.raiseHorizon(current.clock());
        }
    }

    /** The clock of the last step that is a retention ago. */
    private long expired(Instant now) {
        var stepMillis = Math.max(1, retention.toMillis() / RETENTION_STEPS);
        return (Math.floorDiv(now.minus(retention).toEpochMilli(), stepMillis) * stepMillis) << Stamp.COUNTER_BITS;
    }

    /**
     * Whether some replica was heard of late, and this one has all that those have. One that is cut off, or behind, may
     * yet get what a tombstone must be held against.
     */
    private boolean hasAllThatIsHeardOf(Instant now) {
        var heard = replicas.values().stream()
                .filter(known -> known.heardAt().isAfter(now.minus(hearing)))
                .toList();
        return !heard.isEmpty()
                && heard.stream().allMatch(known -> store.vector().covers(known.vector()));
    }

    /**
     * Follows the horizon of a peer, so that roots compare again: once this replica has all that the peer has. A horizon
     * in the future is not believed.
     */
    void follow(Status status, Instant now) {
        if (status.horizon() <= now.toEpochMilli() << Stamp.COUNTER_BITS
                && store.vector().covers(status.vector())) {
            store.raiseHorizon(status.horizon());
        }
    }
}
