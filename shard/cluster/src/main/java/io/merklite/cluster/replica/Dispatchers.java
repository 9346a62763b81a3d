package io.merklite.cluster.replica;

import org.apache.pekko.actor.typed.DispatcherSelector;

/** The dispatchers of replicas. */
final class Dispatchers {
    /** For everything that touches a file: platform threads, since native calls hold their carrier. */
    static final DispatcherSelector BLOCKING = DispatcherSelector.fromConfig("merklite.jdbc-dispatcher");

    private Dispatchers() {}
}
