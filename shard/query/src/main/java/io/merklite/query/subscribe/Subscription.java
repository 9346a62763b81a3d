package io.merklite.query.subscribe;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** One subscription and what it last reported. Confined to its {@link Subscriptions}. */
final class Subscription {
    private final SubscriptionId id;
    private final String sql;
    private final List<SqlValue> parameters;
    private final Consumer<Report> listener;

    /** What the query depends on; none if it no longer compiles. */
    private Optional<Dependencies> dependencies = Optional.empty();

    private Optional<QueryResult> reported = Optional.empty();
    private Optional<List<Integer>> identity = Optional.empty();

    /** Whether the result may differ from the one reported. */
    private boolean isDue;

    Subscription(SubscriptionId id, String sql, List<SqlValue> parameters, Consumer<Report> listener) {
        this.id = id;
        this.sql = sql;
        this.parameters = List.copyOf(parameters);
        this.listener = listener;
    }

    SubscriptionId id() {
        return id;
    }

    String sql() {
        return sql;
    }

    List<SqlValue> parameters() {
        return parameters;
    }

    Optional<Dependencies> dependencies() {
        return dependencies;
    }

    /** Takes what a look at the present schema found. */
    void dependOn(Optional<Dependencies> found) {
        dependencies = found;
        identity = Optional.empty();
    }

    boolean isDue() {
        return isDue;
    }

    void setDue(boolean due) {
        isDue = due;
    }

    /** The result's columns that tell its rows apart, if they have been looked for. */
    Optional<List<Integer>> identity() {
        return identity;
    }

    void identifyBy(List<Integer> columns) {
        identity = Optional.of(List.copyOf(columns));
    }

    void forgetReported() {
        reported = Optional.empty();
    }

    /** Tells the listener if {@code result} differs from the last one; whether it does. */
    boolean report(QueryResult result) {
        if (reported.isPresent() && reported.get().equals(result)) {
            return false;
        }
        var report = new Report(id, result, reported, identity.orElse(List.of()));
        reported = Optional.of(result);
        listener.accept(report);
        return true;
    }
}
