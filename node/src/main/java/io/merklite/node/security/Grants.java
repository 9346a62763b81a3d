package io.merklite.node.security;

import io.merklite.node.http.Access.Right;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What a token gives.
 *
 * @param everywhere the right on every database, and on the node itself
 * @param databases rights on single databases
 * @param validFrom when it begins
 * @param expiresAt when it ends; never if there is none
 */
record Grants(
        Optional<Right> everywhere,
        Map<String, Right> databases,
        Optional<Instant> validFrom,
        Optional<Instant> expiresAt) {
    Grants {
        databases = Map.copyOf(databases);
    }

    /** The right on {@code database}; what is not a name of a database, such as {@code *}, is the node itself. */
    Optional<Right> on(String database) {
        return everywhere.or(() -> Optional.ofNullable(databases.get(database)));
    }

    /** The database it is for, if it is for exactly one. */
    Optional<String> onlyDatabase() {
        return databases.size() == 1 ? databases.keySet().stream().findFirst() : Optional.empty();
    }
}
