package io.merklite.cluster.replica;

import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes that are committed here and wait until other replicas have them.
 *
 * <p>Pure bookkeeping: peers report how far they are, what is then satisfied is answered, in the order of the writes.
 */
final class Acknowledgements {
    private final Map<String, VersionVector> reached = new HashMap<>();
    private final Deque<Waiting> waiting = new ArrayDeque<>();

    /** A write that waits. */
    private record Waiting(
            VersionVector written, Acknowledgement level, Instant until, Runnable answer, Runnable giveUp) {}

    /** A peer has said that it has all up to {@code seq} of {@code origin}. */
    void reached(String peer, Origin origin, long seq) {
        reached.merge(peer, VersionVector.EMPTY.with(origin, seq), VersionVector::join);
    }

    /** A peer has said what it has. */
    void reached(String peer, VersionVector vector) {
        reached.merge(peer, vector, VersionVector::join);
    }

    void forget(String peer) {
        reached.remove(peer);
    }

    /** How far a peer is. */
    VersionVector of(String peer) {
        return reached.getOrDefault(peer, VersionVector.EMPTY);
    }

    /**
     * Has a write wait.
     *
     * @param written what the others must have
     * @param answer run when it is acknowledged
     * @param giveUp run if it is not by {@code until}
     */
    void await(VersionVector written, Acknowledgement level, Instant until, Runnable answer, Runnable giveUp) {
        waiting.add(new Waiting(written, level, until, answer, giveUp));
    }

    /**
     * Answers what is satisfied.
     *
     * @param nodes peers that are followers of this datacenter
     * @param copyCount how many copies the datacenter has, this one included
     * @param datacenters peers that are writers of other datacenters
     */
    void settle(Collection<String> nodes, int copyCount, Collection<String> datacenters) {
        waiting.removeIf(write -> {
            var isDone = switch (write.level()) {
                case LOCAL -> true;
                case MAJORITY -> 1 + count(nodes, write) > copyCount / 2;
                case ALL -> 1 + count(nodes, write) >= copyCount;
                case EACH_DATACENTER -> count(datacenters, write) == datacenters.size();
            };
            if (isDone) {
                write.answer().run();
            }
            return isDone;
        });
    }

    /** Gives up what has waited too long. */
    void expire(Instant now) {
        waiting.removeIf(write -> {
            var isLate = !write.until().isAfter(now);
            if (isLate) {
                write.giveUp().run();
            }
            return isLate;
        });
    }

    /** Gives up everything: the replica closes. */
    void giveUpAll() {
        waiting.forEach(write -> write.giveUp().run());
        waiting.clear();
    }

    int waitingCount() {
        return waiting.size();
    }

    private long count(Collection<String> peers, Waiting write) {
        return peers.stream().filter(peer -> of(peer).covers(write.written())).count();
    }
}
