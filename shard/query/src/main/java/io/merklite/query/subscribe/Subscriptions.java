package io.merklite.query.subscribe;

import io.merklite.query.QueryException.DatabaseFailure;
import io.merklite.query.QueryException.UnwatchableQuery;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Queries of one connection whose results are reported when they change.
 *
 * <p>Nothing is noticed by itself: whoever changes the database says so, by {@link #notifyChanges} with the rows that
 * changed, by {@link #notifyTables}, or by {@link #notifyEverything}. Then each query whose result could
 * differ is run, and its listener called if the result does differ from the last one reported. A new subscription reports
 * at the next notification, whatever that names.
 *
 * <pre>{@code
 * var subscriptions = new Subscriptions(connection);
 * subscriptions.subscribe("SELECT id, label FROM item WHERE grp = 1 ORDER BY id", report -> show(report.rows()));
 * subscriptions.notifyTables(Set.of());        // the first report
 * statement.execute("INSERT INTO item(id, grp, label) VALUES (7, 1, 'seven')");
 * subscriptions.notifyTables(Set.of("item"));  // the second
 * }</pre>
 *
 * <p><b>Invariants.</b> (1) A subscription whose result differs from the one it last reported has been marked as due, if
 * all changes were notified. (2) A notification returns with none due, but those whose query failed. (3) A listener gets
 * its reports one after the other, each different from the one before.
 *
 * <p><b>Listeners</b> may use the connection and this object. What they notify is delivered before the outermost
 * notification returns, after the listener has. A listener that always changes its own result thus never ends. An exception
 * of a listener, or of a query, comes out of the outermost notification when all others have been served, further ones
 * suppressed in it.
 *
 * <p><b>Threading.</b> For one thread at a time, that of the connection. Blocks on the database.
 *
 * <p><b>Cost.</b> A notification looks at the schema's version, tens of microseconds. A changed row costs a few look-ups
 * whatever the number of subscriptions, and an update with missing values a read by key.
 */
public final class Subscriptions implements AutoCloseable {
    /** SQLite's result code for a statement that does not compile, or fails on the data it meets. */
    private static final int SQLITE_ERROR = 1;

    private final Connection connection;
    private final Catalog catalog;
    private final RowLookup lookup;
    private final WatchIndex index;
    private final Map<SubscriptionId, Subscription> subscriptions = new HashMap<>();
    private final TreeMap<Long, Subscription> due = new TreeMap<>();
    private final List<RuntimeException> failures = new ArrayList<>();
    private boolean isDelivering;
    private long lastId;
    private long evaluationCount;
    private long reportCount;

    /** @param connection stays the caller's, who closes it */
    public Subscriptions(Connection connection) {
        this.connection = connection;
        this.catalog = new Catalog(connection);
        this.lookup = new RowLookup(connection);
        this.index = new WatchIndex(this::mark);
    }

    /** As {@link #subscribe(String, List, Consumer)}, without parameters. */
    public SubscriptionId subscribe(String sql, Consumer<Report> listener) {
        return subscribe(sql, List.of(), listener);
    }

    /**
     * Follows the result of a query, which is compiled but not run yet.
     *
     * @param sql a query of SQLite; of several statements the first
     * @param parameters values of its parameters, in order; a missing one is NULL
     * @param listener called at each notification after which the result is another one
     * @throws UnwatchableQuery if the statement is no query, or writes
     * @throws DatabaseFailure if it does not compile
     */
    public SubscriptionId subscribe(String sql, List<SqlValue> parameters, Consumer<Report> listener) {
        try {
            refreshSchema();
            var dependencies = Dependencies.of(connection, catalog, sql, parameters);
            var id = new SubscriptionId(++lastId);
            var subscription = new Subscription(id, sql, parameters, listener);
            subscription.dependOn(Optional.of(dependencies));
            index.add(subscription, dependencies, catalog);
            subscriptions.put(id, subscription);
            mark(subscription);
            return id;
        } catch (SQLException e) {
            throw new DatabaseFailure("compiling the query of a subscription", e);
        }
    }

    /** Ends a subscription; its listener is not called again. Harmless if there is none of this id. */
    public void unsubscribe(SubscriptionId id) {
        var subscription = subscriptions.remove(id);
        if (subscription != null) {
            index.remove(subscription);
            due.remove(id.value());
        }
    }

    /** Whether there are no subscriptions. */
    public boolean isEmpty() {
        return subscriptions.isEmpty();
    }

    /** Reports what differs, whatever has changed. */
    public void notifyEverything() {
        subscriptions.values().forEach(this::mark);
        notifyTables(List.of());
    }

    /**
     * Reports what differs after changes of some tables.
     *
     * @param tables names in any case, unknown ones ignored; none means that only new subscriptions report
     */
    public void notifyTables(Collection<String> tables) {
        match(() -> index.matchTables(tables));
    }

    /**
     * Reports what differs after these changes. They must be all changes since the last notification, and no later change
     * may have been made.
     *
     * @param changes gone through once, each looked at only until the next; changes of one row in the order they were made
     */
    public void notifyChanges(Iterable<? extends RowChange> changes) {
        match(() -> index.matchChanges(changes, lookup));
    }

    /**
     * Forgets what was reported and what is known of the schema: at the next notification every subscription reports.
     * Needed after the connection's content was replaced, or a change of schema rolled back.
     */
    public void reset() {
        catalog.forget();
        for (var subscription : subscriptions.values()) {
            subscription.forgetReported();
            mark(subscription);
        }
    }

    /** How many queries have been run. */
    public long evaluationCount() {
        return evaluationCount;
    }

    /** How many reports have been made. */
    public long reportCount() {
        return reportCount;
    }

    /** Ends all subscriptions and closes what is open on the connection. */
    @Override
    public void close() {
        subscriptions.clear();
        due.clear();
        index.clear();
        try {
            lookup.close();
        } catch (SQLException e) {
            throw new DatabaseFailure("closing statements", e);
        }
    }

    /** Marks what changes may concern. */
    @FunctionalInterface
    private interface Matching {
        void run() throws SQLException;
    }

    /** If it can't be found out what the changes concern, they may concern all. */
    private void match(Matching matching) {
        if (subscriptions.isEmpty()) {
            return;
        }
        var isDone = false;
        try {
            refreshSchema();
            matching.run();
            isDone = true;
        } catch (SQLException e) {
            throw new DatabaseFailure("finding what changes concern", e);
        } finally {
            if (!isDone) {
                subscriptions.values().forEach(this::mark);
            }
        }
        deliver();
    }

    /** After a change of schema all may have other columns, tables and terms. */
    private void refreshSchema() throws SQLException {
        if (!catalog.refresh()) {
            return;
        }
        var isDone = false;
        try {
            lookup.close();
            index.clear();
            for (var subscription : subscriptions.values()) {
                analyseAgain(subscription);
                mark(subscription);
            }
            isDone = true;
        } finally {
            if (!isDone) {
                catalog.forget();
            }
        }
    }

    /** A query that no longer compiles fails when it is run, and then waits for the next change of schema. */
    private void analyseAgain(Subscription subscription) throws SQLException {
        Optional<Dependencies> dependencies;
        try {
            dependencies =
                    Optional.of(Dependencies.of(connection, catalog, subscription.sql(), subscription.parameters()));
        } catch (SQLException e) {
            if (e.getErrorCode() != SQLITE_ERROR) {
                throw e;
            }
            dependencies = Optional.empty();
        }
        subscription.dependOn(dependencies);
        if (dependencies.isPresent()) {
            index.add(subscription, dependencies.get(), catalog);
        }
    }

    private void mark(Subscription subscription) {
        subscription.setDue(true);
        due.put(subscription.id().value(), subscription);
    }

    private void deliver() {
        if (isDelivering) {
            return;
        }
        List<Subscription> retried = new ArrayList<>();
        isDelivering = true;
        try {
            while (!due.isEmpty()) {
                var subscription = due.pollFirstEntry().getValue();
                subscription.setDue(false);
                if (!evaluate(subscription)) {
                    retried.add(subscription);
                }
            }
        } finally {
            isDelivering = false;
            retried.stream()
                    .filter(subscription -> subscriptions.containsKey(subscription.id()))
                    .forEach(this::mark);
        }
        throwFailures();
    }

    /**
     * Runs a query and reports its result; false if that failed and is to be tried again. A query that fails on the data,
     * or for want of a table, fails again until these change; one that met a lock does not.
     */
    private boolean evaluate(Subscription subscription) {
        QueryResult result;
        try {
            result = run(subscription);
        } catch (SQLException e) {
            failures.add(new DatabaseFailure(
                    "running the query of subscription " + subscription.id().value(), e));
            return e.getErrorCode() == SQLITE_ERROR;
        }
        try {
            reportCount += subscription.report(result) ? 1 : 0;
        } catch (RuntimeException ofListener) {
            failures.add(ofListener);
        }
        return true;
    }

    private QueryResult run(Subscription subscription) throws SQLException {
        evaluationCount++;
        try (var query = connection.prepareStatement(subscription.sql())) {
            JdbcValues.bind(query, subscription.parameters());
            try (var rows = query.executeQuery()) {
                if (subscription.identity().isEmpty()) {
                    subscription.identifyBy(ResultIdentity.of(rows.getMetaData(), catalog));
                }
                return QueryResult.read(rows);
            }
        }
    }

    private void throwFailures() {
        if (failures.isEmpty()) {
            return;
        }
        var first = failures.removeFirst();
        failures.forEach(first::addSuppressed);
        failures.clear();
        throw first;
    }
}
