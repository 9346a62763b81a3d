package io.merklite.node.hrana;

import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.query.subscribe.SqlValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.pekko.util.ByteString;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A pipeline of one statement with three values, and its answer with 100 rows. Here because both are private to their package. */
@State(Scope.Benchmark)
public class HranaJsonBenchmark {
    private static final int MAX_BYTES = 1 << 24;
    private static final int ROWS = 100;

    private final JsonRequests requests = new JsonRequests(MAX_BYTES);
    private final JsonAnswers answers = new JsonAnswers(MAX_BYTES);
    private final byte[] body = """
            {"requests":[{"type":"execute","stmt":{"sql":"INSERT INTO item VALUES (?1, ?2, ?3)","args":[
            {"type":"integer","value":"42"},{"type":"text","value":"item number 42"},{"type":"float","value":1.5}]}},
            {"type":"close"}]}""".getBytes(StandardCharsets.UTF_8);
    private final AnswerEncoder.Head head = new AnswerEncoder.Head(Optional.empty(), Optional.empty());
    private final List<Answer> answer = List.of(new Answer.Executed(result()));

    private static StatementResult result() {
        List<List<SqlValue>> rows = new ArrayList<>();
        for (var id = 0; id < ROWS; id++) {
            rows.add(List.of(SqlValue.of(id), SqlValue.of("item number " + id)));
        }
        return new StatementResult(
                List.of(new ResultColumn("id", Optional.of("INTEGER")), new ResultColumn("label", Optional.of("TEXT"))),
                rows,
                0,
                OptionalLong.empty(),
                ROWS,
                0,
                100);
    }

    /** From bytes to requests. */
    @Benchmark
    public Object readPipeline() {
        return requests.pipeline(body);
    }

    /** From rows to bytes. */
    @Benchmark
    public ByteString writeAnswerOf100Rows() {
        return answers.pipeline(head, answer);
    }
}
