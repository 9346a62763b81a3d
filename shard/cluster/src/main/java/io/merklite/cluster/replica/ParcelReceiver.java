package io.merklite.cluster.replica;

import io.merklite.cluster.ClusterException.UnknownOutcome;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Stands before an actor that gets messages of other nodes, and opens the {@link Parcel}s among them, so that the actor never
 * sees one.
 *
 * <p><b>Threading.</b> Confined to its actor; parcels are fetched by actors of their own.
 *
 * @param <T> what the actor gets
 */
final class ParcelReceiver<T> extends BehaviorInterceptor<Object, T> {
    /** What waits behind a parcel; a watcher's window is smaller, and whoever sends more is told that it is lost. */
    private static final int MAX_HELD = 10_000;

    private static final AtomicLong FETCHES = new AtomicLong();

    private final Order<T> order;
    private final Deque<Object> held = new ArrayDeque<>();
    private boolean isOpening;
    private int returningCount;

    /** What is done with an opened message, and with those that came after it. */
    private sealed interface Order<T> {
        /** It may come later than those: it is sent anew. */
        record Any<T>(Consumer<T> deliver) implements Order<T> {}

        /**
         * Those wait.
         *
         * @param lost takes the place of a message that can't be fetched
         */
        record Kept<T>(T lost) implements Order<T> {}
    }

    /** A parcel was opened, or could not be. */
    private record Opened(Optional<Object> message) {}

    /** A message that waited and has its turn now. */
    private record Returned(Object message) {}

    private ParcelReceiver(Order<T> order) {
        super(Object.class);
        this.order = order;
    }

    /**
     * The behaviour with a receiver before it, for messages whose order does not matter.
     *
     * @param deliver sends an opened message to the actor, or to its successor
     */
    static <T> Behavior<T> before(Behavior<T> behavior, Consumer<T> deliver) {
        return Behaviors.<Object, T>intercept(() -> new ParcelReceiver<>(new Order.Any<>(deliver)), behavior)
                .narrow();
    }

    /**
     * The behaviour with a receiver before it, which keeps messages in order.
     *
     * @param lost takes the place of a message that can't be fetched
     */
    static <T> Behavior<T> inOrderBefore(Behavior<T> behavior, T lost) {
        return Behaviors.<Object, T>intercept(() -> new ParcelReceiver<>(new Order.Kept<>(lost)), behavior)
                .narrow();
    }

    /**
     * The answer to a question, opened if it is a parcel. What depends on it runs on the system's dispatcher: whoever answers
     * has others to serve.
     *
     * @param database that was asked
     */
    static <R> CompletionStage<R> opened(
            ActorSystem<?> system, String database, CompletionStage<?> answer, Class<R> type) {
        return answer.thenComposeAsync(
                reply -> reply instanceof Parcel parcel
                        ? opened(system, database, parcel, type)
                        : CompletableFuture.completedFuture(type.cast(reply)),
                system.executionContext());
    }

    private static <R> CompletionStage<R> opened(ActorSystem<?> system, String database, Parcel parcel, Class<R> type) {
        var message = new CompletableFuture<R>();
        fetch(
                system,
                parcel,
                opened -> opened.ifPresentOrElse(
                        content -> message.complete(type.cast(content)),
                        () -> message.completeExceptionally(
                                new UnknownOutcome(database, "the answer was too large for a message, and lost"))));
        return message;
    }

    private static void fetch(ActorSystem<?> system, Parcel parcel, Consumer<Optional<Object>> opened) {
        system.systemActorOf(
                ParcelSink.create(parcel, opened), "parcel-sink-" + FETCHES.incrementAndGet(), Props.empty());
    }

    @Override
    public Behavior<T> aroundReceive(TypedActorContext<Object> context, Object message, ReceiveTarget<T> target) {
        var self = context.asJava().getSelf();
        var system = context.asJava().getSystem();
        return switch (message) {
            case Opened opened -> {
                isOpening = false;
                onOpened(opened.message(), self);
                release(system, self);
                yield Behaviors.same();
            }
            case Returned returned -> {
                returningCount--;
                if (returningCount == 0 && !isOpening) {
                    release(system, self);
                }
                yield target.apply(context, cast(returned.message()));
            }
            case Parcel parcel
            when order instanceof Order.Any<T> any -> {
                fetch(
                        system,
                        parcel,
                        opened -> opened.ifPresent(content -> any.deliver().accept(cast(content))));
                yield Behaviors.same();
            }
            case Object waiting
            when isOpening || returningCount > 0 -> {
                hold(waiting);
                yield Behaviors.same();
            }
            case Parcel parcel -> {
                open(system, parcel, self);
                yield Behaviors.same();
            }
            default -> target.apply(context, cast(message));
        };
    }

    private void hold(Object message) {
        if (held.size() < MAX_HELD) {
            held.add(message);
        } else if (order instanceof Order.Kept<T> kept) {
            held.removeLast();
            held.add(kept.lost());
        }
    }

    private void open(ActorSystem<?> system, Parcel parcel, ActorRef<Object> self) {
        isOpening = true;
        fetch(system, parcel, opened -> self.tell(new Opened(opened)));
    }

    private void onOpened(Optional<Object> message, ActorRef<Object> self) {
        if (message.isPresent()) {
            giveBack(message.get(), self);
        } else if (order instanceof Order.Kept<T> kept) {
            giveBack(kept.lost(), self);
        }
    }

    /** What is held goes to the actor behind what was opened, up to the next parcel. */
    private void release(ActorSystem<?> system, ActorRef<Object> self) {
        while (!held.isEmpty()) {
            var next = held.remove();
            if (next instanceof Parcel parcel) {
                open(system, parcel, self);
                return;
            }
            giveBack(next, self);
        }
    }

    private void giveBack(Object message, ActorRef<Object> self) {
        returningCount++;
        self.tell(new Returned(message));
    }

    /** Pekko does not check what comes over the network either: a message of another type fails where it is used. */
    @SuppressWarnings("unchecked")
    private T cast(Object message) {
        return (T) message;
    }
}
