package io.merklite.client.feed;

import io.merklite.client.Row;
import java.util.List;

/** What happens to the result of a query that is followed. */
public sealed interface ResultEvent {
    /** The result comes anew: what was known of it is void. Always the first event. */
    record Begun(List<String> columns) implements ResultEvent {
        public Begun {
            columns = List.copyOf(columns);
        }
    }

    /**
     * A row of the result as it was when it was asked for.
     *
     * @param key names the row in later events
     */
    record Present(String key, Row row) implements ResultEvent {}

    /** All rows have come; changes follow. */
    enum Ready implements ResultEvent {
        READY
    }

    /** A row is in the result now. */
    record Inserted(String key, Row row) implements ResultEvent {}

    /** A row of the result has other values. */
    record Updated(String key, Row row) implements ResultEvent {}

    /** A row is no longer in the result. */
    record Deleted(String key, Row row) implements ResultEvent {}
}
