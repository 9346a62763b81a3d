package io.merklite.cluster.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.PoisonPill;
import org.apache.pekko.actor.Props;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.Recovery;
import org.apache.pekko.persistence.RecoveryCompleted;
import org.apache.pekko.persistence.SaveSnapshotSuccess;
import org.apache.pekko.persistence.SnapshotOffer;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The plugins as Pekko sees them, through persistent actors. */
class SqliteJournalTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static int ids;

    @TempDir
    static Path directory;

    private static ActorSystem system;

    private final String id = "actor-" + ++ids;

    @BeforeAll
    static void start() {
        system = ActorSystem.create(
                "plugins",
                TestJournal.config(
                        directory.resolve("journal.sqlite"),
                        "merklite.journal.page-count = 3",
                        "merklite.journal.max-event-size = 10 KiB"));
    }

    @AfterAll
    static void stop() {
        TestKit.shutdownActorSystem(system);
    }

    private record PersistAll(List<String> events) {}

    private record PersistObject(Object event) {}

    private record Delete(long toSequenceNr) {}

    private record SaveState(String state) {}

    private record Rejected(long sequenceNr) {}

    /** Tells the listener all that happens to it. */
    private static Props recorder(String id, Recovery recovery, ActorRef listener) {
        return Props.create(AbstractPersistentActor.class, () -> new AbstractPersistentActor() {
            @Override
            public String persistenceId() {
                return id;
            }

            @Override
            public String journalPluginId() {
                return "merklite.journal.write";
            }

            @Override
            public String snapshotPluginId() {
                return "merklite.journal.snapshot";
            }

            @Override
            public Recovery recovery() {
                return recovery;
            }

            @Override
            public void onPersistRejected(Throwable cause, Object event, long sequenceNr) {
                listener.tell(new Rejected(sequenceNr), self());
            }

            @Override
            public Receive createReceiveRecover() {
                return receiveBuilder()
                        .match(SnapshotOffer.class, offer -> listener.tell("snapshot " + offer.snapshot(), self()))
                        .match(
                                RecoveryCompleted.class,
                                completed -> listener.tell("recovered " + lastSequenceNr(), self()))
                        .match(String.class, event -> listener.tell("replayed " + event, self()))
                        .build();
            }

            @Override
            public Receive createReceive() {
                return receiveBuilder()
                        .match(
                                PersistAll.class,
                                all -> persistAll(all.events(), event -> listener.tell("persisted " + event, self())))
                        .match(
                                PersistObject.class,
                                one -> persist(one.event(), event -> listener.tell("persisted", self())))
                        .match(Delete.class, delete -> deleteMessages(delete.toSequenceNr()))
                        .match(DeleteMessagesSuccess.class, deleted -> listener.tell("deleted", self()))
                        .match(SaveState.class, save -> saveSnapshot(save.state()))
                        .match(SaveSnapshotSuccess.class, saved -> listener.tell("saved", self()))
                        .build();
            }
        });
    }

    private List<String> recovered(Recovery recovery) {
        var listener = new TestKit(system);
        var actor = system.actorOf(recorder(id, recovery, listener.getRef()));
        List<String> told = new ArrayList<>();
        while (told.isEmpty() || !told.getLast().startsWith("recovered")) {
            told.add(listener.expectMsgClass(LIMIT, String.class));
        }
        listener.watch(actor);
        actor.tell(PoisonPill.getInstance(), listener.getRef());
        listener.expectTerminated(LIMIT, actor);
        return told;
    }

    private void persist(int first, int last) {
        run(new PersistAll(names(first, last)), names(first, last).stream().map(name -> "persisted " + name));
    }

    private void run(Object command, Stream<?> answers) {
        var listener = new TestKit(system);
        var actor = system.actorOf(recorder(id, Recovery.none(), listener.getRef()));
        listener.fishForMessage(
                LIMIT, "recovery", message -> String.valueOf(message).startsWith("recovered"));
        actor.tell(command, listener.getRef());
        answers.forEach(answer -> listener.expectMsg(LIMIT, answer));
        listener.watch(actor);
        actor.tell(PoisonPill.getInstance(), listener.getRef());
        listener.expectTerminated(LIMIT, actor);
    }

    private static List<String> names(int first, int last) {
        return IntStream.rangeClosed(first, last).mapToObj(i -> "e" + i).toList();
    }

    private static List<String> replayed(int first, int last, String end) {
        return Stream.concat(names(first, last).stream().map(name -> "replayed " + name), Stream.of(end))
                .toList();
    }

    @Test
    void actorRecoversWhatItPersisted() {
        persist(1, 10);
        persist(11, 12);

        assertThat(recovered(Recovery.create())).isEqualTo(replayed(1, 12, "recovered 12"));
    }

    @Test
    void recoveryEndsWhereItIsTold() {
        persist(1, 10);

        assertThat(recovered(Recovery.create(SnapshotSelectionCriteria.none(), 7)))
                .isEqualTo(replayed(1, 7, "recovered 10"));
        assertThat(recovered(Recovery.create(SnapshotSelectionCriteria.none(), 9, 4)))
                .isEqualTo(replayed(1, 4, "recovered 10"));
    }

    @Test
    void recoveryBeginsBehindTheSnapshot() {
        persist(1, 4);
        run(new SaveState("four"), Stream.of("saved"));
        persist(5, 6);

        var told = recovered(Recovery.create());

        assertThat(told.getFirst()).isEqualTo("snapshot four");
        assertThat(told.subList(1, told.size())).isEqualTo(replayed(5, 6, "recovered 6"));
    }

    @Test
    void deletedEventsAreNotReplayedAndNumbersGoOn() {
        persist(1, 6);
        run(new Delete(6), Stream.of("deleted"));

        assertThat(recovered(Recovery.create())).containsExactly("recovered 6");
        persist(7, 7);
        assertThat(recovered(Recovery.create())).isEqualTo(replayed(7, 7, "recovered 7"));
    }

    @Test
    void eventThatCannotBeKeptIsRejectedAndTheActorGoesOn() {
        persist(1, 1);

        run(new PersistObject("x".repeat(20_000)), Stream.of(new Rejected(2)));
        run(new PersistObject(new Object()), Stream.of(new Rejected(2)));

        persist(2, 2);
        assertThat(recovered(Recovery.create())).isEqualTo(replayed(1, 2, "recovered 2"));
    }

    @Test
    void readJournalStreamsARangeOfTheEvents() throws Exception {
        persist(1, 10);
        var readJournal =
                PersistenceQuery.get(system).getReadJournalFor(SqliteReadJournal.class, "merklite.journal.read");

        var envelopes = readJournal
                .currentEventsByPersistenceId(id, 2, 9)
                .runWith(Sink.seq(), system)
                .toCompletableFuture()
                .get(LIMIT.toSeconds(), TimeUnit.SECONDS);

        assertThat(envelopes).extracting(EventEnvelope::event).containsExactlyElementsOf(names(2, 9));
        assertThat(envelopes.getFirst().offset()).isEqualTo(Offset.sequence(2));
        assertThat(envelopes.getFirst().sequenceNr()).isEqualTo(2);
    }

    @Test
    void readJournalForScalaIsTheSame() throws Exception {
        persist(1, 2);
        var provider = new SqliteReadJournalProvider((ExtendedActorSystem) system);
        var forScala = (org.apache.pekko.persistence.query.scaladsl.CurrentEventsByPersistenceIdQuery)
                provider.scaladslReadJournal();

        var events = forScala.currentEventsByPersistenceId(id, 1, 9)
                .asJava()
                .map(envelope -> String.valueOf(envelope.event()))
                .runWith(Sink.seq(), system)
                .toCompletableFuture()
                .get(LIMIT.toSeconds(), TimeUnit.SECONDS);

        assertThat(String.join(" ", events)).isEqualTo("e1 e2");
    }
}
