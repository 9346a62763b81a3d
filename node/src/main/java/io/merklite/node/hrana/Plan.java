package io.merklite.node.hrana;

import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StepOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What requests of a client mean for a {@link io.merklite.cluster.sql.SqlStream}: which requests to run there, and which
 * answers to make of its responses.
 *
 * <p>Stored texts are looked up in the order of the requests, before anything runs; so a violation leaves nothing half done.
 */
final class Plan {
    private final List<StreamRequest> requests;
    private final List<Answer> immediate;
    private final List<SqlRequest> sqlRequests;
    private final boolean isLast;

    private Plan(List<StreamRequest> requests, List<Answer> immediate, List<SqlRequest> sqlRequests, boolean isLast) {
        this.requests = requests;
        this.immediate = immediate;
        this.sqlRequests = sqlRequests;
        this.isLast = isLast;
    }

    /** Plans requests in order; stored texts come from, and go to, {@code stored}. */
    static Plan of(List<StreamRequest> requests, StoredSql stored) {
        List<Answer> immediate = new ArrayList<>();
        List<SqlRequest> sqlRequests = new ArrayList<>(requests.size());
        var isLast = false;
        for (var request : requests) {
            if (isLast) {
                throw new HranaException.Violated("a request follows the one that closes the stream");
            }
            switch (request) {
                case StreamRequest.StoreSql store -> immediate.add(stored.store(store));
                case StreamRequest.CloseSql close -> immediate.add(stored.close(close));
                case StreamRequest.Close close -> {
                    immediate.add(Answer.Done.CLOSE);
                    isLast = true;
                }
                case StreamRequest.Execute execute ->
                    sqlRequests.add(SqlRequest.Batch.of(execute.statement().resolve(stored)));
                case StreamRequest.Batch batch -> sqlRequests.add(batch.batch().resolve(stored));
                case StreamRequest.Sequence sequence ->
                    sqlRequests.add(new SqlRequest.Sequence(stored.resolve(sequence.text())));
                case StreamRequest.Describe describe ->
                    sqlRequests.add(new SqlRequest.Describe(stored.resolve(describe.text())));
                case StreamRequest.Autocommit autocommit -> sqlRequests.add(SqlRequest.Autocommit.AUTOCOMMIT);
            }
        }
        return new Plan(requests, immediate, sqlRequests, isLast);
    }

    /** What the stream has to run, possibly nothing. */
    List<SqlRequest> sqlRequests() {
        return sqlRequests;
    }

    /** Whether the stream ends with these requests. */
    boolean isLast() {
        return isLast;
    }

    /**
     * Whether a connection that ran this may differ from a fresh one when no transaction is open: by temporary tables or
     * changed pragmas. Errs on the side of yes.
     */
    boolean leavesTraces() {
        return sqlRequests.stream().anyMatch(request -> switch (request) {
            case SqlRequest.Batch batch -> leavesTraces(batch);
            case SqlRequest.Sequence sequence -> leavesTraces(sequence.sql());
            case SqlRequest.Describe describe -> false;
            case SqlRequest.Autocommit autocommit -> false;
        });
    }

    static boolean leavesTraces(SqlRequest.Batch batch) {
        return batch.steps().stream()
                .anyMatch(step -> leavesTraces(step.statement().sql()));
    }

    private static boolean leavesTraces(String sql) {
        var lower = sql.toLowerCase(Locale.ROOT);
        return lower.contains("temp") || lower.contains("pragma");
    }

    /** An answer for each request, in order, given what the stream said to each of {@link #sqlRequests}. */
    List<Answer> answers(List<SqlResponse> responses) {
        var fromStream = responses.iterator();
        var fromPlan = immediate.iterator();
        List<Answer> answers = new ArrayList<>(requests.size());
        for (var request : requests) {
            answers.add(
                    switch (request) {
                        case StreamRequest.StoreSql store -> fromPlan.next();
                        case StreamRequest.CloseSql close -> fromPlan.next();
                        case StreamRequest.Close close -> fromPlan.next();
                        case StreamRequest.Execute execute -> executed(fromStream.next());
                        case StreamRequest.Batch batch -> other(fromStream.next());
                        case StreamRequest.Sequence sequence -> other(fromStream.next());
                        case StreamRequest.Describe describe -> other(fromStream.next());
                        case StreamRequest.Autocommit autocommit -> other(fromStream.next());
                    });
        }
        return answers;
    }

    /** The answer to a statement, which ran as a batch of one step. */
    private static Answer executed(SqlResponse response) {
        return response instanceof SqlResponse.BatchDone done
                ? switch (done.outcomes().getFirst()) {
                    case StepOutcome.Done(var result) -> new Answer.Executed(result);
                    case StepOutcome.Failed(var error) -> new Answer.Failed(error);
                    case StepOutcome.Skipped skipped ->
                        throw new IllegalStateException("a step without a condition was skipped");
                }
                : other(response);
    }

    private static Answer other(SqlResponse response) {
        return switch (response) {
            case SqlResponse.BatchDone(var outcomes) -> new Answer.BatchRan(outcomes);
            case SqlResponse.SequenceDone done -> Answer.Done.SEQUENCE;
            case SqlResponse.Described described -> new Answer.Described(described);
            case SqlResponse.AutocommitIs(var isAutocommit) -> new Answer.AutocommitIs(isAutocommit);
            case SqlResponse.Refused(var error) -> new Answer.Failed(error);
        };
    }
}
