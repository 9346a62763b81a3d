package io.merklite.cluster.journal;

import org.apache.pekko.actor.Props;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.DeleteMessagesFailure;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.Recovery;
import org.apache.pekko.persistence.RecoveryCompleted;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes from the journal the events that a changeset log has given up, and stops.
 *
 * <p>An event-sourced behavior can delete events by their number alone, and a log keeps them by size and age too. A
 * persistent actor can delete up to any event, in whatever journal is configured; this one has the persistence id of its
 * log, replays nothing, writes nothing, and lives for one deletion. If that fails, the next cut covers it.
 */
final class LogRemoval {
    private static final Logger LOG = LoggerFactory.getLogger(LogRemoval.class);

    private LogRemoval() {}

    /**
     * The actor.
     *
     * @param id whose events
     * @param lastSequenceNr the last of them
     */
    static Props props(LogId id, LogSettings settings, long lastSequenceNr) {
        return Props.create(
                AbstractPersistentActor.class, () -> actor(id.persistenceId().id(), settings, lastSequenceNr));
    }

    /** Not a class with fields: Pekko asks for the plugins in the constructor of the superclass, before fields are set. */
    private static AbstractPersistentActor actor(String persistenceId, LogSettings settings, long lastSequenceNr) {
        return new AbstractPersistentActor() {
            @Override
            public String persistenceId() {
                return persistenceId;
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
                        .match(DeleteMessagesSuccess.class, success -> context().stop(self()))
                        .match(DeleteMessagesFailure.class, failure -> {
                            LOG.warn(
                                    "events stay until the next cut log={} last={}",
                                    persistenceId,
                                    lastSequenceNr,
                                    failure.cause());
                            context().stop(self());
                        })
                        .build();
            }
        };
    }
}
