package io.merklite.cluster.journal;

import static io.merklite.cluster.journal.TestJournal.await;
import static io.merklite.cluster.journal.TestJournal.event;
import static io.merklite.cluster.journal.TestJournal.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.testkit.Seeds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeJournalPropertiesTest {
    private static final String[] SMALL = {
        "merklite.journal.page-count = 3",
        "merklite.journal.delete-count = 2",
        "merklite.journal.max-batch-count = 5",
        "merklite.journal.checkpoint-size = 64 KiB"
    };

    @TempDir
    Path directory;

    /** What a persistence id should have. */
    private static final class Expected {
        final TreeMap<Long, StoredEvent> events = new TreeMap<>();
        final TreeMap<Long, StoredSnapshot> snapshots = new TreeMap<>();
        long highest;
    }

    @Test
    void journalBehavesLikeSortedMaps() {
        Seeds.upTo(6)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var file = Files.createTempDirectory(directory, "seed").resolve("journal.sqlite");
                    var model = new HashMap<String, Expected>();
                    for (var restart = 0; restart < 3; restart++) {
                        try (var journal = TestJournal.open(file, SMALL)) {
                            for (var step = 0; step < 150; step++) {
                                step(random, journal, model);
                            }
                        }
                    }
                }));
    }

    private static void step(RandomGenerator random, TestJournal journal, Map<String, Expected> model) {
        var id = "id-" + random.nextInt(4);
        var expected = model.computeIfAbsent(id, unknown -> new Expected());
        switch (random.nextInt(6)) {
            case 0, 1 -> write(random, journal, id, expected);
            case 2 -> {
                var last = expected.highest == 0 ? 0 : random.nextLong(expected.highest + 3);
                await(journal.journal.delete(id, last));
                expected.events.headMap(last, true).clear();
            }
            case 3 -> {
                var first = random.nextLong(1, expected.highest + 2);
                var last = first + random.nextInt(12);
                var limit = 1 + random.nextInt(8);
                assertThat(journal.read(id, first, last, limit))
                        .isEqualTo(expected.events.subMap(first, true, last, true).values().stream()
                                .limit(limit)
                                .toList());
            }
            case 4 -> assertThat(journal.highest(id)).isEqualTo(expected.highest);
            default -> snapshots(random, journal, id, expected);
        }
    }

    /** Several writes at once, so that they share commits. */
    private static void write(RandomGenerator random, TestJournal journal, String id, Expected expected) {
        List<CompletionStage<?>> writes = new ArrayList<>();
        for (var write = 1 + random.nextInt(4); write > 0; write--) {
            List<StoredEvent> events = new ArrayList<>();
            for (var count = 1 + random.nextInt(4); count > 0; count--) {
                var content = new byte[random.nextInt(10) == 0 ? 20_000 : random.nextInt(100)];
                random.nextBytes(content);
                expected.highest++;
                events.add(event(expected.highest, content));
            }
            events.forEach(event -> expected.events.put(event.sequenceNr(), event));
            writes.add(journal.journal.write(id, events));
        }
        writes.forEach(TestJournal::await);
    }

    private static void snapshots(RandomGenerator random, TestJournal journal, String id, Expected expected) {
        var at = random.nextLong(20);
        if (random.nextInt(4) == 0) {
            await(journal.journal.deleteSnapshots(id, new SnapshotRange(0, at, 0, Long.MAX_VALUE)));
            expected.snapshots.headMap(at, true).clear();
        } else {
            var snapshot = snapshot(at, random.nextLong(1000), "state " + random.nextInt());
            await(journal.journal.save(id, snapshot));
            expected.snapshots.put(at, snapshot);
        }
        var latest = expected.snapshots.lastEntry();
        assertThat(await(journal.journal.readSnapshot(id, new SnapshotRange(0, Long.MAX_VALUE, 0, Long.MAX_VALUE))))
                .isEqualTo(latest == null ? Optional.empty() : Optional.of(latest.getValue()));
    }
}
