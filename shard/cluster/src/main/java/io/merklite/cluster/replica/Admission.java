package io.merklite.cluster.replica;

import io.merklite.cluster.replica.DatabaseActor.Command;
import io.merklite.cluster.replica.DatabaseActor.FetchSql;
import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.replica.SqlReply.Answered;
import io.merklite.cluster.replica.SqlReply.Refusal;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlPlan;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Clients' requests on their way in and out: which lane they go to, what they wait for before it, and when the answer may go.
 *
 * <p>Before it, a request waits for what its bookmark names, and one with a key for another one of that key. After it, what
 * was written waits for the acknowledgements that the request wants.
 *
 * <p><b>Threading.</b> Confined to the database's actor.
 */
final class Admission {
    private final ReplicaCore core;
    private final ReplicaHome home;
    private final ClientStreams streams;
    private final Lanes lanes;
    private final AppliedRequests applied;
    private final Acknowledgements acknowledgements;
    private final Runnable settle;
    /** Requests and cursors that must see what is not here yet. */
    private final List<Behind> behind = new ArrayList<>();
    /** Requests whose key is that of one that runs. */
    private final List<Waiting> repeated = new ArrayList<>();

    private record Waiting(RunSql sql, Instant until) {}

    private record Behind(Command command, StreamOptions options, Runnable again, Instant until) {}

    /** Where requests run. */
    interface Lanes {
        /** On a reader. */
        void read(RunSql sql);

        /** On the writer's lane. */
        void write(RunSql sql, SqlPlan plan);

        /** Whether a request of this key waits or runs on the writer's lane. */
        boolean isWriting(RequestKey key);
    }

    /** @param settle looks whether acknowledgements are there already */
    Admission(
            ReplicaCore core,
            ReplicaHome home,
            ClientStreams streams,
            Lanes lanes,
            Acknowledgements acknowledgements,
            Runnable settle) {
        this.core = core;
        this.home = home;
        this.streams = streams;
        this.lanes = lanes;
        this.applied = new AppliedRequests(core.requests(), home.clock());
        this.acknowledgements = acknowledgements;
        this.settle = settle;
    }

    // ---- in ---------------------------------------------------------------------------------------------------------

    /** Takes a request in. */
    void take(RunSql sql) {
        take(sql, () -> admit(sql));
    }

    /** Takes a request in that a reader has given back, since it writes: {@code write} offers it to the writer's lane. */
    void takeFromReader(RunSql sql, Runnable write) {
        take(sql, write);
    }

    private void take(RunSql sql, Runnable admit) {
        if (sql.key().isPresent()) {
            takeKeyed(sql, sql.key().get(), admit);
        } else {
            admit.run();
        }
    }

    /** Takes a cursor in: {@code fetch} begins it. */
    void take(FetchSql cursor, Runnable fetch) {
        if (hasSeen(cursor.options())) {
            fetch.run();
        } else {
            waitBehind(cursor, cursor.options(), fetch);
        }
    }

    /** A request that was applied is answered as then; one that is under way is waited for, by whoever asks again. */
    private void takeKeyed(RunSql sql, RequestKey key, Runnable admit) {
        if (lanes.isWriting(key)) {
            if (hasRoom(sql)) {
                repeated.add(new Waiting(sql, deadline()));
            }
            return;
        }
        switch (applied.find(key).orElse(null)) {
            case AppliedRequests.Known.Answered known ->
                // Another writer may have applied it, which is gone: what it wrote is somewhere in what is here.
                answerWhenAcknowledged(sql, new Answered(known.responses(), core.vector(), true), core.vector());
            case AppliedRequests.Known.Other other ->
                DatabaseShell.refuse(sql, Refusal.KEY_REUSED, "key " + key.text() + " is that of another request");
            case AppliedRequests.Known.Barred barred ->
                DatabaseShell.refuse(sql, Refusal.NOT_APPLIED, "it was said that this request was not applied");
            case null -> {
                if (sql.isRecall()) {
                    applied.bar(key);
                    DatabaseShell.refuse(sql, Refusal.NOT_APPLIED, "no request of key " + key.text() + " was applied");
                } else {
                    admit.run();
                }
            }
        }
    }

    private void admit(RunSql sql) {
        if (sql.continues() && !streams.has(sql.stream())) {
            DatabaseShell.refuse(
                    sql, Refusal.TRANSACTION_LOST, "the writer started anew, and the transaction is undone");
        } else if (hasSeen(sql.options())) {
            dispatch(sql);
        } else {
            // Then it is looked anew what became of its key: another request of it may wait here too.
            waitBehind(sql, sql.options(), () -> take(sql));
        }
    }

    private void waitBehind(Command command, StreamOptions options, Runnable again) {
        if (hasRoom(command)) {
            behind.add(new Behind(command, options, again, deadline()));
        }
    }

    private boolean hasRoom(Command command) {
        var bound = home.settings().maxQueueCount();
        if (behind.size() + repeated.size() < bound) {
            return true;
        }
        DatabaseShell.refuse(command, Refusal.OVERLOADED, bound + " requests wait for what others do");
        return false;
    }

    private Instant deadline() {
        return home.clock().instant().plus(home.settings().queueTimeout());
    }

    /** Whether what a request must see is here. */
    private boolean hasSeen(StreamOptions options) {
        return options.after().isEmpty() || core.vector().covers(options.after().get());
    }

    private void dispatch(RunSql sql) {
        var plan = SqlPlan.of(
                sql.requests(), streams.of(sql.stream()), sql.options().isReadOnly());
        if (plan.kind() == SqlPlan.Kind.READ) {
            lanes.read(sql);
        } else {
            lanes.write(sql, plan);
        }
    }

    /** Takes in what waited, and needs not wait any more. */
    void admitReady() {
        if (!behind.isEmpty()) {
            takeOut(behind, waiting -> hasSeen(waiting.options()))
                    .forEach(waiting -> waiting.again().run());
        }
        if (!repeated.isEmpty()) {
            takeOut(repeated, waiting -> !lanes.isWriting(waiting.sql().key().orElseThrow()))
                    .forEach(waiting -> take(waiting.sql()));
        }
    }

    private static <W> List<W> takeOut(List<W> all, Predicate<W> which) {
        List<W> taken = new ArrayList<>();
        all.removeIf(waiting -> which.test(waiting) && taken.add(waiting));
        return taken;
    }

    /** Whether nobody waits. */
    boolean isEmpty() {
        return behind.isEmpty() && repeated.isEmpty() && acknowledgements.waitingCount() == 0;
    }

    /** Time has come on: what has waited too long is refused. */
    void expire(Instant now) {
        acknowledgements.expire(now);
        takeOut(repeated, waiting -> !waiting.until().isAfter(now))
                .forEach(waiting -> DatabaseShell.refuse(
                        waiting.sql(), Refusal.BUSY, "the request of this key is under way still"));
        takeOut(behind, waiting -> !waiting.until().isAfter(now))
                .forEach(waiting -> DatabaseShell.refuse(
                        waiting.command(), Refusal.BUSY, "what the bookmark names has not come here yet"));
    }

    /** Has all that wait before a lane ask the successor. */
    void refuseWaiting() {
        behind.forEach(waiting -> DatabaseShell.refuseAsMoving(waiting.command()));
        repeated.forEach(waiting -> DatabaseShell.refuseAsMoving(waiting.sql()));
        behind.clear();
        repeated.clear();
    }

    /** Nobody is answered any more: it is not known what others have. */
    void giveUp() {
        acknowledgements.giveUpAll();
        refuseWaiting();
    }

    // ---- out --------------------------------------------------------------------------------------------------------

    /** The open transaction applies a request, which is answered like this if it is committed. */
    void applies(RunSql sql, List<SqlResponse> responses) {
        applied.record(sql, responses);
    }

    /** Answers, once {@code last} is acknowledged as the request wants it. */
    void answer(RunSql sql, Answered answered, Optional<Transaction> last) {
        if (last.isPresent()) {
            var transaction = last.get();
            answerWhenAcknowledged(sql, answered, VersionVector.EMPTY.with(transaction.origin(), transaction.seq()));
        } else {
            sql.replyTo().tell(answered);
        }
    }

    private void answerWhenAcknowledged(RunSql sql, Answered answered, VersionVector written) {
        var level = sql.options().acknowledgement();
        if (level == StreamOptions.Acknowledgement.LOCAL) {
            sql.replyTo().tell(answered);
            return;
        }
        Instant until = home.clock().instant().plus(home.settings().acknowledgeTimeout());
        acknowledgements.await(
                written,
                level,
                until,
                () -> sql.replyTo().tell(answered),
                () -> DatabaseShell.refuse(
                        sql,
                        Refusal.UNKNOWN_OUTCOME,
                        "committed here, not acknowledged in time at level " + level + "; bookmark "
                                + answered.bookmark()));
        settle.run();
    }
}
