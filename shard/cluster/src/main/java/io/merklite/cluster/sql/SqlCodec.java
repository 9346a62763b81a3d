package io.merklite.cluster.sql;

import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.SyncException.UnknownVersion;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * SQL between nodes, as parts of messages. What is read was written by a node, but is not trusted: no memory is taken
 * beyond what the input holds.
 *
 * <p>Reading throws {@link Malformed}, {@link UnknownVersion} or {@link TooLarge}; writing throws {@link TooLarge} if
 * conditions are nested more deeply than it could be read.
 *
 * <p><b>Threading.</b> Thread-safe: keeps nothing between calls. <b>Cost.</b> Linear in the bytes.
 */
public final class SqlCodec {
    /*
     * Numbers of fixed size are big-endian; varint is LEB128 of a number that is not negative; string and bytes are their size
     * as varint and their content; bool is 00 or 01; list(x) is varint(count) { x }; optional(x) is 00, or 01 x.
     *
     *   requests  := version[1] list(request)
     *   request   := 00 list(step) batch | 01 string sequence | 02 string describe | 03 autocommit
     *   step      := statement condition
     *   statement := string list(value) list(string value) bool
     *   condition := 00 none | 01 step[4] succeeded | 02 step[4] failed | 03 condition not
     *              | 04 list(condition) all | 05 list(condition) any | 06 is autocommit      below the first level no 00
     *   value     := 00 NULL | 01 varint(i) integer >= 0 | 02 varint(-1 - i) integer < 0 | 03 bits[8] real
     *              | 04 string | 05 bytes
     *   responses := version[1] list(response)
     *   response  := 00 list(outcome) batch | 01 sequence | 02 described | 03 bool autocommit | 04 error refused
     *   described := list(optional(string)) list(column) bool bool
     *   outcome   := 00 result | 01 error | 02 skipped
     *   result    := list(column) list(row) varint(affected) rowid varint(read) varint(written) varint(micros)
     *   column    := string optional(string)
     *   row       := list(value)
     *   rowid     := 00 | 01 number[8]
     *   error     := string(code) string(message)
     *   page      := version[1] list(entry) bool
     *   entry     := 00 step[4] list(column) begun | 01 row | 02 varint(affected) rowid ended | 03 step[4] error | 04 error
     *   options   := version[1] acknowledgement[1] optional(vector) bool
     *   acknowledgement := 00 local | 01 majority | 02 all | 03 each datacenter
     */
    private static final int VERSION = 1;
    private static final String WHAT = "SQL message";
    /** How deeply conditions may be nested: reading them takes stack. */
    static final int MAX_CONDITION_DEPTH = 100;

    private static final int MAX_ORIGINS = 65_536;
    private static final int ABSENT = 0;
    private static final int PRESENT = 1;

    private SqlCodec() {}

    // ---- whole parts ------------------------------------------------------------------------------------------------

    /** Writes what {@link #readRequests} reads. */
    public static void writeRequests(WireWriter out, List<SqlRequest> requests) {
        writeList(out.uint8(VERSION), requests, SqlCodec::writeRequest);
    }

    /** Reads requests. */
    public static List<SqlRequest> readRequests(WireReader in) {
        expectVersion(in);
        return readList(in, SqlCodec::readRequest);
    }

    /** Writes what {@link #readResponses} reads. */
    public static void writeResponses(WireWriter out, List<SqlResponse> responses) {
        writeList(out.uint8(VERSION), responses, SqlCodec::writeResponse);
    }

    /** Reads responses. */
    public static List<SqlResponse> readResponses(WireReader in) {
        expectVersion(in);
        return readList(in, SqlCodec::readResponse);
    }

    /** Writes what {@link #readPage} reads. */
    public static void writePage(WireWriter out, SqlCursor.Page page) {
        writeList(out.uint8(VERSION), page.entries(), SqlCodec::writeEntry);
        writeBoolean(out, page.isDone());
    }

    /** Reads a page of a cursor. */
    public static SqlCursor.Page readPage(WireReader in) {
        expectVersion(in);
        return new SqlCursor.Page(readList(in, SqlCodec::readEntry), readBoolean(in));
    }

    /** Writes what {@link #readOptions} reads. */
    public static void writeOptions(WireWriter out, StreamOptions options) {
        out.uint8(VERSION)
                .uint8(
                        switch (options.acknowledgement()) {
                            case LOCAL -> 0;
                            case MAJORITY -> 1;
                            case ALL -> 2;
                            case EACH_DATACENTER -> 3;
                        });
        writeOptional(out, options.after(), WireWriter::vector);
        writeBoolean(out, options.isReadOnly());
    }

    /** Reads how a stream runs. */
    public static StreamOptions readOptions(WireReader in) {
        expectVersion(in);
        var start = in.position();
        var acknowledgement = switch (in.uint8()) {
            case 0 -> Acknowledgement.LOCAL;
            case 1 -> Acknowledgement.MAJORITY;
            case 2 -> Acknowledgement.ALL;
            case 3 -> Acknowledgement.EACH_DATACENTER;
            default -> throw unknown(start, "acknowledgement");
        };
        return new StreamOptions(
                acknowledgement, readOptional(in, reader -> reader.vector(MAX_ORIGINS)), readBoolean(in));
    }

    private static void expectVersion(WireReader in) {
        var found = in.uint8();
        if (found != VERSION) {
            throw new UnknownVersion(WHAT, found, VERSION);
        }
    }

    // ---- requests ---------------------------------------------------------------------------------------------------

    private static void writeRequest(WireWriter out, SqlRequest request) {
        switch (request) {
            case SqlRequest.Batch batch -> writeList(out.uint8(0), batch.steps(), SqlCodec::writeStep);
            case SqlRequest.Sequence sequence -> out.uint8(1).string(sequence.sql());
            case SqlRequest.Describe describe -> out.uint8(2).string(describe.sql());
            case SqlRequest.Autocommit autocommit -> out.uint8(3);
        }
    }

    private static SqlRequest readRequest(WireReader in) {
        var start = in.position();
        return switch (in.uint8()) {
            case 0 -> new SqlRequest.Batch(readList(in, SqlCodec::readStep));
            case 1 -> new SqlRequest.Sequence(readString(in));
            case 2 -> new SqlRequest.Describe(readString(in));
            case 3 -> SqlRequest.Autocommit.AUTOCOMMIT;
            default -> throw unknown(start, "request");
        };
    }

    private static void writeStep(WireWriter out, SqlStep step) {
        var statement = step.statement();
        writeList(out.string(statement.sql()), statement.args(), SqlCodec::writeValue);
        writeList(
                out, statement.namedArgs(), (to, argument) -> writeValue(to.string(argument.name()), argument.value()));
        writeBoolean(out, statement.wantRows());
        if (step.condition().isPresent()) {
            writeCondition(out, step.condition().get(), 1);
        } else {
            out.uint8(ABSENT);
        }
    }

    private static SqlStep readStep(WireReader in) {
        var statement = new SqlStatement(
                readString(in),
                readList(in, SqlCodec::readValue),
                readList(in, reader -> new SqlStatement.NamedArg(readString(reader), readValue(reader))),
                readBoolean(in));
        return new SqlStep(statement, readCondition(in, 1));
    }

    private static void writeCondition(WireWriter out, StepCondition condition, int depth) {
        if (depth > MAX_CONDITION_DEPTH) {
            throw new TooLarge("nesting of conditions", depth, MAX_CONDITION_DEPTH);
        }
        switch (condition) {
            case StepCondition.Succeeded succeeded -> out.uint8(1).int32(succeeded.step());
            case StepCondition.Failed failed -> out.uint8(2).int32(failed.step());
            case StepCondition.Not not -> writeCondition(out.uint8(3), not.condition(), depth + 1);
            case StepCondition.All all -> writeConditions(out.uint8(4), all.conditions(), depth);
            case StepCondition.Any any -> writeConditions(out.uint8(5), any.conditions(), depth);
            case StepCondition.IsAutocommit isAutocommit -> out.uint8(6);
        }
    }

    private static void writeConditions(WireWriter out, List<StepCondition> conditions, int depth) {
        writeList(out, conditions, (to, condition) -> writeCondition(to, condition, depth + 1));
    }

    /** None is only possible for a step itself, the first level. */
    private static Optional<StepCondition> readCondition(WireReader in, int depth) {
        var start = in.position();
        if (depth > MAX_CONDITION_DEPTH) {
            throw new TooLarge("nesting of conditions", depth, MAX_CONDITION_DEPTH);
        }
        return switch (in.uint8()) {
            case ABSENT -> {
                if (depth > 1) {
                    throw new Malformed(WHAT, start, "a condition of nothing");
                }
                yield Optional.empty();
            }
            case 1 -> Optional.of(new StepCondition.Succeeded(in.int32()));
            case 2 -> Optional.of(new StepCondition.Failed(in.int32()));
            case 3 -> Optional.of(new StepCondition.Not(readInner(in, depth)));
            case 4 -> Optional.of(new StepCondition.All(readList(in, reader -> readInner(reader, depth))));
            case 5 -> Optional.of(new StepCondition.Any(readList(in, reader -> readInner(reader, depth))));
            case 6 -> Optional.of(StepCondition.IsAutocommit.IS_AUTOCOMMIT);
            default -> throw unknown(start, "condition");
        };
    }

    private static StepCondition readInner(WireReader in, int depth) {
        return readCondition(in, depth + 1).orElseThrow();
    }

    // ---- responses --------------------------------------------------------------------------------------------------

    private static void writeResponse(WireWriter out, SqlResponse response) {
        switch (response) {
            case SqlResponse.BatchDone done -> writeList(out.uint8(0), done.outcomes(), SqlCodec::writeOutcome);
            case SqlResponse.SequenceDone done -> out.uint8(1);
            case SqlResponse.Described described -> {
                writeList(
                        out.uint8(2),
                        described.parameters(),
                        (to, name) -> writeOptional(to, name, WireWriter::string));
                writeList(out, described.columns(), SqlCodec::writeColumn);
                writeBoolean(out, described.isExplain());
                writeBoolean(out, described.isReadOnly());
            }
            case SqlResponse.AutocommitIs autocommit -> writeBoolean(out.uint8(3), autocommit.isAutocommit());
            case SqlResponse.Refused refused -> writeError(out.uint8(4), refused.error());
        }
    }

    private static SqlResponse readResponse(WireReader in) {
        var start = in.position();
        return switch (in.uint8()) {
            case 0 -> new SqlResponse.BatchDone(readList(in, SqlCodec::readOutcome));
            case 1 -> SqlResponse.SequenceDone.SEQUENCE_DONE;
            case 2 ->
                new SqlResponse.Described(
                        readList(in, reader -> readOptional(reader, SqlCodec::readString)),
                        readList(in, SqlCodec::readColumn),
                        readBoolean(in),
                        readBoolean(in));
            case 3 -> new SqlResponse.AutocommitIs(readBoolean(in));
            case 4 -> new SqlResponse.Refused(readError(in));
            default -> throw unknown(start, "response");
        };
    }

    private static void writeOutcome(WireWriter out, StepOutcome outcome) {
        switch (outcome) {
            case StepOutcome.Done done -> writeResult(out.uint8(0), done.result());
            case StepOutcome.Failed failed -> writeError(out.uint8(1), failed.error());
            case StepOutcome.Skipped skipped -> out.uint8(2);
        }
    }

    private static StepOutcome readOutcome(WireReader in) {
        var start = in.position();
        return switch (in.uint8()) {
            case 0 -> new StepOutcome.Done(readResult(in));
            case 1 -> new StepOutcome.Failed(readError(in));
            case 2 -> StepOutcome.Skipped.SKIPPED;
            default -> throw unknown(start, "outcome");
        };
    }

    private static void writeResult(WireWriter out, StatementResult result) {
        writeList(out, result.columns(), SqlCodec::writeColumn);
        writeList(out, result.rows(), SqlCodec::writeRow);
        writeRowid(out.varint(result.affectedRowCount()), result.lastInsertRowid());
        out.varint(result.rowsRead()).varint(result.rowsWritten()).varint(result.durationMicros());
    }

    private static StatementResult readResult(WireReader in) {
        return new StatementResult(
                readList(in, SqlCodec::readColumn),
                readList(in, SqlCodec::readRow),
                in.varint(),
                readRowid(in),
                in.varint(),
                in.varint(),
                in.varint());
    }

    private static void writeEntry(WireWriter out, CursorEntry entry) {
        switch (entry) {
            case CursorEntry.StepBegun begun ->
                writeList(out.uint8(0).int32(begun.step()), begun.columns(), SqlCodec::writeColumn);
            case CursorEntry.Row row -> writeRow(out.uint8(1), row.values());
            case CursorEntry.StepEnded ended ->
                writeRowid(out.uint8(2).varint(ended.affectedRowCount()), ended.lastInsertRowid());
            case CursorEntry.StepFailed failed -> writeError(out.uint8(3).int32(failed.step()), failed.error());
            case CursorEntry.Failed failed -> writeError(out.uint8(4), failed.error());
        }
    }

    private static CursorEntry readEntry(WireReader in) {
        var start = in.position();
        return switch (in.uint8()) {
            case 0 -> new CursorEntry.StepBegun(in.int32(), readList(in, SqlCodec::readColumn));
            case 1 -> new CursorEntry.Row(readRow(in));
            case 2 -> new CursorEntry.StepEnded(in.varint(), readRowid(in));
            case 3 -> new CursorEntry.StepFailed(in.int32(), readError(in));
            case 4 -> new CursorEntry.Failed(readError(in));
            default -> throw unknown(start, "entry");
        };
    }

    // ---- pieces -----------------------------------------------------------------------------------------------------

    private static void writeColumn(WireWriter out, ResultColumn column) {
        writeOptional(out.string(column.name()), column.declaredType(), WireWriter::string);
    }

    private static ResultColumn readColumn(WireReader in) {
        return new ResultColumn(readString(in), readOptional(in, SqlCodec::readString));
    }

    private static void writeRow(WireWriter out, List<SqlValue> row) {
        writeList(out, row, SqlCodec::writeValue);
    }

    private static List<SqlValue> readRow(WireReader in) {
        return readList(in, SqlCodec::readValue);
    }

    private static void writeValue(WireWriter out, SqlValue value) {
        switch (value) {
            case SqlValue.Null nothing -> out.uint8(0);
            case SqlValue.Integer integer
            when integer.value() >= 0 -> out.uint8(1).varint(integer.value());
            case SqlValue.Integer integer -> out.uint8(2).varint(~integer.value());
            case SqlValue.Real real -> out.uint8(3).int64(Double.doubleToRawLongBits(real.value()));
            case SqlValue.Text text -> out.uint8(4).string(text.value());
            case SqlValue.Blob blob -> out.uint8(5).bytes(blob.toByteArray());
        }
    }

    private static SqlValue readValue(WireReader in) {
        var start = in.position();
        return switch (in.uint8()) {
            case 0 -> SqlValue.NULL;
            case 1 -> SqlValue.of(in.varint());
            case 2 -> SqlValue.of(~in.varint());
            case 3 -> SqlValue.of(Double.longBitsToDouble(in.int64()));
            case 4 -> SqlValue.of(readString(in));
            case 5 -> SqlValue.of(in.bytes(in.remaining()));
            default -> throw unknown(start, "value");
        };
    }

    private static void writeRowid(WireWriter out, OptionalLong rowid) {
        if (rowid.isPresent()) {
            out.uint8(PRESENT).int64(rowid.getAsLong());
        } else {
            out.uint8(ABSENT);
        }
    }

    private static OptionalLong readRowid(WireReader in) {
        return readBoolean(in) ? OptionalLong.of(in.int64()) : OptionalLong.empty();
    }

    private static void writeError(WireWriter out, SqlError error) {
        out.string(error.code()).string(error.message());
    }

    private static SqlError readError(WireReader in) {
        return new SqlError(readString(in), readString(in));
    }

    private static String readString(WireReader in) {
        return in.string(in.remaining());
    }

    private static void writeBoolean(WireWriter out, boolean value) {
        out.uint8(value ? PRESENT : ABSENT);
    }

    private static boolean readBoolean(WireReader in) {
        var start = in.position();
        return switch (in.uint8()) {
            case ABSENT -> false;
            case PRESENT -> true;
            default -> throw unknown(start, "truth value");
        };
    }

    private static <T> void writeOptional(WireWriter out, Optional<T> value, BiConsumer<WireWriter, T> write) {
        writeBoolean(out, value.isPresent());
        value.ifPresent(present -> write.accept(out, present));
    }

    private static <T> Optional<T> readOptional(WireReader in, Function<WireReader, T> read) {
        return readBoolean(in) ? Optional.of(read.apply(in)) : Optional.empty();
    }

    private static <T> void writeList(WireWriter out, List<T> elements, BiConsumer<WireWriter, T> write) {
        out.varint(elements.size());
        elements.forEach(element -> write.accept(out, element));
    }

    /** Each element takes a byte at least, so a count that lies is found before memory is taken for it. */
    private static <T> List<T> readList(WireReader in, Function<WireReader, T> read) {
        var count = in.count(1, Integer.MAX_VALUE);
        List<T> elements = new ArrayList<>();
        for (var i = 0; i < count; i++) {
            elements.add(read.apply(in));
        }
        return elements;
    }

    private static Malformed unknown(int offset, String what) {
        return new Malformed(WHAT, offset, "an unknown kind of " + what);
    }
}
