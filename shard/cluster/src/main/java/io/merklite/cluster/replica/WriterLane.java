package io.merklite.cluster.replica;

import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.replica.ReplicaCore.Outbox;
import io.merklite.cluster.replica.SqlReply.Answered;
import io.merklite.cluster.replica.SqlReply.Refusal;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlLane;
import io.merklite.cluster.sql.SqlLimits;
import io.merklite.cluster.sql.SqlPlan;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlRun;
import io.merklite.cluster.sql.SqlRun.Progress;
import io.merklite.cluster.sql.SqlStreamState;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The one lane on which a database is written.
 *
 * <p>Requests that are complete in themselves are grouped: each runs under a savepoint of one SQLite transaction, so one
 * that fails fails alone, and a group is one transaction of the log. While a group is on its way to the log the next one
 * runs, in the same SQLite transaction; when the log has them all they are committed, and answered. What can't share has
 * the lane for itself; a stream that leaves a transaction open keeps it, on a lease.
 *
 * <p><b>Invariants.</b> (1) Between {@code append} and {@link #appended} nothing but groups runs on the file. (2) Nothing is
 * committed that is not in the log. (3) A request is answered once, and only after what it wrote is committed.
 *
 * <p><b>Threading.</b> Confined to the database's actor. Blocks on disk.
 */
final class WriterLane {
    /** Groups in a SQLite transaction: more of them share a commit, and the first of them waits longer. */
    private static final int MAX_GROUPS = 3;

    private final ReplicaCore core;
    private final ReplicaSettings settings;
    private final ReplicaMetrics metrics;
    private final InstantSource clock;
    private final SqlLane lane;
    private final Owner owner;
    private final Deque<Job> queue = new ArrayDeque<>();
    private final ClientStreams streams;
    private final List<Job> running = new ArrayList<>();
    private State state = State.FREE;

    /** What the lane asks of the database's actor. */
    interface Owner {
        /** Answered by {@link WriterLane#appended}. */
        void append(List<Transaction> transactions);

        /** Sends what a commit has led to. */
        void committed(Outbox outbox);

        /** Answers, once {@code last} is acknowledged as the stream wants it. */
        void answer(RunSql sql, Answered answered, Optional<Transaction> last);

        /** The open transaction applies a request, which is answered like this if it is committed. */
        void applies(RunSql sql, List<SqlResponse> responses);

        /** What a read must see to see everything committed here. */
        VersionVector bookmark();
    }

    /** A request that waits. */
    private static final class Job {
        private final RunSql sql;
        private final SqlStreamState stream;
        private final SqlPlan plan;
        private final Instant deadline;
        private boolean isAlone;

        private Job(RunSql sql, SqlStreamState stream, SqlPlan plan, Instant deadline) {
            this.sql = sql;
            this.stream = stream;
            this.plan = plan;
            this.deadline = deadline;
            // What has read and now writes comes from a reader, and its transaction must not meet a commit on its way.
            this.isAlone = plan.writingKind() == SqlPlan.Kind.EXCLUSIVE;
        }
    }

    /** A request that has run and is not committed yet. */
    private record Ran(Job job, List<SqlResponse> responses) {}

    /** Requests that are one transaction of the log; none if they have changed nothing. */
    private record Group(List<Ran> ran, Optional<Transaction> last) {}

    private sealed interface State {
        State FREE = new Free();

        record Free() implements State {}

        /**
         * The log writes what several requests did.
         *
         * @param groups in the order of their transactions
         * @param stampedCount how many transactions they have made
         * @param unloggedCount of how many groups the log has not said yet that it has them
         */
        record Grouped(List<Group> groups, int stampedCount, int unloggedCount) implements State {
            private static final Grouped NONE = new Grouped(List.of(), 0, 0);

            boolean isFirst() {
                return groups.isEmpty();
            }

            /** With another group, whose {@code transactions} go to the log. */
            Grouped and(Group group, List<Transaction> transactions) {
                List<Group> all = new ArrayList<>(groups);
                all.add(group);
                return new Grouped(
                        all, stampedCount + transactions.size(), unloggedCount + (transactions.isEmpty() ? 0 : 1));
            }

            Grouped logged() {
                return new Grouped(groups, stampedCount, unloggedCount - 1);
            }
        }

        /**
         * As {@link Grouped}, but SQLite has undone them all, when the group after them failed: they are merged again as soon as
         * the log has them.
         */
        record Undone(Grouped groups, List<Transaction> transactions) implements State {}

        /** The log writes what one request did up to a COMMIT. */
        record Committing(Job job, SqlRun run, Optional<Transaction> last) implements State {}

        /** A stream has its transaction open. */
        record Leased(StreamId stream, Instant since, Instant used) implements State {}
    }

    WriterLane(ReplicaCore core, ClientStreams streams, ReplicaHome home, Owner owner) {
        this.core = core;
        this.streams = streams;
        this.settings = home.settings();
        this.metrics = home.metrics();
        this.clock = home.clock();
        this.owner = owner;
        try {
            this.lane = SqlLane.writing(core.connection(), new CoreTransaction(core), SqlLimits.DEFAULTS, clock);
        } catch (SQLException e) {
            throw new StoreFailure("preparing the writer's connection", e);
        }
    }

    /** Whether no transaction is open on the file. */
    boolean isFree() {
        return state instanceof State.Free;
    }

    /** Whether there is nothing to do, and nobody has anything open. */
    boolean isIdle() {
        return isFree() && queue.isEmpty();
    }

    /**
     * Takes a request in. There is always room for that of the stream whose transaction the others wait for: it could not end
     * otherwise.
     *
     * @param stream the state of its stream
     * @param plan of its requests in that state
     */
    void offer(RunSql sql, SqlStreamState stream, SqlPlan plan) {
        if (queue.size() >= settings.maxQueueCount() && !isLeasedTo(sql.stream())) {
            refuse(sql, Refusal.OVERLOADED, settings.maxQueueCount() + " requests wait for the writer");
            return;
        }
        queue.add(new Job(sql, stream, plan, clock.instant().plus(settings.queueTimeout())));
    }

    private boolean isLeasedTo(StreamId stream) {
        return state instanceof State.Leased leased && leased.stream().equals(stream);
    }

    private void refuse(RunSql sql, Refusal refusal, String what) {
        metrics.refused(refusal);
        sql.replyTo().tell(new SqlReply.Refused(refusal, what));
    }

    /** Whether a request of this key waits or runs. */
    boolean has(RequestKey key) {
        return Stream.concat(queue.stream(), running.stream())
                .anyMatch(job -> job.sql
                        .key()
                        .filter(other -> other.text().equals(key.text()))
                        .isPresent());
    }

    /** Does the next thing; false if there is none that can be done now. */
    boolean next() {
        return switch (state) {
            case State.Free free -> {
                if (queue.isEmpty()) {
                    yield false;
                }
                if (queue.getFirst().isAlone) {
                    runAlone(queue.removeFirst());
                } else {
                    runGroup(State.Grouped.NONE);
                }
                yield true;
            }
            case State.Leased leased -> {
                var next = takeOf(leased.stream());
                next.ifPresent(this::runAlone);
                yield next.isPresent();
            }
            case State.Grouped grouped -> {
                var goesOn = grouped.groups().size() < MAX_GROUPS && !queue.isEmpty() && !queue.getFirst().isAlone;
                if (goesOn) {
                    runGroup(grouped);
                }
                yield goesOn;
            }
            case State.Undone undone -> false;
            case State.Committing committing -> false;
        };
    }

    private Optional<Job> takeOf(StreamId stream) {
        for (Iterator<Job> jobs = queue.iterator(); jobs.hasNext(); ) {
            var job = jobs.next();
            if (job.sql.stream().equals(stream)) {
                jobs.remove();
                return Optional.of(job);
            }
        }
        return Optional.empty();
    }

    // ---- many requests in one commit --------------------------------------------------------------------------------

    /**
     * Runs what waits, up to a bound, in one SQLite transaction: that of the groups {@code before}, which are on their way to
     * the log, if there are any. So the file is worked on while the disk syncs.
     *
     * <p>A group has no savepoint of its own: SQLite would keep a copy of each page that it changes, in a temporary file. A
     * group that can't be stamped, which is rare, takes those before it along, and these are merged again.
     */
    private void runGroup(State.Grouped before) {
        List<Job> taken = new ArrayList<>();
        while (taken.size() < settings.maxBatchCount() && !queue.isEmpty() && !queue.getFirst().isAlone) {
            taken.add(queue.removeFirst());
        }
        running.addAll(taken);
        metrics.batch(taken.size());
        List<Ran> ran = new ArrayList<>();
        List<Job> alone = new ArrayList<>();
        beginGroup(before);
        try {
            for (var job : taken) {
                var run = lane.group(job.plan, job.stream, job.sql.options().isReadOnly());
                switch (run.advance()) {
                    case Progress.Finished finished -> {
                        owner.applies(job.sql, finished.responses());
                        ran.add(new Ran(job, finished.responses()));
                    }
                    case Progress.Moves moves -> alone.add(job);
                    case Progress.Lost lost -> {
                        lost(before, taken);
                        return;
                    }
                    case Progress.Committing committing -> throw unexpected(committing);
                    case Progress.Fetched fetched -> throw unexpected(fetched);
                }
            }
            var stamped = core.stamp();
            putBack(alone);
            append(before, ran, stamped.subList(before.stampedCount(), stamped.size()));
        } catch (SyncException e) {
            undone(before);
            core.rollback();
            runApart(taken);
        }
    }

    private void beginGroup(State.Grouped before) {
        if (before.isFirst()) {
            core.begin(true);
            lane.beginGroup();
        }
    }

    /** SQLite has undone the whole transaction, also what is on its way to the log. */
    private void lost(State.Grouped before, List<Job> taken) {
        undone(before);
        core.rolledBack();
        runApart(taken);
    }

    /** Keeps what is on its way to the log, before the store forgets it. */
    private void undone(State.Grouped before) {
        if (!before.isFirst()) {
            state = new State.Undone(before, core.stamped().subList(0, before.stampedCount()));
        }
    }

    private void append(State.Grouped before, List<Ran> ran, List<Transaction> transactions) {
        if (before.isFirst() && transactions.isEmpty()) {
            owner.committed(core.commit());
            answer(new Group(ran, Optional.empty()));
            return;
        }
        var last = transactions.isEmpty() ? Optional.<Transaction>empty() : Optional.of(transactions.getLast());
        state = before.and(new Group(ran, last), transactions);
        if (!transactions.isEmpty()) {
            owner.append(transactions);
        }
    }

    /** Something of the group has spoilt it for all: each runs again by itself, so that only the one at fault fails. */
    private void runApart(List<Job> jobs) {
        putBack(jobs);
    }

    private void putBack(List<Job> jobs) {
        running.removeAll(jobs);
        for (var i = jobs.size() - 1; i >= 0; i--) {
            jobs.get(i).isAlone = true;
            queue.addFirst(jobs.get(i));
        }
    }

    private void answer(Group group) {
        var bookmark = owner.bookmark();
        for (var done : group.ran()) {
            running.remove(done.job());
            metrics.answered();
            streams.ran(
                    done.job().sql.stream(), done.job().stream, done.job().sql.isLast());
            owner.answer(done.job().sql, new Answered(done.responses(), bookmark, true), group.last());
        }
    }

    // ---- one request by itself --------------------------------------------------------------------------------------

    private void runAlone(Job job) {
        running.add(job);
        drive(
                job,
                lane.exclusive(job.sql.requests(), job.stream, job.sql.options().isReadOnly()),
                Optional.empty());
    }

    private void drive(Job job, SqlRun run, Optional<Transaction> last) {
        var committed = last;
        while (true) {
            switch (run.advance()) {
                case Progress.Finished finished -> {
                    finish(job, finished.responses(), committed);
                    return;
                }
                case Progress.Committing committing -> {
                    List<Transaction> transactions;
                    try {
                        owner.applies(job.sql, run.responsesIfCommitted());
                        transactions = core.stamp();
                    } catch (SyncException e) {
                        core.rollback();
                        run.commitFailed(new SqlError(e.code(), String.valueOf(e.getMessage())));
                        continue;
                    }
                    if (!transactions.isEmpty()) {
                        state = new State.Committing(job, run, Optional.of(transactions.getLast()));
                        owner.append(transactions);
                        return;
                    }
                    owner.committed(core.commit());
                    run.committed();
                }
                case Progress.Moves moves -> throw unexpected(moves);
                case Progress.Lost lost -> throw unexpected(lost);
                case Progress.Fetched fetched -> throw unexpected(fetched);
            }
        }
    }

    private static IllegalStateException unexpected(Progress progress) {
        return new IllegalStateException("a request on the writer's lane gave " + progress);
    }

    private void finish(Job job, List<SqlResponse> responses, Optional<Transaction> last) {
        var id = job.sql.stream();
        var stream = job.stream;
        streams.ran(id, stream, job.sql.isLast());
        if (!stream.isWriting()) {
            state = State.FREE;
        } else if (job.sql.isLast()) {
            core.rollback();
            state = State.FREE;
        } else {
            var since = state instanceof State.Leased leased ? leased.since() : clock.instant();
            state = new State.Leased(id, since, clock.instant());
        }
        running.remove(job);
        metrics.answered();
        owner.answer(job.sql, new Answered(responses, owner.bookmark(), stream.isAutocommit()), last);
    }

    // ---- what comes back --------------------------------------------------------------------------------------------

    /** What was to be appended is in the log. */
    void appended() {
        switch (state) {
            case State.Grouped grouped -> {
                var logged = grouped.logged();
                state = logged.unloggedCount() == 0 ? State.FREE : logged;
                if (logged.unloggedCount() == 0) {
                    owner.committed(core.commit());
                    logged.groups().forEach(this::answer);
                }
            }
            case State.Undone undone -> {
                var logged = undone.groups().logged();
                state = logged.unloggedCount() == 0 ? State.FREE : new State.Undone(logged, undone.transactions());
                if (logged.unloggedCount() == 0) {
                    owner.committed(core.commitAgain(undone.transactions()));
                    logged.groups().forEach(this::answer);
                }
            }
            case State.Committing committing -> {
                state = State.FREE;
                owner.committed(core.commit());
                committing.run().committed();
                drive(committing.job(), committing.run(), committing.last());
            }
            case State.Free free -> throw new IllegalStateException("appended, and nothing was to be");
            case State.Leased leased -> throw new IllegalStateException("appended, and nothing was to be");
        }
    }

    /** The stream is gone: what it has open is undone. */
    void close(StreamId stream) {
        takeOf(stream);
        if (isLeasedTo(stream)) {
            core.rollback();
            state = State.FREE;
        }
        streams.forget(stream);
    }

    /** The node that streams belonged to is gone. */
    void closeAll(long node) {
        queue.removeIf(job -> job.sql.stream().node() == node);
        if (state instanceof State.Leased leased && leased.stream().node() == node) {
            core.rollback();
            state = State.FREE;
        }
        streams.forgetAll(node);
    }

    /** Time has come on: leases and waits end. */
    void tick(Instant now) {
        queue.removeIf(job -> {
            var isLate = !job.deadline.isAfter(now);
            if (isLate) {
                refuse(job.sql, Refusal.BUSY, "the writer was busy for " + settings.queueTimeout());
            }
            return isLate;
        });
        if (state instanceof State.Leased leased) {
            var isContended = !queue.isEmpty()
                    && !leased.since().plus(settings.leaseContended()).isAfter(now);
            var isIdle = !leased.used().plus(settings.leaseIdle()).isAfter(now);
            if (isContended || isIdle) {
                core.rollback();
                streams.of(leased.stream()).takenAway();
                state = State.FREE;
            }
        }
    }

    /** Closes what was prepared. */
    void close() {
        try {
            lane.close();
        } catch (SQLException e) {
            throw new StoreFailure("closing the writer's connection", e);
        }
    }

    /** Whether nothing is on its way to the log. */
    boolean isSettled() {
        return state instanceof State.Free || state instanceof State.Leased;
    }

    /** Has what waits ask the successor. */
    void refuseWaiting() {
        queue.forEach(job -> {
            metrics.refused(Refusal.MOVING);
            DatabaseShell.refuseAsMoving(job.sql);
        });
        queue.clear();
    }

    private void refuseWaiting(Refusal refusal, String why) {
        queue.forEach(job -> refuse(job.sql, refusal, why));
        queue.clear();
    }

    /** Refuses everything that waits or runs: the database closes. */
    void refuseAll(Refusal refusal, String why) {
        refuseWaiting(refusal, why);
        running.forEach(job -> refuse(job.sql, Refusal.UNKNOWN_OUTCOME, why));
        running.clear();
        state = State.FREE;
    }
}
