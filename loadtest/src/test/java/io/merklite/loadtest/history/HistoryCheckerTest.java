package io.merklite.loadtest.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.loadtest.history.Operation.Call;
import io.merklite.loadtest.history.Operation.Outcome;
import io.merklite.loadtest.history.Operation.Read;
import io.merklite.loadtest.history.Operation.Write;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HistoryCheckerTest {
    @Test
    void acknowledgedWriteThatIsNowhereIsLost() {
        var anomalies = check(List.of(write(1, 10, Outcome.OK, Map.of("k", 1L))), Map.of());

        assertThat(anomalies).extracting(Anomaly::kind).containsExactly(Anomaly.Kind.LOST_WRITE);
    }

    @Test
    void rowInTheConflictsIsNotLost() {
        var end = new EndState(Map.of("a1", replica(Map.of())), Set.of("k"));

        assertThat(HistoryChecker.causal().check(List.of(write(1, 10, Outcome.OK, Map.of("k", 1L))), end))
                .isEmpty();
    }

    @Test
    void writeThatAConcurrentOneBeatIsNotLost() {
        var operations = List.<Operation>of(
                write(1, 10, Outcome.OK, Map.of("k", 1L)), write(2, 10, Outcome.OK, Map.of("k", 2L)));

        assertThat(check(operations, Map.of("k", 1L))).isEmpty();
        assertThat(check(operations, Map.of("k", 2L))).isEmpty();
    }

    @Test
    void writeThatAnEarlierOneOfItsSessionBeatIsLost() {
        var operations = List.<Operation>of(
                write(1, 10, Outcome.OK, Map.of("k", 1L)), write(1, 30, Outcome.OK, Map.of("k", 2L)));

        assertThat(check(operations, Map.of("k", 1L)))
                .extracting(Anomaly::kind)
                .containsExactly(Anomaly.Kind.LOST_WRITE);
    }

    @Test
    void writeThatAnEarlierOneOfAnotherSessionBeatIsLostOnlyIfClocksAreEqual() {
        var operations = List.<Operation>of(
                write(1, 10, Outcome.OK, Map.of("k", 1L)), write(2, 10_000, Outcome.OK, Map.of("k", 2L)));
        var end = new EndState(Map.of("a1", replica(Map.of("k", 1L))), Set.of());

        assertThat(HistoryChecker.causal().check(operations, end)).isEmpty();
        assertThat(HistoryChecker.realTime(Duration.ofMillis(20)).check(operations, end))
                .isEmpty();
        assertThat(HistoryChecker.realTime(Duration.ofMillis(1)).check(operations, end))
                .extracting(Anomaly::kind)
                .containsExactly(Anomaly.Kind.LOST_WRITE);
    }

    @Test
    void writeOfUnknownOutcomeMayBeThereOrNot() {
        var operations = List.<Operation>of(write(1, 10, Outcome.UNKNOWN, Map.of("k", 1L)));

        assertThat(check(operations, Map.of())).isEmpty();
        assertThat(check(operations, Map.of("k", 1L))).isEmpty();
    }

    @Test
    void writeOfUnknownOutcomeThatWasSeenMayNotVanish() {
        var operations = List.<Operation>of(
                write(1, 10, Outcome.UNKNOWN, Map.of("k", 1L)),
                read(2, 30, Map.of("k", 1L)),
                read(2, 50, Map.of("k", 0L)));

        assertThat(check(operations, Map.of("k", 1L)))
                .extracting(Anomaly::kind)
                .containsExactly(Anomaly.Kind.STALE_READ);
    }

    @Test
    void valueOfARefusedWriteIsAPhantom() {
        var operations = List.<Operation>of(write(1, 10, Outcome.FAILED, Map.of("k", 1L)));

        assertThat(check(operations, Map.of("k", 1L))).extracting(Anomaly::kind).containsOnly(Anomaly.Kind.PHANTOM);
    }

    @Test
    void readersThatSeeTwoWritesInDifferentOrdersContradictEachOther() {
        var operations = List.<Operation>of(
                write(1, 10, Outcome.OK, Map.of("k", 1L)),
                write(2, 10, Outcome.OK, Map.of("k", 2L)),
                read(3, 30, Map.of("k", 1L)),
                read(3, 50, Map.of("k", 2L)),
                read(4, 30, Map.of("k", 2L)),
                read(4, 50, Map.of("k", 1L)));

        assertThat(check(operations, Map.of("k", 1L))).isNotEmpty();
    }

    @Test
    void partOfATransactionIsTorn() {
        var operations = List.<Operation>of(
                write(1, 10, Outcome.OK, Map.of("k", 1L, "l", 1L)), read(2, 30, Map.of("k", 1L, "l", 0L)));

        assertThat(check(operations, Map.of("k", 1L, "l", 1L)))
                .extracting(Anomaly::kind)
                .containsExactly(Anomaly.Kind.TORN_TRANSACTION);
    }

    @Test
    void replicasThatDifferHaveDiverged() {
        var end = new EndState(Map.of("a1", replica(Map.of("k", 1L)), "b1", replica(Map.of())), Set.of("k"));

        assertThat(HistoryChecker.causal().check(List.of(write(1, 10, Outcome.OK, Map.of("k", 1L))), end))
                .extracting(Anomaly::kind)
                .containsExactly(Anomaly.Kind.DIVERGED);
    }

    @Test
    void valueThatIsUsedTwiceIsRefused() {
        var operations = List.<Operation>of(
                write(1, 10, Outcome.OK, Map.of("k", 1L)), write(2, 10, Outcome.OK, Map.of("k", 1L)));

        assertThatThrownBy(() -> check(operations, Map.of())).isInstanceOf(IllegalArgumentException.class);
    }

    private static List<Anomaly> check(List<Operation> operations, Map<String, Long> end) {
        return HistoryChecker.causal().check(operations, new EndState(Map.of("a1", replica(end)), Set.of()));
    }

    private static EndState.Replica replica(Map<String, Long> values) {
        return new EndState.Replica("root", values, List.of());
    }

    private static Write write(int session, long start, Outcome outcome, Map<String, Long> values) {
        return new Write(new Call(session, "a1", "d", start, start + 10, outcome, ""), values);
    }

    private static Read read(int session, long start, Map<String, Long> seen) {
        return new Read(new Call(session, "a1", "d", start, start + 10, Outcome.OK, ""), seen);
    }
}
