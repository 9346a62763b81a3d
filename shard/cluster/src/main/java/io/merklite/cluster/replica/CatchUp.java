package io.merklite.cluster.replica;

import io.merklite.sync.vector.VersionVector;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Whether a new writer has what the one before it may have acknowledged: all that a majority of the datacenter's copies has,
 * its own among them.
 */
final class CatchUp {
    private final Set<String> heard = new HashSet<>();

    /** A copy has said what it has, or that it has nothing. */
    void heard(String follower) {
        heard.add(follower);
    }

    /** Who has said something. */
    Set<String> heard() {
        return Set.copyOf(heard);
    }

    /**
     * Whether it is done.
     *
     * @param followers names of the other copies of the datacenter
     * @param own what the writer has
     * @param others by name, what another copy has said that it has
     */
    boolean isDone(List<String> followers, VersionVector own, Function<String, VersionVector> others) {
        var known = followers.stream().filter(heard::contains).toList();
        return 1 + known.size() > (1 + followers.size()) / 2
                && known.stream().allMatch(follower -> own.covers(others.apply(follower)));
    }
}
