package io.merklite.cluster.journal;

import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.ReadJournalProvider;
import org.apache.pekko.persistence.query.scaladsl.CurrentEventsByPersistenceIdQuery;

/** Internal: what Pekko makes the {@link SqliteReadJournal} by, for Java and for Scala. */
public final class SqliteReadJournalProvider implements ReadJournalProvider {
    private final SqliteReadJournal readJournal;

    /** @param system whose journal it is */
    public SqliteReadJournalProvider(ExtendedActorSystem system) {
        this.readJournal = new SqliteReadJournal(system);
    }

    @Override
    public org.apache.pekko.persistence.query.scaladsl.ReadJournal scaladslReadJournal() {
        return new ForScala(readJournal);
    }

    @Override
    public org.apache.pekko.persistence.query.javadsl.ReadJournal javadslReadJournal() {
        return readJournal;
    }

    private record ForScala(SqliteReadJournal readJournal) implements CurrentEventsByPersistenceIdQuery {
        @Override
        public org.apache.pekko.stream.scaladsl.Source<EventEnvelope, NotUsed> currentEventsByPersistenceId(
                String persistenceId, long fromSequenceNr, long toSequenceNr) {
            return readJournal
                    .currentEventsByPersistenceId(persistenceId, fromSequenceNr, toSequenceNr)
                    .asScala();
        }
    }
}
