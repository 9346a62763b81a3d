package io.merklite.cluster.replica;

import io.merklite.cluster.sql.SqlError;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Hands what a database tells to a listener, tells the database how much that has taken, and stops with the last of it. */
final class WatcherActor {
    private static final Duration TOLD_AGAIN_EVERY = Duration.ofSeconds(5);

    /** The way back to the database. */
    interface Taken {
        /** So many transactions the listener has taken so far. */
        void tell(long count, ActorRef<Watch> watcher);
    }

    private static final Watch.Ended LOST =
            new Watch.Ended(new SqlError("UNAVAILABLE", "a part of what was told is lost; watch again"));

    private WatcherActor() {}

    /**
     * @param listener must not block; its stage is done when it has taken in what it was told
     * @param taken is used now and then, and again after a while, should that have been lost, or the database have moved
     */
    static Behavior<Watch> create(Function<Watch, CompletionStage<?>> listener, Taken taken) {
        return ParcelReceiver.inOrderBefore(watching(listener, taken), LOST);
    }

    private static Behavior<Watch> watching(Function<Watch, CompletionStage<?>> listener, Taken taken) {
        return Behaviors.setup(context -> {
            var self = context.getSelf();
            var taking = new Taking(count -> taken.tell(count, self));
            var again = context.getSystem()
                    .scheduler()
                    .scheduleWithFixedDelay(
                            TOLD_AGAIN_EVERY, TOLD_AGAIN_EVERY, taking::tell, context.getExecutionContext());
            return Behaviors.receive(Watch.class)
                    .onMessage(Watch.Changed.class, changed -> {
                        long size = changed.transaction().sizeBytes();
                        listener.apply(changed).thenRun(() -> taking.took(size));
                        return Behaviors.same();
                    })
                    .onMessage(Watch.Ended.class, ended -> {
                        listener.apply(ended).thenRun(again::cancel);
                        return Behaviors.stopped();
                    })
                    .onAnyMessage(watch -> {
                        listener.apply(watch).thenRun(WatcherActor::notCounted);
                        return Behaviors.same();
                    })
                    .onSignal(PostStop.class, stopped -> {
                        again.cancel();
                        return Behaviors.same();
                    })
                    .build();
        });
    }

    private static void notCounted() {
        // only transactions count against the window
    }

    /** What was taken. Thread-safe: a listener takes where it likes. */
    private static final class Taking {
        private static final int TOLD_EVERY_COUNT = 16;
        private static final long TOLD_EVERY_BYTES = 256 << 10;

        private final LongConsumer taken;
        private long count;
        private long untoldCount;
        private long untoldBytes;

        private Taking(LongConsumer taken) {
            this.taken = taken;
        }

        private void took(long sizeBytes) {
            if (counts(sizeBytes)) {
                tell();
            }
        }

        private synchronized boolean counts(long sizeBytes) {
            count++;
            untoldCount++;
            untoldBytes += sizeBytes;
            return untoldCount >= TOLD_EVERY_COUNT || untoldBytes >= TOLD_EVERY_BYTES;
        }

        private void tell() {
            taken.accept(told());
        }

        private synchronized long told() {
            untoldCount = 0;
            untoldBytes = 0;
            return count;
        }
    }
}
