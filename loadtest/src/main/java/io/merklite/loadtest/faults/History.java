package io.merklite.loadtest.faults;

import io.merklite.loadtest.history.Operation;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/** What all clients of a run note. Thread-safe. */
final class History {
    private static final int COMPLAINT_LENGTH = 110;
    private static final Pattern CHANGING = Pattern.compile("[0-9a-f]{8,}|\\d{4,}");

    private final ConcurrentLinkedQueue<Operation> operations = new ConcurrentLinkedQueue<>();
    private final Map<String, AtomicLong> complaints = new ConcurrentHashMap<>();
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong unknown = new AtomicLong();
    private final AtomicLong clashes = new AtomicLong();

    void add(Operation operation) {
        operations.add(operation);
        switch (operation.call().outcome()) {
            case OK -> acknowledged.incrementAndGet();
            case UNKNOWN -> unknown.incrementAndGet();
            case FAILED -> {} // counted by what was said
        }
    }

    /** A claim found its slot taken. */
    void lost() {
        clashes.incrementAndGet();
    }

    /** What went wrong, by its first words. */
    void complain(String why) {
        var text = CHANGING.matcher(why).replaceAll("#");
        complaints
                .computeIfAbsent(text.substring(0, Math.min(COMPLAINT_LENGTH, text.length())), any -> new AtomicLong())
                .incrementAndGet();
    }

    List<Operation> operations() {
        return List.copyOf(operations);
    }

    long acknowledgedCount() {
        return acknowledged.get();
    }

    /** Counts, in a sentence. */
    String summary() {
        return operations.size() + " operations: " + acknowledged + " done, " + unknown + " unknown, " + clashes
                + " claims of a taken slot; the others: " + complaints;
    }
}
