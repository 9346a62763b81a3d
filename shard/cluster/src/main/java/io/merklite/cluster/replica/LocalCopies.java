package io.merklite.cluster.replica;

import io.merklite.sync.vector.VersionVector;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The followers of this node that can be read, and what was acknowledged through this node since they can be: what a read
 * must see.
 *
 * <p>Nothing needs to be remembered of a database without an open follower: a follower that opens {@linkplain
 * FollowerReads.MayServe asks the writer} how far it is, after it is known here, and is read only when it has come there.
 *
 * <p><b>Threading.</b> Thread-safe; nothing blocks.
 */
final class LocalCopies {
    private static final int MAX_ASKED = 10_000;

    private final Map<String, Copy> copies = new ConcurrentHashMap<>();
    private final Set<String> writersHere = ConcurrentHashMap.newKeySet();
    private final Set<String> asked = ConcurrentHashMap.newKeySet();
    private final AtomicReference<Consumer<String>> waker = new AtomicReference<>(database -> {});

    private final AtomicLong names = new AtomicLong();

    /** A follower that can be read. */
    static final class Copy {
        private final ActorRef<FollowerReads.Command> reads;
        private final AtomicReference<VersionVector> acknowledged = new AtomicReference<>(VersionVector.EMPTY);
        private final AtomicBoolean hasCaughtUp = new AtomicBoolean();

        private Copy(ActorRef<FollowerReads.Command> reads) {
            this.reads = reads;
        }

        ActorRef<FollowerReads.Command> reads() {
            return reads;
        }

        /** It has come to where the writer was when it was opened. */
        void caughtUp() {
            hasCaughtUp.set(true);
        }

        /** What writes that were acknowledged through this node have made of the database. */
        VersionVector acknowledged() {
            return acknowledged.get();
        }
    }

    /** @param starter starts the follower of a database, if this node keeps it and nobody else here has its file */
    void wakeBy(Consumer<String> starter) {
        waker.set(starter);
    }

    /** A name for the reads of a follower, which may outlive it for a moment. */
    String nextName(String database) {
        return "reads-" + database + "-" + names.incrementAndGet();
    }

    /** From now on a follower of {@code database} can be read. */
    Copy opened(String database, ActorRef<FollowerReads.Command> reads) {
        var copy = new Copy(reads);
        copies.put(database, copy);
        return copy;
    }

    /** A follower cannot be read any more. */
    void closed(String database, Copy copy) {
        copies.remove(database, copy);
        asked.remove(database);
    }

    /** The writer of a database runs on this node, or does not any more. */
    void writerIsHere(String database, boolean isHere) {
        if (isHere) {
            writersHere.add(database);
        } else {
            writersHere.remove(database);
        }
    }

    /** The follower of a database. */
    Optional<Copy> of(String database) {
        return Optional.ofNullable(copies.get(database));
    }

    /** How many followers have been opened, and have not come yet to where their writers were then. */
    long catchingUpCount() {
        return copies.values().stream().filter(copy -> !copy.hasCaughtUp.get()).count();
    }

    /** A write was acknowledged through this node: later reads through it see what {@code bookmark} has. */
    void acknowledged(String database, VersionVector bookmark) {
        var copy = copies.get(database);
        if (copy != null && !copy.acknowledged().covers(bookmark)) {
            copy.acknowledged.updateAndGet(bookmark::join);
        }
    }

    /** A database that exists was read at a writer on another node: its follower starts, if there is to be one here. */
    void wanted(String database) {
        if (!copies.containsKey(database) && !writersHere.contains(database) && asked.add(database)) {
            if (asked.size() > MAX_ASKED) {
                asked.clear();
            }
            waker.get().accept(database);
        }
    }

    /** Nodes have come or gone: databases that were not to be kept here may be now. */
    void nodesChanged() {
        asked.clear();
    }
}
