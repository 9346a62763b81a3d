package io.merklite.cluster.replica;

import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlCodec;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.sync.store.RequestLedger;
import io.merklite.sync.store.RequestLedger.Applied;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Requests with a key: which were applied, and which never may be.
 *
 * <p><b>Invariants.</b> (1) A request is recorded in the transaction that applies it, so there is no moment at which one is
 * there without the other. (2) Once somebody was told that a request was not applied, it is not applied: it may be on its way
 * still, from a client or a node that has given it up. A new writer needs not know that: what was on its way to the old one had
 * a transaction open there, or was told to come again.
 *
 * <p><b>Threading.</b> Confined to the database's actor.
 */
final class AppliedRequests {
    private static final int MAX_ANSWER_BYTES = 64 << 10;
    private static final int MAX_BARRED = 10_000;
    private static final String WHAT = "recorded answer";

    private final RequestLedger ledger;
    private final InstantSource clock;
    private final Set<String> barred = new LinkedHashSet<>();

    AppliedRequests(RequestLedger ledger, InstantSource clock) {
        this.ledger = ledger;
        this.clock = clock;
    }

    /** What became of a request. */
    sealed interface Known {
        /** It was applied, and answered like this. */
        record Answered(List<SqlResponse> responses) implements Known {}

        /** Another request was applied under its key. */
        record Other() implements Known {}

        /** Somebody was told that it was not applied. */
        record Barred() implements Known {}
    }

    /** What is known of a request; nothing if it may be run. */
    Optional<Known> find(RequestKey key) {
        if (barred.contains(key.text())) {
            return Optional.of(new Known.Barred());
        }
        return ledger.find(key.text())
                .map(applied -> applied.digest().equals(key.digest())
                        ? new Known.Answered(read(applied.answer()))
                        : new Known.Other());
    }

    /** The request is not applied from now on. */
    void bar(RequestKey key) {
        barred.add(key.text());
        if (barred.size() > MAX_BARRED) {
            barred.remove(barred.iterator().next());
        }
    }

    /** Records a request in the transaction that is open, if it has a key and did not fail. */
    void record(RunSql sql, List<SqlResponse> responses) {
        if (sql.key().isPresent() && responses.stream().allMatch(AppliedRequests::hasSucceeded)) {
            var key = sql.key().get();
            var answer = write(responses);
            if (answer.length > MAX_ANSWER_BYTES) {
                answer = write(
                        responses.stream().map(AppliedRequests::withoutRows).toList());
            }
            ledger.record(key.text(), new Applied(key.digest(), answer), clock.instant());
        }
    }

    private static boolean hasSucceeded(SqlResponse response) {
        return switch (response) {
            case SqlResponse.BatchDone batch ->
                batch.outcomes().stream().noneMatch(StepOutcome.Failed.class::isInstance);
            case SqlResponse.Refused refused -> false;
            case SqlResponse.SequenceDone done -> true;
            case SqlResponse.Described described -> true;
            case SqlResponse.AutocommitIs is -> true;
        };
    }

    private static SqlResponse withoutRows(SqlResponse response) {
        return response instanceof SqlResponse.BatchDone batch
                ? new SqlResponse.BatchDone(batch.outcomes().stream()
                        .map(outcome -> outcome instanceof StepOutcome.Done done
                                ? new StepOutcome.Done(done.result().withoutRows())
                                : outcome)
                        .toList())
                : response;
    }

    private static byte[] write(List<SqlResponse> responses) {
        var out = new WireWriter();
        SqlCodec.writeResponses(out, responses);
        return out.toByteArray();
    }

    private static List<SqlResponse> read(byte[] answer) {
        var in = new WireReader(WHAT, answer, 0, answer.length);
        var responses = SqlCodec.readResponses(in);
        in.expectEnd();
        return responses;
    }
}
