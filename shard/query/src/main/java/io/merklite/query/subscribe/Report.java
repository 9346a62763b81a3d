package io.merklite.query.subscribe;

import java.util.List;
import java.util.Optional;

/** News of one subscription: its result, which differs from the one last reported. Immutable. */
public final class Report {
    private final SubscriptionId subscription;
    private final QueryResult result;
    private final Optional<QueryResult> previous;
    private final List<Integer> identity;

    /** @param identity indexes of the result's columns that tell its rows apart, such as a primary key's; may be empty */
    Report(SubscriptionId subscription, QueryResult result, Optional<QueryResult> previous, List<Integer> identity) {
        this.subscription = subscription;
        this.result = result;
        this.previous = previous;
        this.identity = List.copyOf(identity);
    }

    /** Which subscription. */
    public SubscriptionId subscription() {
        return subscription;
    }

    /** Names of the result's columns. */
    public List<String> columns() {
        return result.columns();
    }

    /** All rows of the result. */
    public List<List<SqlValue>> rows() {
        return result.rows();
    }

    /** The whole result. */
    public QueryResult result() {
        return result;
    }

    /**
     * How the result differs from the one last reported; all rows are added in a first report, and after the columns have
     * changed. Computed when called: O(n log n) in the rows behind the first and before the last difference.
     */
    public ResultDifference difference() {
        var before = previous.orElseGet(() -> new QueryResult(result.columns(), List.of()));
        return ResultDifference.between(before, result, identity);
    }
}
