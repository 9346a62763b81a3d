package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Births;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.pubsub.Topic;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whom a writer tells something, and how. */
class WriterPeersTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Origin WRITER = new Origin(7);
    private static final String NODE_2 = PeerName.ofNode("a2");
    private static final String NODE_3 = PeerName.ofNode("a3");
    private static final SyncMessage ACKNOWLEDGE = new SyncMessage.Acknowledge(WRITER, 1);

    @TempDir
    Path directory;

    private final TestInbox<Topic.Command<Replicas.Command>> topic = TestInbox.create();
    private final Map<String, TestInbox<Replicas.Command>> nodes =
            Stream.of("a1", "a2", "a3").collect(Collectors.toMap(Function.identity(), name -> TestInbox.create()));
    private final List<String> remote = new ArrayList<>();
    private final Acknowledgements acknowledgements = new Acknowledgements();
    private WriterPeers peers;

    @BeforeEach
    void start() {
        peers = new WriterPeers(
                TestHome.of(directory, () -> NOW, "replication.window = 2"),
                databaseOf("a1", "a2"),
                () -> Generations.FIRST,
                topic.getRef(),
                (datacenter, database, message) -> remote.add(datacenter + " of " + message.peer()),
                acknowledgements);
        peers.become(hosts("a1", "a2", "a3"));
    }

    /** A database whose copies these two of the three nodes keep. */
    private static String databaseOf(String one, String other) {
        return IntStream.iterate(0, number -> number + 1)
                .mapToObj(number -> "db-" + number)
                .filter(name -> Set.copyOf(
                                TestHome.PLACEMENT.hosts(TestHome.PLACEMENT.shardOf(name), List.of("a1", "a2", "a3")))
                        .equals(Set.of(one, other)))
                .findFirst()
                .orElseThrow();
    }

    private Hosts hosts(String... names) {
        return new Hosts(
                Stream.of(names)
                        .collect(Collectors.toMap(
                                Function.identity(), name -> nodes.get(name).getRef())),
                Set.of("b"));
    }

    private static SyncMessage.Publish publish(long seq) {
        return new SyncMessage.Publish(List.of(Transaction.wrap(
                "shop", seq, new Stamp(seq, WRITER), VersionVector.EMPTY, 0, Births.NONE, new byte[0])));
    }

    private void send(String peer, SyncMessage message) {
        peers.send(List.of(new Envelope(peer, message)));
    }

    private List<SyncMessage> published() {
        return topic.getAllReceived().stream()
                .map(command -> Stream.of(publish(1), publish(2), publish(3), publish(4), announce(3), announce(4))
                        .filter(message ->
                                command.equals(Topic.publish(new Replicas.Deliver(databaseOf("a1", "a2"), message))))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("nobody was to publish " + command)))
                .toList();
    }

    private static SyncMessage announce(long seq) {
        return new SyncMessage.Announce(WRITER, seq);
    }

    @Test
    void followersAreTheOtherNodesThatKeepACopy() {
        assertThat(peers.followers()).containsExactly(NODE_2);
        assertThat(peers.datacenters()).containsExactly(PeerName.ofDatacenter("b"));
    }

    @Test
    void whenANodeIsGoneTheNextKeepsACopy() {
        peers.become(hosts("a1", "a3"));

        assertThat(peers.followers()).containsExactly(NODE_3);
    }

    @Test
    void whatIsPublishedToSeveralFollowersGoesOutOnce() {
        peers.send(List.of(new Envelope(NODE_2, publish(1)), new Envelope(NODE_3, publish(1))));

        assertThat(published()).containsExactly(publish(1));
    }

    @Test
    void beyondTheWindowOnlyThePositionIsTold() {
        Stream.of(publish(1), publish(2), publish(3)).forEach(message -> send(NODE_2, message));

        assertThat(published()).containsExactly(publish(1), publish(2), announce(3));
    }

    @Test
    void acknowledgementOpensTheWindowAgain() {
        peers.heard(NODE_2, new SyncMessage.Acknowledge(WRITER, 2));

        send(NODE_2, publish(4));

        assertThat(published()).containsExactly(publish(4));
    }

    @Test
    void acknowledgementOfANodeThatKeepsNoCopyOpensNothing() {
        peers.heard(NODE_3, new SyncMessage.Acknowledge(WRITER, 3));

        send(NODE_2, publish(4));

        assertThat(published()).containsExactly(announce(4));
    }

    @Test
    void withoutFollowersEverythingIsPublishedForWhoComes() {
        peers.become(hosts("a1"));

        send(NODE_2, publish(4));

        assertThat(published()).containsExactly(publish(4));
    }

    @Test
    void whatIsForOneFollowerGoesToItsNode() {
        send(NODE_2, ACKNOWLEDGE);

        nodes.get("a2").expectMessage(new Replicas.Deliver(databaseOf("a1", "a2"), ACKNOWLEDGE));
        assertThat(nodes.get("a3").hasMessages()).isFalse();
        assertThat(topic.hasMessages()).isFalse();
    }

    @Test
    void whatIsForANodeThatIsGoneIsDropped() {
        send(PeerName.ofNode("a9"), ACKNOWLEDGE);

        assertThat(nodes.values()).noneMatch(TestInbox::hasMessages);
        assertThat(remote).isEmpty();
    }

    @Test
    void otherDatacenterIsToldInTheNameOfThisOne() {
        send(PeerName.ofDatacenter("b"), publish(1));

        assertThat(remote).containsExactly("b of " + PeerName.ofDatacenter("a"));
        assertThat(topic.hasMessages()).isFalse();
    }

    @Test
    void replicaOutsideIsToldByItsWay() {
        List<String> told = new ArrayList<>();
        peers.reachOutside((replica, message) -> told.add(replica));

        send(PeerName.ofReplica("0123456789abcdef"), publish(1));

        assertThat(told).containsExactly("0123456789abcdef");
    }

    @Test
    void writeIsAnsweredWhenAFollowerSaysThatItHasIt() {
        List<String> answers = new ArrayList<>();
        acknowledgements.await(
                VersionVector.EMPTY.with(WRITER, 2),
                Acknowledgement.ALL,
                NOW,
                () -> answers.add("done"),
                () -> answers.add("unknown"));

        peers.heard(NODE_2, new SyncMessage.Acknowledge(WRITER, 1));
        peers.heard(NODE_3, new SyncMessage.Acknowledge(WRITER, 2));
        assertThat(answers).isEmpty();
        peers.heard(
                NODE_2,
                new SyncMessage.Status(
                        VersionVector.EMPTY.with(WRITER, 2), Map.of(WRITER, 2L), 2, 0, 0, 0, false, false));

        assertThat(answers).containsExactly("done");
    }
}
