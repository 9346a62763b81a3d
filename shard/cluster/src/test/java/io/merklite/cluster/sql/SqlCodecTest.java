package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.sync.SyncException;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class SqlCodecTest {
    private static final SqlStatement STATEMENT = new SqlStatement(
            "SELECT ?",
            List.of(SqlValue.NULL, SqlValue.of(300), SqlValue.of(-2), SqlValue.of(1.5)),
            List.of(new SqlStatement.NamedArg(":a", SqlValue.of("é\0"))),
            false);
    private static final List<SqlRequest> REQUESTS = List.of(
            new SqlRequest.Batch(List.of(
                    new SqlStep(STATEMENT, Optional.empty()),
                    new SqlStep(
                            SqlStatement.of("COMMIT", SqlValue.of(new byte[] {1, 2})),
                            Optional.of(new StepCondition.Any(List.of(
                                    new StepCondition.Not(new StepCondition.Failed(0)),
                                    new StepCondition.All(List.of(
                                            new StepCondition.Succeeded(0),
                                            StepCondition.IsAutocommit.IS_AUTOCOMMIT)))))))),
            new SqlRequest.Sequence("a"),
            new SqlRequest.Describe("b"),
            SqlRequest.Autocommit.AUTOCOMMIT);
    private static final SqlError ERROR = new SqlError("C", "m");
    private static final List<ResultColumn> COLUMNS =
            List.of(new ResultColumn("x", Optional.of("INT")), new ResultColumn("x", Optional.empty()));
    private static final List<SqlResponse> RESPONSES = List.of(
            new SqlResponse.BatchDone(List.of(
                    new StepOutcome.Done(new StatementResult(
                            COLUMNS,
                            List.of(List.of(SqlValue.of(Long.MIN_VALUE), SqlValue.of(Double.NEGATIVE_INFINITY))),
                            1,
                            OptionalLong.of(-7),
                            1,
                            1,
                            20)),
                    new StepOutcome.Failed(ERROR),
                    StepOutcome.Skipped.SKIPPED)),
            SqlResponse.SequenceDone.SEQUENCE_DONE,
            new SqlResponse.Described(List.of(Optional.of(":a"), Optional.empty()), COLUMNS, false, true),
            new SqlResponse.AutocommitIs(true),
            new SqlResponse.Refused(ERROR));
    private static final SqlCursor.Page PAGE = new SqlCursor.Page(
            List.of(
                    new CursorEntry.StepBegun(1, COLUMNS),
                    new CursorEntry.Row(List.of(SqlValue.of(1))),
                    new CursorEntry.StepEnded(2, OptionalLong.empty()),
                    new CursorEntry.StepFailed(3, ERROR),
                    new CursorEntry.Failed(ERROR)),
            true);
    private static final StreamOptions OPTIONS = new StreamOptions(
            Acknowledgement.EACH_DATACENTER,
            Optional.of(VersionVector.of(new TreeMap<>(Map.of(new Origin(5), 9L)))),
            true);

    @Test
    void requestsHaveTheirBytes() {
        assertThat(hex(out -> SqlCodec.writeRequests(out, REQUESTS)))
                .isEqualTo(
                        "0104" // version, count
                                + "0002" // a batch of two steps
                                + "0853454c454354203f" + "04" + "00" + "01ac02" + "0201"
                                + "033ff8000000000000" // statement
                                + "01" + "023a61" + "0403c3a900" + "00"
                                + "00" // a named argument, no rows, no condition
                                + "06434f4d4d4954" + "01" + "05020102" + "00" + "01" // second statement
                                + "0502" + "0302" + "00000000" + "0402" + "01" + "00000000" + "06" // its condition
                                + "010161" + "020162" + "03");
        assertThat(read(hex(out -> SqlCodec.writeRequests(out, REQUESTS)), SqlCodec::readRequests))
                .isEqualTo(REQUESTS);
    }

    @Test
    void responsesHaveTheirBytes() {
        var columns = "02" + "0178" + "0103494e54" + "0178" + "00";
        var error = "0143" + "016d";

        assertThat(hex(out -> SqlCodec.writeResponses(out, RESPONSES)))
                .isEqualTo("0105"
                        + "0003"
                        + "00" + columns + "01" + "02" + "02ffffffffffffffff7f" + "03fff0000000000000"
                        + "01" + "01fffffffffffffff9" + "01" + "01" + "14"
                        + "01" + error
                        + "02"
                        + "01"
                        + "02" + "02" + "01023a61" + "00" + columns + "00" + "01"
                        + "0301"
                        + "04" + error);
        assertThat(read(hex(out -> SqlCodec.writeResponses(out, RESPONSES)), SqlCodec::readResponses))
                .isEqualTo(RESPONSES);
    }

    @Test
    void pagesHaveTheirBytes() {
        assertThat(hex(out -> SqlCodec.writePage(out, PAGE)))
                .isEqualTo("0105"
                        + "00" + "00000001" + "02" + "0178" + "0103494e54" + "0178" + "00"
                        + "01" + "01" + "0101"
                        + "02" + "02" + "00"
                        + "03" + "00000003" + "0143" + "016d"
                        + "04" + "0143" + "016d"
                        + "01");
        assertThat(read(hex(out -> SqlCodec.writePage(out, PAGE)), SqlCodec::readPage))
                .isEqualTo(PAGE);
    }

    @Test
    void optionsHaveTheirBytes() {
        assertThat(hex(out -> SqlCodec.writeOptions(out, OPTIONS)))
                .isEqualTo("01" + "03" + "01" + "01" + "0000000000000005" + "09" + "01");
        assertThat(read(hex(out -> SqlCodec.writeOptions(out, OPTIONS)), SqlCodec::readOptions))
                .isEqualTo(OPTIONS);
        for (var acknowledgement : Acknowledgement.values()) {
            var options = new StreamOptions(acknowledgement, Optional.empty(), false);
            assertThat(read(hex(out -> SqlCodec.writeOptions(out, options)), SqlCodec::readOptions))
                    .isEqualTo(options);
        }
    }

    @Test
    void anotherVersionIsRefused() {
        assertThatThrownBy(() -> read("0200", SqlCodec::readRequests)).isInstanceOf(SyncException.UnknownVersion.class);
    }

    @Test
    void countBeyondTheInputIsRefusedBeforeMemoryIsTaken() {
        assertThatThrownBy(() -> read("01ffffffff07", SqlCodec::readRequests))
                .isInstanceOf(SyncException.Malformed.class)
                .hasMessageContaining("byte 1");
    }

    @Test
    void conditionsNestedTooDeeplyAreRefusedOnBothSides() {
        StepCondition condition = StepCondition.IsAutocommit.IS_AUTOCOMMIT;
        for (var i = 0; i < SqlCodec.MAX_CONDITION_DEPTH; i++) {
            condition = new StepCondition.Not(condition);
        }
        var batch = new SqlRequest.Batch(List.of(new SqlStep(SqlStatement.of("x"), Optional.of(condition))));

        assertThatThrownBy(() -> SqlCodec.writeRequests(new WireWriter(), List.of(batch)))
                .isInstanceOf(SyncException.TooLarge.class);
        assertThatThrownBy(() -> read("01010001" + "0178000001" + "03".repeat(200) + "06", SqlCodec::readRequests))
                .isInstanceOf(SyncException.TooLarge.class);
    }

    @Test
    void everyPrefixAndEveryChangedByteIsReadOrRefused() {
        harmless(bytes(out -> SqlCodec.writeRequests(out, REQUESTS)), SqlCodec::readRequests);
        harmless(bytes(out -> SqlCodec.writeResponses(out, RESPONSES)), SqlCodec::readResponses);
        harmless(bytes(out -> SqlCodec.writePage(out, PAGE)), SqlCodec::readPage);
        harmless(bytes(out -> SqlCodec.writeOptions(out, OPTIONS)), SqlCodec::readOptions);
    }

    private static void harmless(byte[] valid, Function<WireReader, ?> read) {
        for (var size = 0; size < valid.length; size++) {
            var end = size;
            assertThatThrownBy(() -> read.apply(new WireReader("test", valid, 0, end)))
                    .isInstanceOf(SyncException.class);
        }
        for (var at = 0; at < valid.length; at++) {
            for (var value = 0; value < 256; value++) {
                var changed = valid.clone();
                changed[at] = (byte) value;
                try {
                    assertThat(read.apply(new WireReader("test", changed, 0, changed.length)))
                            .isNotNull();
                } catch (SyncException e) {
                    assertThat(e.code()).isNotBlank();
                }
            }
        }
    }

    private static byte[] bytes(Consumer<WireWriter> write) {
        var out = new WireWriter();
        write.accept(out);
        return out.toByteArray();
    }

    private static String hex(Consumer<WireWriter> write) {
        return HexFormat.of().formatHex(bytes(write));
    }

    private static <T> T read(String hex, Function<WireReader, T> read) {
        var bytes = HexFormat.of().parseHex(hex);
        var in = new WireReader("test", bytes, 0, bytes.length);
        var result = read.apply(in);
        in.expectEnd();
        return result;
    }
}
