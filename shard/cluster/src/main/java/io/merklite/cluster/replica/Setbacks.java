package io.merklite.cluster.replica;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/**
 * Which databases of a node have failed lately, and how long they rest before they are opened again: each failure that
 * follows another soon doubles the pause. Without it a full disk would have a database opened for each message.
 *
 * <p><b>Threading.</b> Thread-safe; nothing blocks.
 */
final class Setbacks {
    private static final int MAX_DOUBLINGS = 20;

    private final Map<String, Setback> setbacks = new ConcurrentHashMap<>();
    private final Duration shortest;
    private final Duration longest;
    private final InstantSource clock;
    private final RandomGenerator random;

    private record Setback(int count, Instant until) {}

    /**
     * @param shortest pause after a first failure
     * @param longest pause; a failure so long after the end of a pause counts as a first one
     */
    Setbacks(Duration shortest, Duration longest, InstantSource clock, RandomGenerator random) {
        this.shortest = shortest;
        this.longest = longest;
        this.clock = clock;
        this.random = random;
    }

    /** A replica of {@code database} has stopped because something failed. */
    void failed(String database) {
        var now = clock.instant();
        setbacks.compute(database, (name, last) -> {
            var isAnother = last != null && now.isBefore(last.until().plus(longest));
            var count = isAnother ? last.count() + 1 : 1;
            return new Setback(count, now.plus(pauseAfter(count)));
        });
    }

    /** Half of it is chance, so that databases that failed together do not come back together. */
    private Duration pauseAfter(int count) {
        var doubled = shortest.multipliedBy(1L << Math.min(count - 1, MAX_DOUBLINGS));
        var millis = Math.max(1, (doubled.compareTo(longest) < 0 ? doubled : longest).toMillis());
        return Duration.ofMillis(millis / 2 + random.nextLong(millis / 2 + 1));
    }

    /** How long a database has still to rest; zero if it has not. */
    Duration pause(String database) {
        var last = setbacks.get(database);
        if (last == null) {
            return Duration.ZERO;
        }
        var now = clock.instant();
        if (!now.isBefore(last.until().plus(longest))) {
            setbacks.remove(database, last);
        }
        return now.isBefore(last.until()) ? Duration.between(now, last.until()) : Duration.ZERO;
    }
}
