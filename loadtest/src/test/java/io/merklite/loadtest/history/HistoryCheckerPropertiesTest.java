package io.merklite.loadtest.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.loadtest.history.Operation.Outcome;
import io.merklite.loadtest.history.Operation.Read;
import io.merklite.loadtest.history.Operation.Write;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class HistoryCheckerPropertiesTest {
    private static final int OPERATIONS = 120;
    private static final HistoryChecker CHECKER = HistoryChecker.realTime(Duration.ZERO);

    @Property(tries = 300)
    void historyOfARightDatabaseIsAccepted(@ForAll long seed) {
        var history = new SimulatedHistory(seed, OPERATIONS);

        assertThat(CHECKER.check(history.operations(), history.end())).isEmpty();
        assertThat(HistoryChecker.causal().check(history.operations(), history.end()))
                .isEmpty();
    }

    @Property(tries = 300)
    void lostWriteIsFound(@ForAll long seed) {
        var history = new SimulatedHistory(seed, OPERATIONS);
        var lost = lastAcknowledged(history);
        Assume.that(lost.isPresent());
        var values = new HashMap<>(history.end().replicas().get("a1").values());
        lost.get().values().forEach((key, value) -> restore(history, values, key, value));

        var replica = new EndState.Replica("root", values, List.of());
        var anomalies = CHECKER.check(history.operations(), new EndState(Map.of("a1", replica), Set.of()));

        assertThat(anomalies).isNotEmpty();
    }

    @Property(tries = 300)
    void staleReadIsFound(@ForAll long seed) {
        var history = new SimulatedHistory(seed, OPERATIONS);
        var write = lastAcknowledged(history);
        Assume.that(write.isPresent());
        var values = new HashMap<String, Long>();
        write.get().values().keySet().forEach(key -> values.put(key, 0L));
        var end = last(history.operations()).call().endMicros();
        List<Operation> operations = new ArrayList<>(history.operations());
        operations.add(new Read(
                new Operation.Call(
                        write.get().call().session(), "a1", SimulatedHistory.DATABASE, end, end + 1, Outcome.OK, ""),
                values));

        assertThat(CHECKER.check(operations, history.end()))
                .extracting(Anomaly::kind)
                .contains(Anomaly.Kind.STALE_READ);
    }

    @Property(tries = 300)
    void tornTransactionIsFound(@ForAll long seed) {
        var history = new SimulatedHistory(seed, OPERATIONS);
        var reads = history.operations().stream()
                .filter(operation ->
                        operation instanceof Read read && partOf(history, read).isPresent())
                .toList();
        Assume.that(!reads.isEmpty());
        var read = (Read) reads.getFirst();
        var key = partOf(history, read).orElseThrow();
        var seen = new HashMap<>(read.seen());
        seen.put(key, 0L);
        List<Operation> operations = new ArrayList<>(history.operations());
        operations.set(operations.indexOf(read), new Read(read.call(), seen));

        assertThat(CHECKER.check(operations, history.end()))
                .extracting(Anomaly::kind)
                .containsAnyOf(Anomaly.Kind.TORN_TRANSACTION, Anomaly.Kind.STALE_READ);
    }

    @Property(tries = 20)
    void fileGivesBackTheHistory(@ForAll long seed) throws Exception {
        var history = new SimulatedHistory(seed, OPERATIONS);
        var folder = Files.createTempDirectory("merklite-history");
        Path operations = folder.resolve(CheckHistory.HISTORY);
        Path end = folder.resolve(CheckHistory.END);

        HistoryFile.write(operations, history.operations());
        HistoryFile.writeEnd(end, history.end());

        assertThat(HistoryFile.read(operations)).isEqualTo(history.operations());
        assertThat(HistoryFile.readEnd(end)).isEqualTo(history.end());
        Files.delete(operations);
        Files.delete(end);
        Files.delete(folder);
    }

    /** The newest acknowledged write that is there in the end, with all of its rows. */
    private static Optional<Write> lastAcknowledged(SimulatedHistory history) {
        var end = history.end().replicas().get("a1").values();
        return history.operations().stream()
                .filter(operation -> operation instanceof Write write
                        && write.call().outcome() == Outcome.OK
                        && write.values().entrySet().stream()
                                .allMatch(value -> value.getValue().equals(end.get(value.getKey()))))
                .map(Write.class::cast)
                .reduce((one, next) -> next);
    }

    /** Puts an older acknowledged value of the key into the end, or none. */
    private static void restore(SimulatedHistory history, Map<String, Long> values, String key, long lost) {
        values.remove(key);
        for (var operation : history.operations()) {
            if (operation instanceof Write write
                    && write.call().outcome() == Outcome.OK
                    && write.values().getOrDefault(key, lost) != lost) {
                values.put(key, write.values().get(key));
                return;
            }
        }
    }

    /** A key of a transaction that the read saw in two rows. */
    private static Optional<String> partOf(SimulatedHistory history, Read read) {
        Set<Long> values = new HashSet<>();
        for (var seen : read.seen().entrySet()) {
            if (seen.getValue() != 0 && !values.add(seen.getValue())) {
                return Optional.of(seen.getKey());
            }
        }
        return Optional.empty();
    }

    private static Operation last(List<Operation> operations) {
        return operations.getLast();
    }
}
