package io.merklite.sync.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.sync.stamp.HybridClock;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.testkit.Seeds;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class InboxTest {
    private static final Origin ANNE = new Origin(1);
    private static final Origin BERT = new Origin(2);
    private static final long KNOWN = 7;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-21T00:00:00Z"));
    private final Set<Long> schemas = new HashSet<>(Set.of(KNOWN));
    private final HybridClock clock = new HybridClock(now::get, Duration.ofMinutes(1), 0);
    private final Inbox<Sent> inbox = new Inbox<>(clock, schemas::contains, 3, 1000);

    private record Sent(
            Origin origin, long seq, Stamp stamp, VersionVector dependencies, long schemaFingerprint, long sizeBytes)
            implements Inbox.Held {}

    private Sent sent(Origin origin, long seq) {
        return sent(origin, seq, VersionVector.EMPTY);
    }

    private Sent sent(Origin origin, long seq, VersionVector dependencies) {
        return new Sent(origin, seq, stamp(origin, Duration.ZERO), dependencies, KNOWN, 10);
    }

    private Stamp stamp(Origin origin, Duration ahead) {
        return new Stamp(now.get().plus(ahead).toEpochMilli() << Stamp.COUNTER_BITS, origin);
    }

    /** One that can be applied now. */
    private Optional<Sent> takeReady(VersionVector applied) {
        return inbox.takeGroup(applied, new GroupLimits(1, 1), sent -> true).stream()
                .findFirst();
    }

    private List<Sent> takeGroup(int maxCount, long maxSizeBytes) {
        return inbox.takeGroup(VersionVector.EMPTY, new GroupLimits(maxCount, maxSizeBytes), sent -> true);
    }

    private void offer(Sent... sent) {
        for (var one : sent) {
            inbox.offer(one, VersionVector.EMPTY);
        }
    }

    @Test
    void groupIsWhatCanBeAppliedOneAfterTheOther() {
        var onAnne = VersionVector.of(Map.of(ANNE, 1L));
        var onWhatIsMissing = VersionVector.of(Map.of(ANNE, 9L));
        offer(sent(BERT, 1, onAnne), sent(BERT, 2, onWhatIsMissing), sent(ANNE, 1));

        assertThat(takeGroup(9, 1000)).containsExactly(sent(ANNE, 1), sent(BERT, 1, onAnne));
        assertThat(inbox.count()).isEqualTo(1);
    }

    @Test
    void groupEndsBeforeWhatIsHeldBackAndGoesOnWithOtherOrigins() {
        var early = new Sent(ANNE, 2, stamp(ANNE, Duration.ofHours(9)), VersionVector.EMPTY, KNOWN, 10);
        offer(sent(ANNE, 1), early, sent(BERT, 1));

        assertThat(takeGroup(9, 1000)).containsExactly(sent(ANNE, 1), sent(BERT, 1));
        assertThat(inbox.waiting(VersionVector.of(Map.of(ANNE, 1L, BERT, 1L))))
                .containsExactly(new Inbox.Waiting<>(early, Inbox.Reason.DRIFT));
    }

    @Test
    void groupIsBoundedByCountAndBySize() {
        offer(sent(ANNE, 1), sent(ANNE, 2), sent(ANNE, 3));

        assertThat(takeGroup(2, 1000)).hasSize(2);
        offer(sent(ANNE, 1), sent(ANNE, 2));
        assertThat(takeGroup(9, 25)).hasSize(2);
    }

    @Test
    void firstOfAGroupIsGivenOutHoweverLargeItIs() {
        var large = new Sent(ANNE, 1, stamp(ANNE, Duration.ZERO), VersionVector.EMPTY, KNOWN, 900);
        offer(large, sent(ANNE, 2));

        assertThat(takeGroup(9, 50)).containsExactly(large);
    }

    @Test
    void whatMayNotShareIsGivenOutAlone() {
        var limits = new GroupLimits(9, 1000);
        Predicate<Sent> mayShare = sent -> sent.seq() != 2;
        offer(sent(ANNE, 1), sent(ANNE, 2), sent(ANNE, 3));

        var first = inbox.takeGroup(VersionVector.EMPTY, limits, mayShare);
        var second = inbox.takeGroup(VersionVector.EMPTY.with(ANNE, 1), limits, mayShare);

        assertThat(first).containsExactly(sent(ANNE, 1));
        assertThat(second).containsExactly(sent(ANNE, 2));
    }

    @Test
    void limitsBelowOneAreRefused() {
        assertThatThrownBy(() -> new GroupLimits(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new GroupLimits(1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nextTransactionIsReadyAtOnce() {
        inbox.offer(sent(ANNE, 1), VersionVector.EMPTY);

        assertThat(takeReady(VersionVector.EMPTY)).contains(sent(ANNE, 1));
        assertThat(inbox.count()).isZero();
    }

    @Test
    void gapHoldsUntilTheMissingOneIsApplied() {
        inbox.offer(sent(ANNE, 2), VersionVector.EMPTY);

        assertThat(takeReady(VersionVector.EMPTY)).isEmpty();
        assertThat(inbox.waiting(VersionVector.EMPTY))
                .containsExactly(new Inbox.Waiting<>(sent(ANNE, 2), Inbox.Reason.GAP));
        assertThat(takeReady(VersionVector.EMPTY.with(ANNE, 1))).contains(sent(ANNE, 2));
    }

    @Test
    void dependencyHoldsUntilWhatItWasWrittenOnIsApplied() {
        var onBert = VersionVector.of(Map.of(BERT, 3L));
        inbox.offer(sent(ANNE, 1, onBert), VersionVector.EMPTY);

        assertThat(inbox.waiting(VersionVector.EMPTY))
                .extracting(Inbox.Waiting::reason)
                .containsExactly(Inbox.Reason.DEPENDENCY);
        assertThat(takeReady(onBert)).isPresent();
    }

    @Test
    void unknownSchemaHoldsUntilItIsKnown() {
        var onNewSchema = new Sent(ANNE, 1, stamp(ANNE, Duration.ZERO), VersionVector.EMPTY, 8, 10);
        inbox.offer(onNewSchema, VersionVector.EMPTY);

        assertThat(inbox.waiting(VersionVector.EMPTY))
                .extracting(Inbox.Waiting::reason)
                .containsExactly(Inbox.Reason.SCHEMA);

        schemas.add(8L);
        assertThat(takeReady(VersionVector.EMPTY)).contains(onNewSchema);
    }

    @Test
    void stampAheadOfTheWallClockWaitsForIt() {
        var early = new Sent(ANNE, 1, stamp(ANNE, Duration.ofMinutes(2)), VersionVector.EMPTY, KNOWN, 10);
        inbox.offer(early, VersionVector.EMPTY);

        assertThat(takeReady(VersionVector.EMPTY)).isEmpty();

        now.updateAndGet(instant -> instant.plusSeconds(60));
        assertThat(takeReady(VersionVector.EMPTY)).contains(early);
    }

    @Test
    void releaseByAnOperatorEndsTheWaitAndLocalWritesComeAfter() {
        var early = new Sent(ANNE, 1, stamp(ANNE, Duration.ofHours(9)), VersionVector.EMPTY, KNOWN, 10);
        inbox.offer(early, VersionVector.EMPTY);

        inbox.release(ANNE, 1);

        assertThat(takeReady(VersionVector.EMPTY)).contains(early);
        assertThat(clock.tick()).isGreaterThan(early.stamp().clock());
    }

    @Test
    void repetitionIsKnown() {
        inbox.offer(sent(ANNE, 2), VersionVector.EMPTY);

        assertThat(inbox.offer(sent(ANNE, 2), VersionVector.EMPTY)).isEqualTo(Inbox.Offer.KNOWN);
        assertThat(inbox.offer(sent(ANNE, 1), VersionVector.EMPTY.with(ANNE, 1)))
                .isEqualTo(Inbox.Offer.KNOWN);
        assertThat(inbox.count()).isEqualTo(1);
    }

    @Test
    void fullInboxStillTakesWhatWouldEmptyIt() {
        for (var seq = 2; seq <= 4; seq++) {
            inbox.offer(sent(ANNE, seq), VersionVector.EMPTY);
        }

        assertThat(inbox.offer(sent(ANNE, 5), VersionVector.EMPTY)).isEqualTo(Inbox.Offer.FULL);
        assertThat(inbox.offer(sent(ANNE, 1), VersionVector.EMPTY)).isEqualTo(Inbox.Offer.ACCEPTED);
        assertThat(inbox.count()).isEqualTo(4);
    }

    @Test
    void whatWasAppliedByAnotherWayIsForgotten() {
        inbox.offer(sent(ANNE, 2), VersionVector.EMPTY);

        takeReady(VersionVector.EMPTY.with(ANNE, 5));

        assertThat(inbox.count()).isZero();
        assertThat(inbox.sizeBytes()).isZero();
    }

    /** Random senders that depend on each other; deliveries are shuffled, repeated and lost until resent. */
    @Test
    void everyDeliveryOrderAppliesAllInCausalOrder() {
        Seeds.upTo(300)
                .forEach(seed -> Seeds.run(seed, random -> {
                    List<Sent> all = new ArrayList<>();
                    var written = VersionVector.EMPTY;
                    for (var i = 0; i < 30; i++) {
                        var origin = new Origin(random.nextLong(1, 5));
                        var seen = VersionVector.of(Map.of(new Origin(random.nextLong(1, 5)), random.nextLong(0, 4)));
                        var dependencies = written.meet(seen);
                        var others = new TreeMap<>(dependencies.seqs());
                        others.remove(origin);
                        all.add(sent(origin, written.seq(origin) + 1, VersionVector.of(others)));
                        written = written.with(origin, written.seq(origin) + 1);
                    }
                    var small = new Inbox<Sent>(clock, schemas::contains, 1 + random.nextInt(5), 1_000_000);
                    var limits = new GroupLimits(1 + random.nextInt(4), 1 + random.nextInt(60));
                    var applied = VersionVector.EMPTY;
                    var deliveries = 0;

                    while (!applied.equals(written)) {
                        assertThat(deliveries++).as("deliveries").isLessThan(100_000);
                        small.offer(all.get(random.nextInt(all.size())), applied);
                        for (var group = small.takeGroup(applied, limits, sent -> sent.seq() % 5 != 0);
                                !group.isEmpty();
                                group = small.takeGroup(applied, limits, sent -> sent.seq() % 5 != 0)) {
                            for (var transaction : group) {
                                assertThat(transaction.seq()).isEqualTo(applied.seq(transaction.origin()) + 1);
                                assertThat(applied.covers(transaction.dependencies()))
                                        .isTrue();
                                applied = applied.with(transaction.origin(), transaction.seq());
                            }
                        }
                    }
                }));
    }
}
