package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.JournalUnsupported;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The journal plugin {@code merklite.journal.write}: hands events to the {@link NodeJournal} of its actor system.
 *
 * <p>A write fails as a whole, with a {@link io.merklite.cluster.ClusterException} or the serializer's error; an event
 * that cannot be serialized, or is too large, is rejected. Event adapters that leave a manifest, and the metadata of
 * replicated event sourcing, are rejected too: there is no place for them.
 *
 * <p><b>Threading.</b> Runs on a thread of its own, since it waits there while the journal's queue is full.
 */
public final class SqliteJournal extends AsyncWriteJournal {
    private final NodeJournal journal = NodeJournal.get(context().system());
    private final PayloadCodec codec =
            new PayloadCodec(context().system(), journal.settings().maxEventSizeBytes());
    private final Executor executor = context().system().dispatcher();

    /** Internal: Pekko makes it. */
    public SqliteJournal() {}

    @Override
    public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(Iterable<AtomicWrite> messages) {
        List<StoredEvent> events = new ArrayList<>();
        List<Optional<Exception>> rejections = new ArrayList<>();
        var persistenceId = "";
        for (var message : messages) {
            persistenceId = message.persistenceId();
            try {
                events.addAll(encode(message));
                rejections.add(Optional.empty());
            } catch (Exception e) { // A serializer may throw anything, and Scala does not say what.
                rejections.add(Optional.of(e));
            }
        }
        Iterable<Optional<Exception>> answer =
                rejections.stream().allMatch(Optional::isEmpty) ? List.of() : List.copyOf(rejections);
        CompletionStage<Iterable<Optional<Exception>>> written = events.isEmpty()
                ? CompletableFuture.completedFuture(answer)
                : journal.write(persistenceId, events).thenApply(done -> answer);
        return PluginFuture.of(written);
    }

    @Override
    public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
        return PluginFuture.of(journal.delete(persistenceId, toSequenceNr).thenAccept(done -> {}));
    }

    @Override
    public Future<Void> doAsyncReplayMessages(
            String persistenceId,
            long fromSequenceNr,
            long toSequenceNr,
            long max,
            Consumer<PersistentRepr> replayCallback) {
        return PluginFuture.of(replay(persistenceId, fromSequenceNr, toSequenceNr, max, replayCallback));
    }

    @Override
    public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
        return PluginFuture.of(journal.readHighest(persistenceId));
    }

    private List<StoredEvent> encode(AtomicWrite message) {
        var nowMillis = journal.clock().millis();
        List<StoredEvent> events = new ArrayList<>();
        for (var event : CollectionConverters.asJava(message.payload())) {
            if (event.metadata().isDefined() || !event.manifest().isEmpty()) {
                throw new JournalUnsupported(
                        "event " + event.sequenceNr() + " of " + event.persistenceId()
                                + " with metadata or the manifest of an event adapter",
                        "Use another journal plugin for it");
            }
            events.add(
                    new StoredEvent(event.sequenceNr(), event.writerUuid(), nowMillis, codec.encode(event.payload())));
        }
        return events;
    }

    private CompletionStage<Void> replay(
            String persistenceId, long first, long last, long limit, Consumer<PersistentRepr> callback) {
        if (first > last || limit <= 0) {
            return CompletableFuture.allOf();
        }
        return journal.readEvents(persistenceId, first, last, limit)
                .thenComposeAsync(
                        page -> {
                            page.events().forEach(event -> callback.accept(decode(persistenceId, event)));
                            return page.isLast()
                                    ? CompletableFuture.allOf()
                                    : replay(
                                            persistenceId,
                                            page.events().getLast().sequenceNr() + 1,
                                            last,
                                            limit - page.events().size(),
                                            callback);
                        },
                        executor);
    }

    private PersistentRepr decode(String persistenceId, StoredEvent event) {
        return PersistentRepr.apply(
                        codec.decode(event.payload()),
                        event.sequenceNr(),
                        persistenceId,
                        PersistentRepr.Undefined(),
                        false,
                        ActorRef.noSender(),
                        event.writerUuid())
                .withTimestamp(event.timestampMillis());
    }
}
