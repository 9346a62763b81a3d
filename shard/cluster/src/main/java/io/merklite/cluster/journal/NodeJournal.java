package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.JournalFailure;
import io.merklite.cluster.checkpoint.Checkpointer;
import io.merklite.cluster.journal.JournalWriter.SaveSnapshot;
import io.merklite.cluster.journal.JournalWriter.Write;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.AbstractExtensionId;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.Extension;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * The one journal of an actor system: the file that {@code merklite.journal.path} of its configuration names, with the
 * actors that own it. It is opened when it is first asked for; several actor systems of a process have a file each.
 *
 * <p><b>Invariants.</b> (1) No more than {@code max-queued-size} bytes wait for the writer.
 * <p><b>Threading.</b> Thread-safe. {@link #write} and {@link #save} wait while the queue is full; nothing else blocks.
 */
public final class NodeJournal implements Extension {
    /*
     * At the bound: the plugin waits, on the thread that is its alone, before it takes the next write. The actor that
     * persists does not go on meanwhile, so what waits outside is one write per persistent actor, which that actor holds
     * anyway.
     */
    private static final AbstractExtensionId<NodeJournal> EXTENSION = new AbstractExtensionId<>() {
        @Override
        public NodeJournal createExtension(ExtendedActorSystem system) {
            return new NodeJournal(system);
        }
    };

    private static final String DISPATCHER = "merklite.journal.dispatcher";
    /** After this long without writes the write-ahead log is emptied and cut. */
    private static final Duration QUIET = Duration.ofSeconds(5);

    /** A permit of the window, so that their number fits an int; also the least that a write counts. */
    private static final int PERMIT_SIZE_BYTES = 1024;

    private final JournalSettings settings;
    private final JournalMetrics metrics;
    private final InstantSource clock;
    private final Semaphore window;
    private final CompletableFuture<JournalStatus> opened = new CompletableFuture<>();
    private final ActorRef<JournalWriter.Command> writer;
    private final List<ActorRef<JournalReader.Command>> readers;

    private NodeJournal(ExtendedActorSystem system) {
        var setup = JournalSetup.of(system);
        settings = JournalSettings.from(system.settings().config().getConfig("merklite"));
        metrics = JournalMetrics.in(setup.registry());
        clock = setup.clock();
        window = new Semaphore(settings.maxQueuedSizeBytes() / PERMIT_SIZE_BYTES, true);
        var typed = Adapter.toTyped(system);
        var ownThread = DispatcherSelector.fromConfig(DISPATCHER);
        var checkpointer = typed.systemActorOf(
                Behaviors.supervise(Checkpointer.create(
                                () -> JournalFormat.connect(settings.path()),
                                Optional.of(QUIET),
                                metrics.checkpointsOf(settings.path())))
                        .onFailure(SupervisorStrategy.restart()),
                "merklite-journal-checkpointer",
                ownThread);
        writer = typed.systemActorOf(
                JournalWriter.create(settings, metrics, checkpointer, opened), "merklite-journal-writer", ownThread);
        readers = IntStream.range(0, settings.readers())
                .mapToObj(i -> typed.systemActorOf(
                        JournalReader.create(settings, metrics), "merklite-journal-reader-" + i, ownThread))
                .toList();
    }

    /** The journal of {@code system}. */
    public static NodeJournal get(ClassicActorSystemProvider system) {
        return EXTENSION.get(system);
    }

    /**
     * What the journal was found to be, once it is open.
     *
     * <p>Fails with the {@link io.merklite.cluster.ClusterException} that says why it could not be opened.
     */
    public CompletionStage<JournalStatus> status() {
        return opened.copy();
    }

    InstantSource clock() {
        return clock;
    }

    JournalSettings settings() {
        return settings;
    }

    /** Writes all the events or none. Waits while too much is waiting already: call it on a thread that may. */
    CompletionStage<Done> write(String persistenceId, List<StoredEvent> events) {
        var sizeBytes =
                events.stream().mapToLong(event -> event.payload().sizeBytes()).sum();
        return queue(sizeBytes, outcome -> new Write(persistenceId, events, sizeBytes, outcome));
    }

    /** Keeps a snapshot. Waits like {@link #write}. */
    CompletionStage<Done> save(String persistenceId, StoredSnapshot snapshot) {
        return queue(snapshot.payload().sizeBytes(), outcome -> new SaveSnapshot(persistenceId, snapshot, outcome));
    }

    private CompletionStage<Done> queue(
            long sizeBytes, Function<CompletableFuture<Done>, JournalWriter.Command> command) {
        var permits =
                (int) Math.min(1 + sizeBytes / PERMIT_SIZE_BYTES, settings.maxQueuedSizeBytes() / PERMIT_SIZE_BYTES);
        try {
            window.acquire(permits);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return CompletableFuture.failedFuture(new JournalFailure("a write was given up, the node stops", e));
        }
        var timer = metrics.appendBegan(permits * PERMIT_SIZE_BYTES);
        var outcome = new CompletableFuture<Done>();
        var ended = outcome.whenComplete((done, failure) -> {
            window.release(permits);
            metrics.appendEnded(timer, permits * PERMIT_SIZE_BYTES);
        });
        writer.tell(command.apply(outcome));
        return ended;
    }

    CompletionStage<Long> readHighest(String persistenceId) {
        return ask(writer, outcome -> new JournalWriter.ReadHighest(persistenceId, outcome));
    }

    CompletionStage<Done> delete(String persistenceId, long toSequenceNr) {
        return ask(writer, outcome -> new JournalWriter.Delete(persistenceId, toSequenceNr, outcome));
    }

    CompletionStage<Done> deleteSnapshots(String persistenceId, SnapshotRange range) {
        return ask(writer, outcome -> new JournalWriter.DeleteSnapshots(persistenceId, range, outcome));
    }

    /** The first events from {@code first} to {@code last}, at most {@code limit} and a page. */
    CompletionStage<EventPage> readEvents(String persistenceId, long first, long last, long limit) {
        return opened.thenCompose(status -> ask(
                reader(persistenceId),
                outcome -> new JournalReader.ReadEvents(persistenceId, first, last, limit, outcome)));
    }

    CompletionStage<Optional<StoredSnapshot>> readSnapshot(String persistenceId, SnapshotRange range) {
        return opened.thenCompose(status ->
                ask(reader(persistenceId), outcome -> new JournalReader.ReadSnapshot(persistenceId, range, outcome)));
    }

    private ActorRef<JournalReader.Command> reader(String persistenceId) {
        return readers.get(Math.floorMod(persistenceId.hashCode(), readers.size()));
    }

    private static <C, T> CompletionStage<T> ask(ActorRef<C> owner, Function<CompletableFuture<T>, C> command) {
        var outcome = new CompletableFuture<T>();
        owner.tell(command.apply(outcome));
        return outcome;
    }
}
