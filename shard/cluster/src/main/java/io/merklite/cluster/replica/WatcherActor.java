package io.merklite.cluster.replica;

import java.util.function.Consumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Hands what a database tells to a listener, and stops with the last of it. */
final class WatcherActor {
    private WatcherActor() {}

    /** @param listener must not block */
    static Behavior<Watch> create(Consumer<Watch> listener) {
        return Behaviors.receiveMessage(watch -> {
            listener.accept(watch);
            return watch instanceof Watch.Ended ? Behaviors.stopped() : Behaviors.same();
        });
    }
}
