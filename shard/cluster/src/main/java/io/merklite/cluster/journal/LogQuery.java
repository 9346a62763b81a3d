package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.LogPlugin;
import io.merklite.cluster.journal.LogReading.Found;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.persistence.query.javadsl.ReadJournal;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/** Reads the events of one changeset log from the configured read journal. Thread-safe. */
final class LogQuery {
    private final ActorSystem<?> system;
    private final CurrentEventsByPersistenceIdQuery readJournal;
    private final String persistenceId;
    private final Duration timeout;

    /** What is left of a page. Used by one stream. */
    private static final class Room {
        private long leftBytes;

        private Room(long sizeBytes) {
            leftBytes = sizeBytes;
        }

        /** Whether there is room for more, when this has been taken; something is always taken. */
        private boolean isLeftAfter(Found found) {
            leftBytes -= found.transaction().sizeBytes();
            return leftBytes > 0;
        }
    }

    /** @throws LogPlugin if the plugin cannot read one persistence id from and to an event */
    LogQuery(ActorSystem<?> system, LogId id, LogSettings settings) {
        this.system = system;
        this.persistenceId = id.persistenceId().id();
        this.timeout = settings.readTimeout();
        var plugin = PersistenceQuery.get(system).getReadJournalFor(ReadJournal.class, settings.readJournalPlugin());
        if (!(plugin instanceof CurrentEventsByPersistenceIdQuery query)) {
            throw new LogPlugin(settings.readJournalPlugin() + " is a "
                    + plugin.getClass().getName() + " and no CurrentEventsByPersistenceIdQuery");
        }
        this.readJournal = query;
    }

    /** Reads what {@code reading} wants, until about {@code maxSizeBytes} are full. */
    CompletionStage<ChangesetLog.Page> read(LogReading reading, long maxSizeBytes) {
        var room = new Room(maxSizeBytes);
        return Source.from(reading.spans())
                .flatMapConcat(
                        span -> readJournal.currentEventsByPersistenceId(persistenceId, span.first(), span.last()))
                .mapConcat(envelope -> envelope.event() instanceof LogEvent.Logged logged
                        ? List.of(new Found(envelope.sequenceNr(), logged.transaction()))
                        : List.<Found>of())
                .filter(reading::wants)
                .takeWhile(room::isLeftAfter, true)
                .completionTimeout(timeout)
                .runWith(Sink.seq(), system)
                .thenApply(found -> reading.page(
                        found,
                        room.leftBytes > 0 || found.isEmpty()
                                ? Long.MAX_VALUE
                                : found.getLast().sequenceNr()));
    }
}
