package io.merklite.client.feed;

import java.util.List;
import java.util.Optional;

/**
 * Which changes are wanted.
 *
 * @param since the place behind which they begin: the bookmark of an event, or of a client; none for now
 * @param tables which tables; all if there is none
 * @param values how much of each row
 */
public record ChangesQuery(Optional<String> since, List<String> tables, Values values) {
    /** From now on, all tables, all values. */
    public static final ChangesQuery FROM_NOW = new ChangesQuery(Optional.empty(), List.of(), Values.BOTH);

    /** How much of a row is wanted. */
    public enum Values {
        /** The key. */
        KEYS("keys"),
        /** The key, and the values after. */
        NEW("new"),
        /** The key, and the values before and after. */
        BOTH("both");

        private final String id;

        Values(String id) {
            this.id = id;
        }

        /** How a request says it. */
        String id() {
            return id;
        }
    }

    public ChangesQuery {
        tables = List.copyOf(tables);
    }

    /** The same behind a place. */
    public ChangesQuery withSince(String place) {
        return new ChangesQuery(Optional.of(place), tables, values);
    }

    /** The same for some tables. */
    public ChangesQuery withTables(String... names) {
        return new ChangesQuery(since, List.of(names), values);
    }
}
