package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement.NamedArg;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepCondition;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.query.subscribe.SqlValue;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** Section 9 of the notes on Hrana. The bytes were written by hand from its table of fields. */
class ProtobufTest {
    private static final ProtobufRequests REQUESTS = new ProtobufRequests();
    private static final ProtobufAnswers ANSWERS = new ProtobufAnswers(1 << 20);
    private static final StatementResult RESULT = new StatementResult(
            List.of(new ResultColumn("a", Optional.of("INT"))),
            List.of(List.of(SqlValue.of(-1L), SqlValue.NULL)),
            2,
            OptionalLong.of(3),
            1,
            2,
            500);

    /** What {@link #RESULT} is: column a of INT; a row of -1 (zigzag 1) and null; 2 affected; rowid 3 (zigzag 6); figures. */
    private static final String RESULT_HEX = "0a08 0a0161 1203494e54" + "1208 0a02 1001 0a02 0a00" + "1802" + "2006"
            + "3001" + "3802" + "41 000000000000e03f";

    @Test
    void pipelineWithABatonIsRead() {
        var pipeline = REQUESTS.pipeline(hex(text("0a", "b") // baton
                + message("12", "0a00") // close
                + message("12", message("3a", "0807", "1000")) // close_sql 7, and a field that is not known there
                + message("12", message("32", "0807", text("12", "sql1"))) // store_sql
                + message("12", message("22", text("0a", "x"))) // sequence
                + message("12", message("2a", "1007")) // describe sql_id 7
                + message("12", "4200"))); // get_autocommit

        assertThat(pipeline.baton()).hasValue("b");
        assertThat(pipeline.requests())
                .containsExactly(
                        StreamRequest.Close.CLOSE,
                        new StreamRequest.CloseSql(7),
                        new StreamRequest.StoreSql(7, "sql1"),
                        new StreamRequest.Sequence(new SqlText.Inline("x")),
                        new StreamRequest.Describe(new SqlText.Stored(7)),
                        StreamRequest.Autocommit.AUTOCOMMIT);
    }

    @Test
    void valuesOfEveryTypeAreRead() {
        var statement = text("0a", "x")
                + message("1a", "0a00") // null
                + message("1a", "1003") // integer -2
                + message("1a", "10ffffffffffffffffff01") // integer -2^63
                + message("1a", "19000000000000f83f") // float 1.5
                + message("1a", "2202c3a9") // text
                + message("1a", "2a0107") // blob
                + message("22", text("0a", "a"), message("12", "0a00")); // named
        var pipeline = REQUESTS.pipeline(hex(message("12", message("12", message("0a", statement)))));

        assertThat(pipeline.requests())
                .containsExactly(new StreamRequest.Execute(new HranaStatement(
                        new SqlText.Inline("x"),
                        List.of(
                                SqlValue.NULL,
                                SqlValue.of(-2L),
                                SqlValue.of(Long.MIN_VALUE),
                                SqlValue.of(1.5),
                                SqlValue.of("é"),
                                SqlValue.of(new byte[] {7})),
                        List.of(new NamedArg("a", SqlValue.NULL)),
                        true)));
    }

    @Test
    void conditionsAreRead() {
        var all = message(
                "22",
                message("0a", "0800"), // ok 0
                message("0a", message("1a", "1000")), // not error 0
                message("0a", message("2a", message("0a", "3200")))); // or is_autocommit
        var cursor = REQUESTS.cursor(hex(message(
                "12",
                message("0a", message("12", text("0a", "x"))),
                message("0a", message("0a", all), message("12", text("0a", "x"), "2800")))));

        assertThat(cursor.batch().steps().get(1).condition())
                .hasValue(new StepCondition.All(List.of(
                        new StepCondition.Succeeded(0),
                        new StepCondition.Not(new StepCondition.Failed(0)),
                        new StepCondition.Any(List.of(StepCondition.IsAutocommit.IS_AUTOCOMMIT)))));
        assertThat(cursor.batch().steps().get(1).statement().wantRows()).isFalse();
    }

    @Test
    void messagesOfWebSocketsAreRead() {
        assertThat(REQUESTS.message(hex("0a03 0a0174"))).isEqualTo(new ClientMessage.Hello(Optional.of("t")));
        assertThat(REQUESTS.message(hex("0a00"))).isEqualTo(new ClientMessage.Hello(Optional.empty()));
        assertThat(ask("1202 0805")).isEqualTo(new ClientMessage.Ask.OpenStream(5));
        assertThat(ask("1a02 0805")).isEqualTo(new ClientMessage.Ask.CloseStream(5));
        assertThat(ask("120b 08ffffffffffffffffff01")).isEqualTo(new ClientMessage.Ask.OpenStream(-1));
        assertThat(ask("3206 0805 1006 1a00"))
                .isEqualTo(new ClientMessage.Ask.OpenCursor(5, 6, new HranaBatch(List.of())));
        assertThat(ask("3a02 0806")).isEqualTo(new ClientMessage.Ask.CloseCursor(6));
        assertThat(ask("4205 0806 10e807")).isEqualTo(new ClientMessage.Ask.FetchCursor(6, 1000));
        assertThat(ask("4a05 0805 120178"))
                .isEqualTo(new ClientMessage.Ask.OfStream(5, new StreamRequest.Sequence(new SqlText.Inline("x"))));
        assertThat(ask("5204 0805 1807"))
                .isEqualTo(new ClientMessage.Ask.OfStream(5, new StreamRequest.Describe(new SqlText.Stored(7))));
        assertThat(ask("5a05 0807 120178"))
                .isEqualTo(new ClientMessage.Ask.StoreSql(new StreamRequest.StoreSql(7, "x")));
        assertThat(ask("6202 0807")).isEqualTo(new ClientMessage.Ask.CloseSql(new StreamRequest.CloseSql(7)));
        assertThat(ask("6a02 0805")).isEqualTo(new ClientMessage.Ask.OfStream(5, StreamRequest.Autocommit.AUTOCOMMIT));
        assertThat(ask("2a04 0805 1200"))
                .isEqualTo(new ClientMessage.Ask.OfStream(5, new StreamRequest.Batch(new HranaBatch(List.of()))));
    }

    @Test
    void unknownFieldsAreSkipped() {
        var pipeline = REQUESTS.pipeline(hex(
                "7801" // 15: varint
                        + "79 0000000000000000" // 15: eight bytes
                        + "7a03 010203" // 15: bytes
                        + "7d 00000000" // 15: four bytes
                        + "1202 0a00"));

        assertThat(pipeline.requests()).containsExactly(StreamRequest.Close.CLOSE);
    }

    @Test
    void lengthsAreCheckedBeforeAnythingIsRead() {
        for (var bytes : new String[] {
            "0a",
            "0a05",
            "0a0561",
            "0affffffff0f",
            "0affffffffffffffffff01",
            "12ff",
            "00",
            "0b",
            "0880",
            "1203 12ff01",
            "08ffffffffffffffffffff01",
            "0a01ff",
            "1a0100"
        }) {
            assertThatThrownBy(() -> REQUESTS.cursor(hex(bytes)))
                    .as(bytes)
                    .isInstanceOf(HranaException.Malformed.class);
        }
    }

    @Test
    void answersOfPipelinesAreWritten() {
        var bytes = ANSWERS.pipeline(
                new AnswerEncoder.Head(Optional.of("b"), Optional.of("u")),
                List.of(
                        new Answer.Executed(RESULT),
                        Answer.Failed.of("C", "m"),
                        new Answer.BatchRan(List.of(
                                new StepOutcome.Done(RESULT),
                                StepOutcome.Skipped.SKIPPED,
                                new StepOutcome.Failed(new SqlError("C", "m")))),
                        Answer.Done.SEQUENCE,
                        new Answer.Described(new SqlResponse.Described(
                                List.of(Optional.empty(), Optional.of(":a")), List.of(), false, true)),
                        Answer.Done.STORE_SQL,
                        Answer.Done.CLOSE_SQL,
                        new Answer.AutocommitIs(true),
                        Answer.Done.CLOSE));

        var error = text("0a", "m") + text("12", "C");
        assertThat(bytes)
                .isEqualTo(bytes("0a0162 120175"
                        + message("1a", message("0a", message("12", message("0a", RESULT_HEX))))
                        + message("1a", message("12", error))
                        + message(
                                "1a",
                                message(
                                        "0a",
                                        message(
                                                "1a",
                                                message(
                                                        "0a",
                                                        message("0a", "0800", message("12", RESULT_HEX)),
                                                        message("12", "0802", message("12", error))))))
                        + "1a04 0a02 2200"
                        + message(
                                "1a",
                                message("0a", message("2a", message("0a", "0a00", "0a04 0a02 3a61", "1800 2001"))))
                        + "1a04 0a02 3200 1a04 0a02 3a00 1a06 0a04 4202 0801 1a04 0a02 0a00"));
    }

    @Test
    void messagesOfServersAreWritten() {
        assertThat(ANSWERS.message(ServerMessage.HelloOk.HELLO_OK)).isEqualTo(bytes("0a00"));
        assertThat(ANSWERS.message(new ServerMessage.HelloFailed(new SqlError("C", "m"))))
                .isEqualTo(bytes("1208 0a06 0a016d 120143"));
        assertThat(answered(Answer.Done.OPEN_STREAM)).isEqualTo(bytes("1a04 0809 1200"));
        assertThat(answered(Answer.Done.CLOSE_STREAM)).isEqualTo(bytes("1a04 0809 1a00"));
        assertThat(answered(new Answer.Executed(RESULT))).isEqualTo(bytes("1a2b 0809 2227 0a25" + RESULT_HEX));
        assertThat(answered(Answer.Done.OPEN_CURSOR)).isEqualTo(bytes("1a04 0809 3200"));
        assertThat(answered(Answer.Done.CLOSE_CURSOR)).isEqualTo(bytes("1a04 0809 3a00"));
        assertThat(answered(Answer.Done.SEQUENCE)).isEqualTo(bytes("1a04 0809 4a00"));
        assertThat(answered(Answer.Done.STORE_SQL)).isEqualTo(bytes("1a04 0809 5a00"));
        assertThat(answered(Answer.Done.CLOSE_SQL)).isEqualTo(bytes("1a04 0809 6200"));
        assertThat(answered(new Answer.AutocommitIs(false))).isEqualTo(bytes("1a06 0809 6a02 0800"));
        assertThat(answered(Answer.Failed.of("C", "m"))).isEqualTo(bytes("220a 0809 1206 0a016d 120143"));
        assertThat(answered(new Answer.Fetched(new SqlCursor.Page(List.of(), true))))
                .isEqualTo(bytes("1a06 0809 4202 1001"));
    }

    @Test
    void entriesOfCursorsComeBehindTheirSizes() {
        var bytes = ANSWERS.cursorEntries(List.of(
                new CursorEntry.StepBegun(1, List.of(new ResultColumn("a", Optional.empty()))),
                new CursorEntry.Row(List.of(SqlValue.of("x"))),
                new CursorEntry.StepEnded(1, OptionalLong.of(-1)),
                new CursorEntry.StepFailed(2, new SqlError("C", "m")),
                new CursorEntry.Failed(new SqlError("C", "m"))));

        assertThat(bytes)
                .isEqualTo(bytes("09 0a07 0801 1203 0a0161" + "07 2205 0a03 220178" + "06 1204 0801 1001"
                        + "0c 1a0a 0802 1206 0a016d 120143" + "08 2a06 0a016d 120143"));
        assertThat(ANSWERS.cursorHead(new AnswerEncoder.Head(Optional.of("b"), Optional.empty())))
                .isEqualTo(bytes("03 0a0162"));
    }

    @Test
    void answerOverTheLimitIsAnError() {
        var small = new ProtobufAnswers(20);

        var bytes = small.pipeline(
                new AnswerEncoder.Head(Optional.empty(), Optional.empty()), List.of(new Answer.Executed(RESULT)));

        assertThat(bytes.utf8String()).contains("RESPONSE_TOO_LARGE");
    }

    @Test
    void messagesLargerThanOneByteOfSizeAreMoved() {
        for (var length : new int[] {0, 1, 126, 127, 128, 16_383, 16_384, 3_000_000}) {
            var text = "x".repeat(length);
            var encoded = new ProtobufAnswers(1 << 30)
                    .message(new ServerMessage.HelloFailed(new SqlError("C", text)))
                    .toArray();

            var in = ProtobufInput.of(encoded, 10);
            assertThat(in.nextField()).isEqualTo(2);
            var failed = in.message();
            failed.nextField();
            var error = failed.message();
            error.nextField();
            assertThat(error.text()).isEqualTo(text);
        }
    }

    private static ClientMessage.Ask ask(String hex) {
        var ask = hex(hex);
        var request = HexFormat.of()
                .parseHex("12" + "%02x".formatted(ask.length + 2) + "0809"
                        + HexFormat.of().formatHex(ask));
        var message = REQUESTS.message(request);
        assertThat(((ClientMessage.Request) message).requestId()).isEqualTo(9);
        return ((ClientMessage.Request) message).ask();
    }

    private static ByteString answered(Answer answer) {
        return ANSWERS.message(new ServerMessage.Answered(9, answer, Optional.empty()));
    }

    /** A field with its size in front. */
    private static String message(String key, String... parts) {
        var content = String.join("", parts).replace(" ", "");
        return key + "%02x".formatted(content.length() / 2) + content;
    }

    private static String text(String key, String ascii) {
        return message(key, HexFormat.of().formatHex(ascii.getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    }

    private static ByteString bytes(String hex) {
        return ByteString.fromArray(hex(hex));
    }

    static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }
}
