package io.merklite.sync.stamp;

import java.time.Duration;
import java.time.InstantSource;

/**
 * A hybrid logical clock: close to the wall clock, strictly increasing, and later than everything it has heard of.
 *
 * <p>Source: Kulkarni, Demirbas, Madappa, Avva, Leone: "Logical Physical Clocks", 2014. The counter overflows into the
 * milliseconds, which keeps the order and runs ahead of the wall clock by one millisecond for 65,536 ticks.
 *
 * <p><b>Invariant.</b> Each tick is larger than every tick and every followed time before it, whatever the wall clock
 * does. A time too far ahead of the wall clock is told apart by {@link #accepts}, so that one wrong clock does not drag
 * all others along.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
public final class HybridClock {
    private final InstantSource wallClock;
    private final Duration maxDrift;
    private long last;

    /**
     * @param wallClock source of wall-clock time
     * @param maxDrift how far ahead of the wall clock a time from elsewhere may be
     * @param last the last time known from before a restart: the largest stamp stored; 0 if there is none
     */
    public HybridClock(InstantSource wallClock, Duration maxDrift, long last) {
        if (maxDrift.isNegative()) {
            throw new IllegalArgumentException("max-drift = " + maxDrift + ", must not be negative");
        }
        if (last < 0) {
            throw new IllegalArgumentException("last clock " + last + ", must not be negative");
        }
        this.wallClock = wallClock;
        this.maxDrift = maxDrift;
        this.last = last;
    }

    /** The next time: larger than every earlier one. */
    public long tick() {
        last = Math.max(wall(), last + 1);
        return last;
    }

    /** The last time given or heard of. */
    public long last() {
        return last;
    }

    /**
     * Follows a time from elsewhere: later ticks will be larger. Whether that time can be believed is asked beforehand,
     * by {@link #accepts}; once a transaction is applied its time must be followed, believed or not, or a later write to
     * the same rows would lose against it.
     */
    public void follow(long clock) {
        last = Math.max(last, clock);
    }

    /** Whether {@code clock} is no further ahead of the wall clock than the drift allowed. */
    public boolean accepts(long clock) {
        return aheadMillis(clock) <= maxDrift.toMillis();
    }

    /** How far {@code clock} is ahead of the wall clock, in milliseconds; negative if it is behind. */
    public long aheadMillis(long clock) {
        return (clock >>> Stamp.COUNTER_BITS) - wallClock.millis();
    }

    private long wall() {
        return Math.max(0, wallClock.millis()) << Stamp.COUNTER_BITS;
    }
}
