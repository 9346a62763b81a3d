package io.merklite.sync.stamp;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class HybridClockPropertiesTest {
    private static final Instant START = Instant.parse("2026-11-21T00:00:00Z");
    private final AtomicReference<Instant> now = new AtomicReference<>(START);

    private HybridClock clock(long last) {
        return new HybridClock(now::get, Duration.ofMinutes(1), last);
    }

    @Property
    void ticksIncreaseHoweverTheWallClockJumps(@ForAll("jumps") List<Long> jumpsMillis) {
        var clock = clock(0);
        var last = 0L;

        for (var jump : jumpsMillis) {
            now.updateAndGet(instant -> instant.plusMillis(jump));
            var tick = clock.tick();
            assertThat(tick).isGreaterThan(last);
            last = tick;
        }
    }

    @Property
    void ticksAreLaterThanWhatWasFollowed(@ForAll("jumps") List<Long> jumpsMillis) {
        var clock = clock(0);

        for (var jump : jumpsMillis) {
            var heard = Math.max(0, START.plusMillis(jump).toEpochMilli()) << Stamp.COUNTER_BITS;
            clock.follow(heard);
            assertThat(clock.tick()).isGreaterThan(heard);
        }
    }

    @Example
    void tickFollowsTheWallClock() {
        var clock = clock(0);

        var tick = clock.tick();

        assertThat(new Stamp(tick, new Origin(1)).instant()).isEqualTo(START);
    }

    @Example
    void restartContinuesAfterTheLastStoredTime() {
        var before = clock(0);
        var last = before.tick();
        now.set(START.minusSeconds(3600));

        var after = clock(last).tick();

        assertThat(after).isGreaterThan(last);
    }

    @Example
    void timeBeyondTheDriftIsNotAccepted() {
        var clock = clock(0);
        var limit = START.plusSeconds(60).toEpochMilli() << Stamp.COUNTER_BITS;

        assertThat(clock.accepts(limit)).isTrue();
        assertThat(clock.accepts(limit + (1L << Stamp.COUNTER_BITS))).isFalse();
    }

    @Provide
    Arbitrary<List<Long>> jumps() {
        return Arbitraries.longs().between(-100_000_000L, 100_000_000L).list().ofMaxSize(50);
    }
}
