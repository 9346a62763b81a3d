package io.merklite.cluster.journal;

import static io.merklite.cluster.journal.TestJournal.event;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** A process that appends to a journal, three events at a time, and prints what is acknowledged, until it is killed. */
final class KilledWriter {
    static final int WRITERS = 8;
    static final int EVENTS = 3;

    private final TestJournal journal;

    private KilledWriter(TestJournal journal) {
        this.journal = journal;
    }

    public static void main(String[] arguments) {
        var writer = new KilledWriter(TestJournal.open(Path.of(arguments[0])));
        IntStream.range(0, WRITERS)
                .mapToObj(i -> "id-" + i)
                .forEach(id -> writer.append(id, writer.journal.highest(id) + 1));
    }

    private void append(String id, long first) {
        var events =
                List.of(event(first, new byte[400]), event(first + 1, new byte[4000]), event(first + 2, new byte[40]));
        journal.journal.write(id, events).thenAcceptAsync(done -> {
            System.out.println(id + " " + (first + EVENTS - 1));
            append(id, first + EVENTS);
        });
    }
}
