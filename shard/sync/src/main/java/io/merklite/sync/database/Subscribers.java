package io.merklite.sync.database;

import io.merklite.query.QueryException;
import io.merklite.query.subscribe.Report;
import io.merklite.query.subscribe.SubscriptionId;
import io.merklite.query.subscribe.Subscriptions;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.RefusedQuery;
import io.merklite.sync.SyncException.StatementFailure;
import io.merklite.sync.database.LogListener.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The subscriptions of a database, and what has changed since they were last run.
 *
 * <p>A query that fails when it is run again, such as one whose table is gone, is logged: the write that caused it has
 * been committed, so it must not look as if it had failed.
 */
final class Subscribers implements AutoCloseable {
    private final Subscriptions subscriptions;
    private final UnrecordedChanges unrecorded;
    private final LogListener log;
    private final List<Changeset> changes = new ArrayList<>();
    private boolean areOthersWritten;

    Subscribers(Connection connection, UnrecordedChanges unrecorded, LogListener log) {
        this.subscriptions = new Subscriptions(connection);
        this.unrecorded = unrecorded;
        this.log = log;
    }

    /** A listener with what it heard last: after a reset the same result is reported again, and goes no further. */
    private static final class Follower {
        private final Consumer<QueryResult> listener;
        private Optional<QueryResult> last = Optional.empty();

        Follower(Consumer<QueryResult> listener) {
            this.listener = listener;
        }

        void hear(Report report) {
            var result = Optional.of(new QueryResult(report.subscription().value(), report.columns(), report.rows()));
            if (!result.equals(last)) {
                last = result;
                listener.accept(result.get());
            }
        }
    }

    /** A query that is followed, and has not reported yet. */
    final class Begun implements Registration {
        private final SubscriptionId id;
        private final Follower follower;

        private Begun(SubscriptionId id, Follower follower) {
            this.id = id;
            this.follower = follower;
        }

        /** Runs the query; its first report is the listener's first call. */
        void report() {
            try {
                subscriptions.notifyTables(Set.of());
            } catch (QueryException e) {
                if (follower.last.isEmpty()) {
                    close();
                    throw failure(e);
                }
                tell(e);
            } catch (RuntimeException e) {
                close();
                throw e;
            }
        }

        @Override
        public void close() {
            subscriptions.unsubscribe(id);
        }
    }

    /** Follows a query, which has reported when {@link Begun#report} returns. */
    Begun subscribe(String sql, Consumer<QueryResult> listener) {
        var follower = new Follower(listener);
        try {
            return new Begun(subscriptions.subscribe(sql, follower::hear), follower);
        } catch (QueryException e) {
            throw failure(e);
        }
    }

    private static SyncException failure(QueryException exception) {
        return switch (exception) {
            case QueryException.MalformedQuery malformed -> new RefusedQuery(malformed);
            case QueryException.UnwatchableQuery unwatchable -> new RefusedQuery(unwatchable);
            case QueryException.DatabaseFailure failure ->
                failure.getCause() instanceof SQLException cause
                        ? new StatementFailure("subscribing", cause)
                        : new InvalidState(String.valueOf(failure.getMessage()), failure.remedy());
        };
    }

    /** Takes note of rows that were changed. */
    void changed(Collection<Changeset> changesets) {
        changes.addAll(changesets);
    }

    /** Takes note that anything may have been written that changesets do not tell. */
    void othersWritten() {
        areOthersWritten = true;
    }

    /** Runs what the changes that were noted may concern. */
    void notifyChanged() {
        var noted = List.copyOf(changes);
        var others = areOthersWritten;
        changes.clear();
        areOthersWritten = false;
        if (subscriptions.isEmpty()) {
            return;
        }
        deliver(() -> subscriptions.notifyChanges(() -> new ChangesetRows(noted, unrecorded::isKeyless)));
        if (others) {
            deliver(() -> subscriptions.notifyTables(unrecorded.tables()));
        }
    }

    /** Runs what reads one of these tables. */
    void notifyTables(Collection<String> tables) {
        deliver(() -> subscriptions.notifyTables(tables));
    }

    /** Runs everything. */
    void notifyEverything() {
        deliver(subscriptions::notifyEverything);
    }

    /** Runs everything, with nothing taken for known: what was reported may have been undone. */
    void notifyUndone() {
        subscriptions.reset();
        deliver(() -> subscriptions.notifyTables(Set.of()));
    }

    private void deliver(Runnable notification) {
        try {
            notification.run();
        } catch (QueryException e) {
            tell(e);
            for (var other : e.getSuppressed()) {
                if (other instanceof QueryException query) {
                    tell(query);
                } else if (other instanceof RuntimeException ofListener) {
                    throw ofListener;
                }
            }
        }
    }

    private void tell(QueryException e) {
        log.log(
                Level.WARN,
                "a subscription could not be run, and reports nothing until what it reads changes: " + e.getMessage());
    }

    @Override
    public void close() {
        subscriptions.close();
    }
}
