package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.ErrorCode;
import io.merklite.sync.SyncException;
import io.merklite.sync.database.LogListener.Level;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.role.PeerMessage.Sender;
import io.merklite.sync.role.RoleMessage.Segment;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.wire.Frame;
import io.merklite.sync.wire.WireWriter;
import io.merklite.testkit.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Section 12 of the specification of replication. */
class RoleMessageTest {
    private final RoleMessageCodec codec = new RoleMessageCodec();

    private static List<RoleMessage> messages() {
        List<RoleMessage> messages = new ArrayList<>();
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            messages.addAll(pair.master.flush());
        }
        messages.add(new RoleMessage.Hello(1, -5, -7, 9));
        messages.add(new RoleMessage.Converge(1, Long.MAX_VALUE, 7, 0));
        messages.add(new RoleMessage.Standing(3, 4, 5, 6, -7, true));
        messages.add(new RoleMessage.Ask(
                new SyncMessage.FetchRange(1, 2, new SyncMessage.Range("item", Optional.empty(), Optional.empty()))));
        messages.add(new RoleMessage.Answer(5, new SyncMessage.Inspect(1, 2, List.of())));
        messages.add(new RoleMessage.Changes(
                7, 3, List.of(new Segment.Copied("item", List.of(), List.of(List.of(new ChangesetValue.Integer(4)))))));
        messages.add(new RoleMessage.Skipped(12));
        messages.add(new RoleMessage.Acknowledged(13));
        messages.add(new RoleMessage.Failed(ErrorCode.SCHEMA_MISMATCH, "text", -1, List.of("CREATE TABLE t(a)")));
        messages.add(new RoleMessage.Claim(1, Set.of("a", "b")));
        messages.add(new RoleMessage.Granted());
        return messages;
    }

    @Test
    void r95_errorsOfTheOtherSideAreToldAndOwnOnesAreRaised() {
        try (var pair = Pair.of(End.ITEMS)) {
            var answers = pair.master.handleMessage(new RoleMessage.Granted());
            assertThat(answers)
                    .singleElement()
                    .isInstanceOfSatisfying(
                            RoleMessage.Failed.class,
                            failed -> assertThat(failed.code()).isEqualTo(ErrorCode.INVALID_STATE));

            var outcome = pair.replica.handleMessage(answers.getFirst());

            assertThat(outcome.answers()).isEmpty();
            assertThat(pair.replica.failure()).contains((RoleMessage.Failed) answers.getFirst());
            assertThatThrownBy(pair.replica::commitPrediction)
                    .isInstanceOfSatisfying(
                            SyncException.class,
                            raised -> assertThat(raised.kind()).isEqualTo(ErrorCode.INVALID_STATE));
        }
        assertThat(ErrorCode.values())
                .containsExactlyInAnyOrder(
                        ErrorCode.SQLITE_ERROR,
                        ErrorCode.PROTOCOL_ERROR,
                        ErrorCode.SCHEMA_MISMATCH,
                        ErrorCode.INVALID_STATE,
                        ErrorCode.OWNERSHIP_REJECTED,
                        ErrorCode.WITHOUT_ROWID_TABLE);
    }

    @Test
    void r93_messagesComeBackFromTheirBytes() {
        for (var message : messages()) {
            assertThat(codec.decode(codec.encode(message))).isEqualTo(message);
            for (var sender : Sender.values()) {
                var sent = new PeerMessage(sender, message);
                assertThat(codec.decodePeer(codec.encode(sent))).isEqualTo(sent);
            }
        }
    }

    @Test
    void r93_truncatedAndExtendedInputIsRefused() {
        for (var message : messages()) {
            var bytes = codec.encode(message);
            for (var size = 0; size < bytes.length; size++) {
                refused(Arrays.copyOf(bytes, size));
            }
            refused(Arrays.copyOf(bytes, bytes.length + 1));
        }
    }

    private void refused(byte[] bytes) {
        assertThatThrownBy(() -> codec.decode(bytes))
                .isInstanceOfSatisfying(
                        SyncException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(ErrorCode.PROTOCOL_ERROR));
    }

    private static byte[] framed(WireWriter body) {
        return new Frame("role message", "MLRM", 1, RoleMessageCodec.MAX_SIZE_BYTES).encode(body.toByteArray());
    }

    @Test
    void r93_unknownKindsAndSendersAreRefused() {
        refused(framed(new WireWriter().uint8(0).uint8(99)));
        refused(codec.encode(new PeerMessage(Sender.MASTER, new RoleMessage.Granted())));
        assertThatThrownBy(
                        () -> codec.decodePeer(framed(new WireWriter().uint8(3).uint8(11))))
                .isInstanceOf(SyncException.Malformed.class);
    }

    @Test
    void b93_bytesBehindTheMessageAreRefused() {
        refused(framed(new WireWriter().uint8(0).uint8(8).varint(1).uint8(0)));
    }

    @Test
    void b93_countsAreCheckedBeforeMemoryIsTaken() {
        refused(framed(new WireWriter().uint8(0).uint8(6).varint(1).int32(0).varint(9_999_999)));
        refused(framed(new WireWriter().uint8(0).uint8(6).varint(1).int32(0).varint(10_000_001)));
        refused(framed(
                new WireWriter().uint8(0).uint8(9).uint8(1).string("x").int32(0).varint(Long.MAX_VALUE)));
    }

    /** Each segment is compressed by itself, so the size of the message says little. */
    @Test
    void b93_segmentsThatUnpackToFarMoreThanAMessageAreRefused() {
        var small = new RoleMessageCodec(1 << 16);
        var birth = new Stamp(1, new Origin(1));
        var zeros = new Cell.Register(ChangesetValue.Blob.wrap(new byte[60_000]), birth);
        var row = new RemoteRow(List.of(new ChangesetValue.Integer(4)), RowVersion.alive(birth, List.of(zeros)));
        var segment = new Segment.Copied("item", List.of(row), List.of());
        var few = new RoleMessage.Changes(7, 3, Collections.nCopies(3, segment));
        var many = small.encode(new RoleMessage.Changes(7, 3, Collections.nCopies(5, segment)));

        assertThat(small.decode(small.encode(few))).isEqualTo(few);
        assertThatThrownBy(() -> small.decode(many))
                .isInstanceOfSatisfying(
                        SyncException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(ErrorCode.PROTOCOL_ERROR));
    }

    @Test
    void b93_damagedBytesAreNeverTakenForAMessage() {
        var random = Seeds.random(93);
        for (var message : messages()) {
            var bytes = codec.encode(message);
            for (var i = 0; i < 200; i++) {
                var damaged = bytes.clone();
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
                refused(damaged);
            }
        }
    }

    @Test
    void r94_largeChangesetsAreCompressed() {
        try (var pair = Pair.live(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, '" + "x".repeat(10_000) + "', 1)");
            var large = pair.master.flush().getFirst();

            assertThat(codec.encode(large).length).isLessThan(1000);
            assertThat(codec.encode(new RoleMessage.Acknowledged(1)).length).isLessThan(20);
        }
    }

    @Test
    void r96_stepsAreLogged() {
        List<Level> levels = new ArrayList<>();
        try (var end = End.open("CREATE TABLE unkeyed(a)");
                var master = Master.open(end.store(), End.options().withLog((level, text) -> levels.add(level)))) {
            master.schemaVersion();

            assertThat(levels).contains(Level.WARN);
        }
    }

    @Test
    void r97_handshakesInOneProcess() {
        try (var pair = Pair.of(End.ITEMS)) {
            pair.there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            Conversation.handshake(pair.master, pair.replica);
            pair.requireEqual("item");
            pair.there.sql("INSERT INTO item VALUES (2, 'two', 1)");
            Conversation.deliver(pair.master, pair.replica);
            pair.requireEqual("item");
            pair.here.sql("DELETE FROM item");
            Conversation.converge(pair.master, pair.replica);
            pair.requireEqual("item");
        }
    }
}
