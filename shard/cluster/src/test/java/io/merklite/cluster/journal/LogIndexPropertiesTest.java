package io.merklite.cluster.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.journal.LogReading.Found;
import io.merklite.cluster.journal.LogSettings.Retain;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector.SeqRange;
import io.merklite.testkit.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LogIndexPropertiesTest {
    private static final Retain RETAIN = new Retain(40, 8_000, Duration.ofSeconds(1000));
    private static final int SIZE = 300;

    private final LogSerializer serializer = new LogSerializer(1 << 20);

    @Test
    void indexFindsWhatAMapOfEventsFinds() {
        Seeds.upTo(60).forEach(seed -> Seeds.run(seed, this::history));
    }

    private void history(RandomGenerator random) {
        var index = new LogIndex(RETAIN);
        var events = new TreeMap<Long, Transaction>();
        var heads = new TreeMap<Origin, Long>();
        var millis = 0L;
        for (var step = 0; step < 200; step++) {
            millis += random.nextInt(60_000);
            switch (random.nextInt(10)) {
                case 0 -> cut(index, events, millis);
                case 1 -> {
                    var stored = serializer.toBinary(index.snapshot());
                    index = new LogIndex(RETAIN, (LogSnapshot) serializer.fromBinary(stored, "S1"));
                }
                case 2, 3 -> read(random, index, events, heads);
                default -> {
                    var origin = new Origin(1 + random.nextInt(3));
                    var seq = heads.getOrDefault(origin, 0L) + (random.nextInt(8) == 0 ? 5 : 1);
                    heads.put(origin, seq);
                    index.logged(origin, seq, SIZE, millis);
                    events.put(index.lastSequenceNr(), Transactions.transaction(origin, seq));
                }
            }
            assertThat(index.count()).isEqualTo(events.size());
            assertThat(index.sizeBytes()).isEqualTo((long) events.size() * SIZE);
            assertThat(index.heads().seqs()).isEqualTo(heads);
        }
    }

    private static void cut(LogIndex index, TreeMap<Long, Transaction> events, long millis) {
        var excess = index.excess(millis);
        excess.ifPresent(last -> {
            index.cut(last);
            events.headMap(last, true).clear();
            assertThat(index.cutSequenceNr()).isEqualTo(last);
            assertThat(index.cutRecordedAt()).isEqualTo(index.lastSequenceNr());
        });
        assertThat(index.excess(millis)).isEmpty();
        assertThat(index.count()).isLessThanOrEqualTo(RETAIN.count());
    }

    private static void read(
            RandomGenerator random, LogIndex index, TreeMap<Long, Transaction> events, TreeMap<Origin, Long> heads) {
        List<SeqRange> ranges = new ArrayList<>();
        for (var count = random.nextInt(4); count > 0; count--) {
            var first = 1 + random.nextInt(60);
            ranges.add(new SeqRange(new Origin(1 + random.nextInt(3)), first, first + random.nextInt(40)));
        }
        var reading = index.locate(ranges);
        List<Found> found = new ArrayList<>();
        for (var span : reading.spans()) {
            events.subMap(span.first(), true, span.last(), true).forEach((sequenceNr, transaction) -> {
                var candidate = new Found(sequenceNr, transaction);
                if (reading.wants(candidate)) {
                    found.add(candidate);
                }
            });
        }
        var expected = events.values().stream()
                .filter(transaction -> ranges.stream().anyMatch(range -> covers(range, transaction)))
                .toList();
        var upTo = random.nextInt(expected.size() + 1);
        var page = upTo == expected.size()
                ? reading.page(found, Long.MAX_VALUE)
                : reading.page(
                        found.subList(0, upTo),
                        upTo == 0 ? 0 : found.get(upTo - 1).sequenceNr());

        assertThat(page.transactions()).isEqualTo(expected.subList(0, upTo));
        assertThat(seqs(page.rest())).isEqualTo(expected.size() - upTo);
        var asked = ranges.stream()
                .flatMap(range ->
                        LongStream.rangeClosed(range.first(), range.last()).mapToObj(seq -> range.origin() + "#" + seq))
                .distinct()
                .count();
        assertThat(seqs(page.gone())).isEqualTo(asked - expected.size());
    }

    private static boolean covers(SeqRange range, Transaction transaction) {
        return range.origin().equals(transaction.origin())
                && range.first() <= transaction.seq()
                && transaction.seq() <= range.last();
    }

    private static long seqs(List<SeqRange> ranges) {
        return ranges.stream()
                .mapToLong(range -> range.last() - range.first() + 1)
                .sum();
    }
}
