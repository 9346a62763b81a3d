package io.merklite.client.http;

import io.merklite.client.Endpoint;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * An endpoint and what was seen of it.
 *
 * <p><b>Threading.</b> Thread-safe; each call sees one consistent state.
 */
public final class KnownEndpoint {
    private static final double SMOOTHING = 0.3;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LAST_PAUSE = Duration.ofSeconds(30);

    private final Endpoint endpoint;
    private final int position;
    private Optional<Duration> distance = Optional.empty();
    private Instant probedAt = Instant.MIN;
    private Instant downUntil = Instant.MIN;
    private Duration pause = FIRST_PAUSE;
    private boolean knowsKeys;

    KnownEndpoint(Endpoint endpoint, int position) {
        this.endpoint = endpoint;
        this.position = position;
    }

    /** As it was configured. */
    public Endpoint endpoint() {
        return endpoint;
    }

    /** Its place in the configuration, which decides between equals. */
    int position() {
        return position;
    }

    /** The smoothed time of a round trip; none before the first. */
    public synchronized Optional<Duration> distance() {
        return distance;
    }

    /** Whether it applies a write with a key once, however often it comes. */
    synchronized boolean knowsKeys() {
        return knowsKeys;
    }

    synchronized boolean isDown(Instant now) {
        return downUntil.isAfter(now);
    }

    /** Whether it is time to measure; if so it counts as measured from now on, so that one caller does it. */
    synchronized boolean claimProbe(Instant now, Duration interval) {
        if (isDown(now) || probedAt.isAfter(now.minus(interval))) {
            return false;
        }
        probedAt = now;
        return true;
    }

    synchronized void measured(Duration roundTrip) {
        distance = Optional.of(distance.map(before ->
                        Duration.ofNanos((long) (before.toNanos() * (1 - SMOOTHING) + roundTrip.toNanos() * SMOOTHING)))
                .orElse(roundTrip));
    }

    synchronized void answered(boolean itKnowsKeys) {
        downUntil = Instant.MIN;
        pause = FIRST_PAUSE;
        knowsKeys = itKnowsKeys;
    }

    /** It could not be reached: left alone for a while, twice as long each time. */
    synchronized void failed(Instant now) {
        if (!downUntil.isAfter(now)) {
            downUntil = now.plus(pause);
            var doubled = pause.multipliedBy(2);
            pause = doubled.compareTo(LAST_PAUSE) > 0 ? LAST_PAUSE : doubled;
        }
    }

    @Override
    public String toString() {
        return endpoint.address().toString();
    }
}
