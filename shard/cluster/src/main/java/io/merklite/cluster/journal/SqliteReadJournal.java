package io.merklite.cluster.journal;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Source;

/**
 * The read journal {@code merklite.journal.read}: what one persistence id has written, from the {@link NodeJournal} of the
 * actor system. Thread-safe.
 */
public final class SqliteReadJournal implements CurrentEventsByPersistenceIdQuery {
    private final NodeJournal journal;
    private final PayloadCodec codec;

    /** Where a stream stands: the next event it wants, and the last one. */
    private record Cursor(long next, long last) {}

    SqliteReadJournal(ExtendedActorSystem system) {
        this.journal = NodeJournal.get(system);
        this.codec = new PayloadCodec(system, journal.settings().maxEventSizeBytes());
    }

    /**
     * The events of {@code persistenceId} in order, those that are there when the stream begins. A page is read when
     * there is demand for it; an event that is deleted meanwhile is left out.
     *
     * @param fromSequenceNr the first that is wanted
     * @param toSequenceNr the last that is wanted
     */
    @Override
    public Source<EventEnvelope, NotUsed> currentEventsByPersistenceId(
            String persistenceId, long fromSequenceNr, long toSequenceNr) {
        return Source.unfoldAsync(
                        new Cursor(Math.max(1, fromSequenceNr), toSequenceNr), cursor -> page(persistenceId, cursor))
                .mapConcat(events -> events)
                .map(event -> new EventEnvelope(
                        Offset.sequence(event.sequenceNr()),
                        persistenceId,
                        event.sequenceNr(),
                        codec.decode(event.payload()),
                        event.timestampMillis()));
    }

    private CompletionStage<Optional<Pair<Cursor, List<StoredEvent>>>> page(String persistenceId, Cursor cursor) {
        if (cursor.next() > cursor.last()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return journal.readEvents(persistenceId, cursor.next(), cursor.last(), Long.MAX_VALUE)
                .thenApply(page -> Optional.of(Pair.create(after(page, cursor), page.events())));
    }

    /** The first page says what the highest event is; what comes later does not belong to the stream. */
    private static Cursor after(EventPage page, Cursor cursor) {
        return page.isLast()
                ? new Cursor(1, 0)
                : new Cursor(
                        page.events().getLast().sequenceNr() + 1, Math.min(cursor.last(), page.highestSequenceNr()));
    }
}
