package io.merklite.cluster.journal;

import org.apache.pekko.actor.Props;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.DeleteMessagesFailure;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.DeleteSnapshotsFailure;
import org.apache.pekko.persistence.DeleteSnapshotsSuccess;
import org.apache.pekko.persistence.Recovery;
import org.apache.pekko.persistence.RecoveryCompleted;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes from the journal what a changeset log has given up, and stops.
 *
 * <p>An event-sourced behavior can delete events by their number alone, and a log keeps them by size and age too. A
 * persistent actor can delete up to any event, in whatever journal is configured; this one has the persistence id of its
 * log, replays nothing, writes nothing, and lives for one removal.
 */
final class LogRemoval {
    private static final Logger LOG = LoggerFactory.getLogger(LogRemoval.class);

    private LogRemoval() {}

    /**
     * The actor that removes events; if it fails, the next cut covers it.
     *
     * @param id whose events
     * @param lastSequenceNr the last of them
     */
    static Props events(LogId id, LogSettings settings, long lastSequenceNr) {
        return Props.create(AbstractPersistentActor.class, () -> new Removal(id, settings, lastSequenceNr).actor());
    }

    /** The actor that removes all events and snapshots of a log that is not needed any more. */
    static Props everything(LogId id, LogSettings settings) {
        return Props.create(AbstractPersistentActor.class, () -> new Removal(id, settings, Long.MAX_VALUE).actor());
    }

    private record Removal(LogId id, LogSettings settings, long lastSequenceNr) {
        private boolean isEverything() {
            return lastSequenceNr == Long.MAX_VALUE;
        }

        /** No class with fields: Pekko asks for the plugins in the constructor of the superclass, before they are set. */
        private AbstractPersistentActor actor() {
            return new AbstractPersistentActor() {
                @Override
                public String persistenceId() {
                    return id.persistenceId().id();
                }

                @Override
                public String journalPluginId() {
                    return settings.journalPlugin();
                }

                @Override
                public String snapshotPluginId() {
                    return settings.snapshotPlugin();
                }

                @Override
                public Recovery recovery() {
                    return Recovery.none();
                }

                @Override
                public Receive createReceiveRecover() {
                    return receiveBuilder()
                            .match(RecoveryCompleted.class, completed -> deleteMessages(lastSequenceNr))
                            .build();
                }

                @Override
                public Receive createReceive() {
                    return receiveBuilder()
                            .match(DeleteMessagesSuccess.class, success -> {
                                if (isEverything()) {
                                    deleteSnapshots(SnapshotSelectionCriteria.latest());
                                } else {
                                    context().stop(self());
                                }
                            })
                            .match(
                                    DeleteSnapshotsSuccess.class,
                                    success -> context().stop(self()))
                            .match(DeleteMessagesFailure.class, failure -> failed(failure.cause()))
                            .match(DeleteSnapshotsFailure.class, failure -> failed(failure.cause()))
                            .build();
                }

                private void failed(Throwable cause) {
                    LOG.warn("removal failed, what was given up stays log={} last={}", id, lastSequenceNr, cause);
                    context().stop(self());
                }
            };
        }
    }
}
