package io.merklite.client.http;

import io.merklite.client.Endpoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The endpoints in the order in which they are asked: those that are not down, the nearest first.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Endpoints {
    private final List<KnownEndpoint> all;

    Endpoints(List<Endpoint> configured) {
        List<KnownEndpoint> known = new ArrayList<>();
        for (var endpoint : configured) {
            known.add(new KnownEndpoint(endpoint, known.size()));
        }
        this.all = List.copyOf(known);
    }

    List<KnownEndpoint> all() {
        return all;
    }

    /**
     * Whom to ask next: of those that {@code isAllowed} allows and that are not in {@code tried} the nearest, or one that
     * is down if there is no other. None if all were tried.
     */
    Optional<KnownEndpoint> next(Instant now, Collection<KnownEndpoint> tried, Predicate<KnownEndpoint> isAllowed) {
        return all.stream()
                .filter(isAllowed)
                .filter(endpoint -> !tried.contains(endpoint))
                .min(Comparator.comparingInt((KnownEndpoint endpoint) -> endpoint.isDown(now) ? 1 : 0)
                        .thenComparing(endpoint -> endpoint.distance().orElse(Duration.ofDays(1)))
                        .thenComparingInt(KnownEndpoint::position));
    }
}
