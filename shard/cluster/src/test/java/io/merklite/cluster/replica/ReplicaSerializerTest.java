package io.merklite.cluster.replica;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.SyncException.UnknownVersion;
import io.merklite.sync.message.Chunk;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Births;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.testkit.Seeds;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * What nodes say to each other, byte by byte.
 *
 * <p>The golden bytes are those of the first version, and were compared with the serializer's description by hand: nodes of
 * the same version of a message must go on understanding each other. A change of them is a new version, with a manifest of
 * its own.
 */
class ReplicaSerializerTest {
    private static final ActorTestKit KIT = ActorTestKit.create("merklite");
    private static final String GOLDEN = "/golden/replica/messages.txt";
    private static final Origin ANNE = new Origin(0xa1f3708e5b2c4d17L);
    private static final VersionVector VECTOR = VersionVector.EMPTY.with(ANNE, 300);
    private static final StreamId STREAM = new StreamId(0x0102030405060708L, 9);
    private static final SqlError ERROR = new SqlError("SQLITE_BUSY", "später");
    private static final Watch.Ended LOST = new Watch.Ended(new SqlError("LOST", "lost"));
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final SyncMessage SAID = new SyncMessage.Announce(ANNE, 5);

    private final ReplicaSerializer serializer = (ReplicaSerializer)
            SerializationExtension.get(KIT.system()).serializerByIdentity().apply(ReplicaSerializer.IDENTIFIER);

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void bytesOfEachMessageAreGolden() throws IOException {
        Map<String, String> expected = golden();

        Map<String, String> found = new TreeMap<>();
        samples()
                .forEach((name, message) -> found.put(
                        name,
                        serializer.manifest(message) + " " + HexFormat.of().formatHex(serializer.toBinary(message))));

        assertThat(found).isEqualTo(expected);
    }

    @Test
    void goldenBytesAreTheMessages() throws IOException {
        for (var entry : golden().entrySet()) {
            var manifestAndBytes = entry.getValue().split(" ");

            var message = serializer.fromBinary(HexFormat.of().parseHex(manifestAndBytes[1]), manifestAndBytes[0]);

            assertThat(message).isEqualTo(samples().get(entry.getKey()));
        }
    }

    @Test
    void eachMessageHasASample() {
        assertThat(samples().values().stream().map(ReplicaSerializerTest::kind).collect(Collectors.toSet()))
                .isEqualTo(kinds(ReplicaMessage.class).collect(Collectors.toSet()));
    }

    @Test
    void laterVersionIsRefusedByName() {
        var bytes = serializer.toBinary(new Replicas.Forget("shop", 1));

        assertThatThrownBy(() -> serializer.fromBinary(bytes, "forget/3"))
                .isInstanceOf(UnknownVersion.class)
                .hasMessageContaining("forget/3");
    }

    @Test
    void bytesAfterTheEndAreRefused() {
        var bytes = serializer.toBinary(new Replicas.Forget("shop", 1));

        assertThatThrownBy(() -> serializer.fromBinary(Arrays.copyOf(bytes, bytes.length + 1), "forget/1"))
                .isInstanceOf(Malformed.class)
                .hasMessageContaining("1 bytes after the end");
    }

    @Test
    void lengthBeyondItsLimitIsRefusedBeforeMemoryIsTaken() {
        var bytes = HexFormat.of().parseHex("00" + "ffffffff07" + "73");

        assertThatThrownBy(() -> serializer.fromBinary(bytes, "forget/1")).isInstanceOf(TooLarge.class);
    }

    @Test
    void damagedBytesAreRefusedOrAnotherMessageAndNothingElse() {
        Seeds.upTo(100)
                .forEach(seed -> Seeds.run(seed, random -> {
                    for (var message : samples().values()) {
                        var bytes = serializer.toBinary(message);
                        if (bytes.length > 0 && random.nextBoolean()) {
                            bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(255));
                        } else {
                            bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
                        }
                        try {
                            serializer.fromBinary(bytes, serializer.manifest(message));
                        } catch (SyncException refused) {
                            assertThat(refused.code()).startsWith("sync.");
                        }
                    }
                }));
    }

    @Test
    void messageThatFitsInAFrameComesWhole() {
        var message = watch(100_000);

        assertThat(serializer.fromBinary(serializer.toBinary(message), serializer.manifest(message)))
                .isEqualTo(message);
    }

    @Test
    void largerMessageComesAsAParcelThatCanBeOpened() {
        var message = watch(3_000_001);
        var receiver = KIT.<DatabaseActor.Command>createTestProbe();

        var bytes = serializer.toBinary(message);
        var parcel = serializer.fromBinary(bytes, serializer.manifest(message));
        var opening = KIT.spawn(ParcelReceiver.before(Behaviors.<DatabaseActor.Command>empty(), receiver.ref()::tell));
        sendFromAfar(opening, parcel);

        assertThat(bytes.length).isLessThan(1_000);
        assertThat(parcel).isInstanceOf(Parcel.class);
        receiver.expectMessage(PATIENCE, message);
    }

    @Test
    void messagesBehindAParcelWaitForIt() {
        var receiver = KIT.<Watch>createTestProbe();
        var middle = new Watch.Ended(ERROR);
        var last = new Watch.Gap(VECTOR);
        var forwarding = KIT.spawn(ParcelReceiver.inOrderBefore(
                Behaviors.<Watch>receiveMessage(watch -> {
                    receiver.ref().tell(watch);
                    return Behaviors.same();
                }),
                LOST));

        sendFromAfar(forwarding, serializer.fromBinary(serializer.toBinary(largeGap(60_000)), "watch-gap/1"));
        forwarding.tell(middle);
        sendFromAfar(forwarding, serializer.fromBinary(serializer.toBinary(largeGap(50_000)), "watch-gap/1"));
        forwarding.tell(last);

        receiver.expectMessage(PATIENCE, largeGap(60_000));
        receiver.expectMessage(PATIENCE, middle);
        receiver.expectMessage(PATIENCE, largeGap(50_000));
        receiver.expectMessage(PATIENCE, last);
    }

    @Test
    void parcelThatCannotBeFetchedIsTold() {
        var receiver = KIT.<Watch>createTestProbe();
        var forwarding = KIT.spawn(ParcelReceiver.inOrderBefore(
                Behaviors.<Watch>receiveMessage(watch -> {
                    receiver.ref().tell(watch);
                    return Behaviors.same();
                }),
                LOST));

        ActorRef<SnapshotSource.Command> gone = KIT.spawn(Behaviors.stopped());

        sendFromAfar(forwarding, new Parcel("watch-gap/1", 1_000_000, gone));

        receiver.expectMessage(PATIENCE, LOST);
    }

    /** As Pekko does with what a serializer gave. */
    private static void sendFromAfar(ActorRef<?> actor, Object message) {
        Adapter.toClassic(actor).tell(message, org.apache.pekko.actor.ActorRef.noSender());
    }

    // ---- samples ----------------------------------------------------------------------------------------------------

    private static Watch.Gap largeGap(int originCount) {
        Map<Origin, Long> seqs = new HashMap<>();
        for (var i = 1; i <= originCount; i++) {
            seqs.put(new Origin(i), (long) Integer.MAX_VALUE);
        }
        return new Watch.Gap(VersionVector.of(seqs));
    }

    private static DatabaseActor.WatchQuery watch(int length) {
        return new DatabaseActor.WatchQuery("x".repeat(length), nobody());
    }

    /** An actor whose address is the same each time. */
    private static <T> ActorRef<T> nobody() {
        return KIT.system().<T>deadLetters();
    }

    private static Map<String, ReplicaMessage> samples() {
        var batch =
                SqlRequest.Batch.of(SqlStatement.of("INSERT INTO item VALUES (?, ?)", SqlValue.of(7), SqlValue.NULL));
        var result = new StatementResult(
                List.of(new ResultColumn("id", Optional.of("INTEGER")), new ResultColumn("label", Optional.empty())),
                List.of(List.of(SqlValue.of(-1), SqlValue.of("ä")), List.of(SqlValue.of(1.5), SqlValue.of(new byte[] {1
                }))),
                2,
                OptionalLong.of(7),
                2,
                1,
                130);
        var page = new SqlCursor.Page(
                List.of(
                        new CursorEntry.StepBegun(0, result.columns()),
                        new CursorEntry.Row(result.rows().getFirst()),
                        new CursorEntry.StepEnded(0, OptionalLong.empty())),
                true);
        var options = new StreamOptions(StreamOptions.Acknowledgement.MAJORITY, Optional.of(VECTOR), true);
        Map<String, ReplicaMessage> samples = new LinkedHashMap<>();
        samples.put("from-peer", new DatabaseActor.FromPeer("node/a2", SAID));
        samples.put("from-peer-again", new DatabaseActor.FromPeer("node/a2", 2, SAID));
        samples.put("deliver", new Replicas.Deliver("shop", SAID));
        samples.put("deliver-again", new Replicas.Deliver("shop", 2, SAID));
        samples.put("hand-over", new Replicas.HandOver("shop", nobody()));
        samples.put(
                "run-sql",
                new DatabaseActor.RunSql(STREAM, StreamOptions.DEFAULTS, List.of(batch), true, false, nobody()));
        samples.put(
                "run-sql-keyed",
                new DatabaseActor.RunSql(
                        STREAM,
                        options,
                        List.of(
                                new SqlRequest.Sequence("BEGIN; COMMIT"),
                                new SqlRequest.Describe("SELECT 1"),
                                SqlRequest.Autocommit.AUTOCOMMIT),
                        false,
                        true,
                        Optional.of(new RequestKey("key", "digest")),
                        nobody()));
        samples.put(
                "answered",
                new SqlReply.Answered(
                        List.of(
                                new SqlResponse.BatchDone(List.of(
                                        new StepOutcome.Done(result),
                                        new StepOutcome.Failed(ERROR),
                                        StepOutcome.Skipped.SKIPPED)),
                                SqlResponse.SequenceDone.SEQUENCE_DONE,
                                new SqlResponse.AutocommitIs(true),
                                new SqlResponse.Refused(ERROR)),
                        VECTOR,
                        true));
        samples.put("refused", new SqlReply.Refused(SqlReply.Refusal.MOVING, "the writer moves"));
        samples.put(
                "fetch-sql",
                new DatabaseActor.FetchSql(STREAM, StreamOptions.DEFAULTS, Optional.of(batch), 100, 70_000, nobody()));
        samples.put(
                "fetch-sql-next",
                new DatabaseActor.FetchSql(STREAM, StreamOptions.DEFAULTS, Optional.empty(), 100, 70_000, nobody()));
        samples.put("fetched", new SqlReply.Fetched(page));
        samples.put("no-cursor", new SqlReply.NoCursor());
        samples.put("close-cursor", new DatabaseActor.CloseCursor(STREAM));
        samples.put("close-stream", new DatabaseActor.CloseStream(STREAM));
        samples.put("want-snapshot", new DatabaseActor.WantSnapshot("a2", nobody()));
        samples.put("snapshot-offer", new DatabaseActor.SnapshotOffer(nobody()));
        samples.put("snapshot-want", new SnapshotSource.Want(131_072, nobody()));
        samples.put("snapshot-done", SnapshotSource.Done.DONE);
        samples.put(
                "snapshot-piece", new SnapshotSource.Piece(131_072, 131_075, Chunk.copyOf(new byte[] {1, 2, 3}, 0, 3)));
        samples.put("watch-query", new DatabaseActor.WatchQuery("SELECT 1", nobody()));
        samples.put("watch-changes", new DatabaseActor.WatchChanges(VECTOR, nobody()));
        samples.put("watch-taken", new DatabaseActor.WatchTaken(16, nobody()));
        samples.put("watch-result", new Watch.Result(result));
        samples.put("watch-changed", new Watch.Changed(transaction(), VECTOR));
        samples.put("watch-gap", new Watch.Gap(VECTOR));
        samples.put("watch-ended", new Watch.Ended(ERROR));
        samples.put("settle-conflict", new DatabaseActor.SettleConflict("17", true, false, nobody()));
        samples.put("conflict-settled", new DatabaseActor.ConflictSettled(Optional.empty()));
        samples.put("conflict-not-settled", new DatabaseActor.ConflictSettled(Optional.of(ERROR)));
        samples.put("connect-replica", new DatabaseActor.ConnectReplica("0123456789abcdef", true, nobody()));
        samples.put("from-replica", new DatabaseActor.FromReplica("0123456789abcdef", SAID, nobody()));
        samples.put("link-connected", new ReplicaLink.Connected(nobody()));
        samples.put("link-said", new ReplicaLink.Said(SAID));
        samples.put("link-taken", ReplicaLink.Taken.TAKEN);
        samples.put("link-ended", new ReplicaLink.Ended(ERROR));
        samples.put("drop", new DatabaseActor.Drop(1));
        samples.put("drop-again", new DatabaseActor.Drop(300));
        samples.put("forget", new Replicas.Forget("shop", 1));
        samples.put("forget-again", new Replicas.Forget("shop", 2));
        samples.put("inspect", new DatabaseActor.Inspect(nobody()));
        samples.put("status", status(1));
        samples.put("status-again", status(2));
        return samples;
    }

    private static DatabaseStatus status(long generation) {
        return new DatabaseStatus(
                "shop",
                "a1",
                "a",
                VECTOR,
                -1,
                0x1122334455667788L,
                40_960,
                3,
                generation,
                List.of(new DatabaseStatus.Copy("node/a2", VersionVector.EMPTY)));
    }

    private static Transaction transaction() {
        var changes = new ChangesetWriter();
        changes.table(false, "item", new byte[] {1, 0});
        changes.change(ChangeOp.INSERT, false);
        changes.integer(7);
        changes.blob(new byte[] {1, 2});
        return Transaction.wrap(
                "shop",
                300,
                new Stamp(5L << Stamp.COUNTER_BITS, ANNE),
                VersionVector.EMPTY,
                7,
                Births.NONE,
                changes.toByteArray());
    }

    private static Class<?> kind(ReplicaMessage message) {
        return message instanceof Enum<?> constant ? constant.getDeclaringClass() : message.getClass();
    }

    private static Stream<Class<?>> kinds(Class<?> sealed) {
        return sealed.isSealed()
                ? Arrays.stream(sealed.getPermittedSubclasses()).flatMap(ReplicaSerializerTest::kinds)
                : Stream.of(sealed);
    }

    private static Map<String, String> golden() throws IOException {
        Map<String, String> golden = new TreeMap<>();
        try (var in = ReplicaSerializerTest.class.getResourceAsStream(GOLDEN)) {
            assertThat(in).isNotNull();
            for (var line : new String(in.readAllBytes(), UTF_8).lines().toList()) {
                if (!line.startsWith("#")) {
                    var nameAndRest = line.split(" ", 2);
                    golden.put(nameAndRest[0], nameAndRest[1]);
                }
            }
        }
        return golden;
    }
}
