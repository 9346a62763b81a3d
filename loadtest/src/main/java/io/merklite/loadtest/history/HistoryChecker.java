package io.merklite.loadtest.history;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Judges the history of one database.
 *
 * <p>What it finds broken: (1) an acknowledged write that is neither there in the end, nor beaten by a write that may be the later
 * one, nor in the conflicts ledger; (2) a read that goes back behind what its session knew, by its own writes or by what it
 * read; (3) a transaction seen in part; (4) sightings that contradict each other, such as two readers that see two writes in different orders;
 * (5) values out of nowhere; (6) replicas that differ in the end. Writes of unknown outcome may be there or not; one that
 * anybody has seen counts as done.
 *
 * <p>It holds for rows whose value is one column with last-writer-wins, that are made before the history or written once, and
 * that nobody deletes: there the order of stamps is the order of everything.
 *
 * <p>The order in real time is demanded too if the clocks of all nodes differ by no more than a known time, as on one machine:
 * a write that was acknowledged that much before another one was sent must have the smaller stamp.
 *
 * <p><b>Threading.</b> Stateless. <b>Cost.</b> About O(operations × sessions).
 */
public final class HistoryChecker {
    private final Optional<Duration> clockUncertainty;

    private HistoryChecker(Optional<Duration> clockUncertainty) {
        this.clockUncertainty = clockUncertainty;
    }

    /** Demands what bookmarks promise, wherever clocks are. */
    public static HistoryChecker causal() {
        return new HistoryChecker(Optional.empty());
    }

    /**
     * Demands the order in real time too.
     *
     * @param clockUncertainty by how much clocks of nodes and of the history may differ
     */
    public static HistoryChecker realTime(Duration clockUncertainty) {
        return new HistoryChecker(Optional.of(clockUncertainty));
    }

    /**
     * What is broken; nothing if all is well.
     *
     * @param operations of one database; those of one session in their order
     * @throws IllegalArgumentException if a value was written twice to a key, or there is more than one database
     */
    public List<Anomaly> check(List<Operation> operations, EndState end) {
        return new Judgement(operations, end).run(clockUncertainty);
    }

    /** One check. */
    private static final class Judgement {
        private static final int NOBODY = -1;

        private final List<Operation> operations;
        private final EndState end;
        private final List<Anomaly> anomalies = new ArrayList<>();
        private final OrderGraph graph = new OrderGraph();
        /** By key and value: the number of the operation that wrote it. */
        private final Map<String, Map<Long, Integer>> writers = new HashMap<>();
        /** By operation: its node in the graph, if it is a write that counts as done. */
        private final int[] nodes;
        /** By operation that counts as done: how many writes of each line it follows. */
        private final int[][] pasts;
        /** By session: the number of its line. A write of unknown outcome has a line of its own, as nothing follows it by itself. */
        private final Map<Integer, Integer> lines = new LinkedHashMap<>();

        private final Map<Integer, Integer> linesOfUnknown = new HashMap<>();
        /** By key, and by line: the writes to it, each with its place in the line. */
        private final Map<String, Map<Integer, TreeMap<Integer, Integer>>> writesOfKey = new HashMap<>();

        Judgement(List<Operation> operations, EndState end) {
            this.operations = List.copyOf(operations);
            this.end = end;
            nodes = new int[operations.size()];
            pasts = new int[operations.size()][];
            Arrays.fill(nodes, NOBODY);
        }

        List<Anomaly> run(Optional<Duration> clockUncertainty) {
            compareReplicas();
            indexWriters();
            addNodes();
            follow();
            clockUncertainty.ifPresent(this::addRealTime);
            addEnd();
            graph.cycles().forEach(cycle -> anomalies.add(explain(cycle)));
            return List.copyOf(anomalies);
        }

        private void compareReplicas() {
            var first = end.replicas().entrySet().iterator().next();
            for (var replica : end.replicas().entrySet()) {
                for (var complaint : replica.getValue().complaints()) {
                    anomalies.add(new Anomaly(Anomaly.Kind.DAMAGED, replica.getKey() + ": " + complaint, List.of()));
                }
                if (!replica.getValue().root().equals(first.getValue().root())
                        || !replica.getValue().values().equals(first.getValue().values())) {
                    anomalies.add(new Anomaly(
                            Anomaly.Kind.DIVERGED,
                            replica.getKey() + " has root " + replica.getValue().root() + ", " + first.getKey()
                                    + " has " + first.getValue().root() + "; rows that differ: "
                                    + difference(replica.getValue(), first.getValue()),
                            List.of()));
                }
            }
        }

        private static Set<String> difference(EndState.Replica one, EndState.Replica other) {
            Set<String> keys = new LinkedHashSet<>(one.values().keySet());
            keys.addAll(other.values().keySet());
            keys.removeIf(key ->
                    one.values().getOrDefault(key, 0L).equals(other.values().getOrDefault(key, 0L)));
            return keys;
        }

        private void indexWriters() {
            var databases = new HashSet<String>();
            for (var number = 0; number < operations.size(); number++) {
                databases.add(operations.get(number).call().database());
                if (operations.get(number) instanceof Operation.Write write) {
                    for (var value : write.values().entrySet()) {
                        var before = writers.computeIfAbsent(value.getKey(), key -> new HashMap<>())
                                .put(value.getValue(), number);
                        if (before != null) {
                            throw new IllegalArgumentException("value " + value.getValue() + " was written to "
                                    + value.getKey() + " by two operations; values must differ");
                        }
                    }
                }
            }
            if (databases.size() > 1) {
                throw new IllegalArgumentException("a history is of one database, not of " + databases);
            }
        }

        /** The write that a value comes from; empty for none, and if it is out of nowhere, which is noted. */
        private Optional<Integer> writerOf(String key, long value, String where, List<Operation> evidence) {
            if (value == 0) {
                return Optional.empty();
            }
            var number = writers.getOrDefault(key, Map.of()).get(value);
            if (number != null && operations.get(number).call().outcome() != Operation.Outcome.FAILED) {
                return Optional.of(number);
            }
            List<Operation> all = new ArrayList<>(evidence);
            if (number != null) {
                all.add(operations.get(number));
            }
            anomalies.add(new Anomaly(
                    Anomaly.Kind.PHANTOM,
                    where + " has " + value + " in " + key + ", which "
                            + (number == null ? "nobody wrote" : "was refused"),
                    all));
            return Optional.empty();
        }

        /** A write counts as done if it was acknowledged, or if anybody saw it. */
        private void addNodes() {
            Set<Integer> seen = new HashSet<>();
            for (var operation : operations) {
                if (operation instanceof Operation.Read read && read.call().isOk()) {
                    read.seen()
                            .forEach((key, value) -> writerOf(key, value, "a read", List.of(read))
                                    .ifPresent(seen::add));
                }
            }
            end.replicas()
                    .forEach((name, replica) -> replica.values()
                            .forEach((key, value) -> writerOf(key, value, "replica " + name, List.of())
                                    .ifPresent(seen::add)));
            for (var number = 0; number < operations.size(); number++) {
                var operation = operations.get(number);
                lines.computeIfAbsent(operation.call().session(), session -> lines.size());
                if (operation instanceof Operation.Write && (operation.call().isOk() || seen.contains(number))) {
                    nodes[number] = graph.addNode();
                }
            }
            var count = lines.size();
            for (var number = 0; number < operations.size(); number++) {
                if (nodes[number] != NOBODY && !operations.get(number).call().isOk()) {
                    linesOfUnknown.put(number, count++);
                }
            }
        }

        /** What a session knows. */
        private final class Knowledge {
            private int[] past = new int[lines.size() + linesOfUnknown.size()];
            /** The newest writes that it knows: all others that it knows come before one of them. */
            private Set<Integer> newest = new LinkedHashSet<>();
        }

        /** Takes reads when they end and writes when they begin: then what is seen was there before. */
        private void follow() {
            Map<Integer, Knowledge> sessions = new HashMap<>();
            List<Integer> order = new ArrayList<>();
            for (var number = 0; number < operations.size(); number++) {
                order.add(number);
            }
            order.sort(Comparator.comparingLong(number -> operations.get(number) instanceof Operation.Write write
                    ? write.call().startMicros()
                    : operations.get(number).call().endMicros()));
            var counts = new int[lines.size() + linesOfUnknown.size()];
            for (var number : order) {
                var operation = operations.get(number);
                var knowledge = sessions.computeIfAbsent(operation.call().session(), session -> new Knowledge());
                if (operation instanceof Operation.Write write && nodes[number] != NOBODY) {
                    follow(number, write, knowledge, counts);
                } else if (operation instanceof Operation.Read read
                        && read.call().isOk()) {
                    follow(number, read, knowledge);
                }
            }
        }

        private void follow(int number, Operation.Write write, Knowledge knowledge, int[] counts) {
            for (var before : knowledge.newest) {
                graph.addEdge(nodes[before], nodes[number], OrderGraph.Reason.CAUSAL, NOBODY);
            }
            var past = knowledge.past.clone();
            var line = linesOfUnknown.getOrDefault(
                    number, lines.getOrDefault(write.call().session(), 0));
            past[line] = ++counts[line];
            pasts[number] = past;
            for (var key : write.values().keySet()) {
                writesOfKey
                        .computeIfAbsent(key, any -> new HashMap<>())
                        .computeIfAbsent(line, any -> new TreeMap<>())
                        .put(past[line], number);
            }
            if (write.call().isOk()) {
                knowledge.past = past;
                knowledge.newest = new LinkedHashSet<>(Set.of(number));
            }
        }

        private void follow(int number, Operation.Read read, Knowledge knowledge) {
            var before = knowledge.past;
            var past = before.clone();
            Map<String, Integer> seen = new LinkedHashMap<>();
            read.seen().forEach((key, value) -> {
                var writer =
                        value == 0 ? null : writers.getOrDefault(key, Map.of()).get(value);
                if (writer == null || nodes[writer] == NOBODY) {
                    return; // nobody's: noted already
                }
                if (pasts[writer] == null) {
                    anomalies.add(new Anomaly(
                            Anomaly.Kind.PHANTOM,
                            "a read ended before " + value + " in " + key + " was written, and has it",
                            List.of(read, operations.get(writer))));
                    return;
                }
                seen.put(key, writer);
                merge(past, pasts[writer]);
                knowledge.newest.add(writer);
            });
            for (var key : read.seen().keySet()) {
                compare(number, read, key, seen.getOrDefault(key, NOBODY), before, past);
            }
            knowledge.past = past;
        }

        private static void merge(int[] past, int[] other) {
            for (var i = 0; i < past.length; i++) {
                past[i] = Math.max(past[i], other[i]);
            }
        }

        /** What the read knew of this key must come before what it saw there. */
        private void compare(int number, Operation.Read read, String key, int writer, int[] before, int[] past) {
            if (writer == NOBODY && read.seen().getOrDefault(key, 0L) != 0) {
                return; // out of nowhere: noted already
            }
            writesOfKey.getOrDefault(key, Map.of()).forEach((line, writes) -> {
                var newest = writes.floorEntry(past[line]);
                if (newest == null || newest.getValue() == writer) {
                    return;
                }
                var isKnownBefore = newest.getKey() <= before[line];
                if (writer == NOBODY) {
                    anomalies.add(new Anomaly(
                            isKnownBefore ? Anomaly.Kind.STALE_READ : Anomaly.Kind.TORN_TRANSACTION,
                            "a read found nothing in " + key + " and knew of a write there",
                            List.of(read, operations.get(newest.getValue()))));
                } else {
                    graph.addEdge(
                            nodes[newest.getValue()],
                            nodes[writer],
                            isKnownBefore ? OrderGraph.Reason.READ : OrderGraph.Reason.READ_WITHIN,
                            number);
                }
            });
        }

        /** A node for each moment at which something had been acknowledged keeps the edges few. */
        private void addRealTime(Duration uncertainty) {
            var margin = uncertainty.toNanos() / 1000;
            List<Integer> done = new ArrayList<>();
            for (var number = 0; number < operations.size(); number++) {
                if (nodes[number] != NOBODY) {
                    done.add(number);
                }
            }
            var acknowledged = done.stream()
                    .filter(number -> operations.get(number).call().isOk())
                    .sorted(Comparator.comparingLong(
                            number -> operations.get(number).call().endMicros()))
                    .toList();
            var moments = new TreeMap<Long, Integer>();
            for (var number : acknowledged) {
                var moment = operations.get(number).call().endMicros() + margin;
                var node = moments.get(moment);
                if (node == null) {
                    node = graph.addNode();
                    var last = moments.lastEntry();
                    if (last != null) {
                        graph.addEdge(last.getValue(), node, OrderGraph.Reason.REAL_TIME, NOBODY);
                    }
                    moments.put(moment, node);
                }
                graph.addEdge(nodes[number], node, OrderGraph.Reason.REAL_TIME, NOBODY);
            }
            for (var number : done) {
                var moment = moments.lowerEntry(operations.get(number).call().startMicros());
                if (moment != null) {
                    graph.addEdge(moment.getValue(), nodes[number], OrderGraph.Reason.REAL_TIME, NOBODY);
                }
            }
        }

        private void addEnd() {
            end.replicas().forEach((name, replica) -> {
                for (var key : writers.keySet()) {
                    addEnd(name, replica, key);
                }
            });
        }

        private void addEnd(String name, EndState.Replica replica, String key) {
            var value = replica.values().getOrDefault(key, 0L);
            var winner = writers.getOrDefault(key, Map.of()).get(value);
            for (var number : writers.getOrDefault(key, Map.of()).values()) {
                if (nodes[number] == NOBODY || number.equals(winner)) {
                    continue;
                }
                if (winner != null && nodes[winner] != NOBODY) {
                    graph.addEdge(nodes[number], nodes[winner], OrderGraph.Reason.END, NOBODY);
                } else if (value == 0
                        && operations.get(number).call().isOk()
                        && !end.conflicts().contains(key)) {
                    anomalies.add(new Anomaly(
                            Anomaly.Kind.LOST_WRITE,
                            "replica " + name + " has nothing in " + key + ", nor have the conflicts",
                            List.of(operations.get(number))));
                }
            }
        }

        private Anomaly explain(List<OrderGraph.Edge> cycle) {
            Map<Integer, Operation> ofNode = new HashMap<>();
            for (var number = 0; number < operations.size(); number++) {
                if (nodes[number] != NOBODY) {
                    ofNode.put(nodes[number], operations.get(number));
                }
            }
            Set<Operation> evidence = new LinkedHashSet<>();
            var reasons = new LinkedHashSet<OrderGraph.Reason>();
            for (var edge : cycle) {
                Optional.ofNullable(ofNode.get(edge.from())).ifPresent(evidence::add);
                Optional.ofNullable(ofNode.get(edge.to())).ifPresent(evidence::add);
                if (edge.witness() != NOBODY) {
                    evidence.add(operations.get(edge.witness()));
                }
                reasons.add(edge.reason());
            }
            return new Anomaly(
                    kind(reasons), "these can't be put in an order; reasons " + reasons, List.copyOf(evidence));
        }

        private static Anomaly.Kind kind(Set<OrderGraph.Reason> reasons) {
            var observations =
                    reasons.stream().filter(OrderGraph.Reason::isObservation).toList();
            if (observations.size() != 1) {
                return observations.contains(OrderGraph.Reason.READ_WITHIN)
                        ? Anomaly.Kind.TORN_TRANSACTION
                        : Anomaly.Kind.IMPOSSIBLE_ORDER;
            }
            return switch (observations.getFirst()) {
                case END -> Anomaly.Kind.LOST_WRITE;
                case READ -> Anomaly.Kind.STALE_READ;
                case READ_WITHIN -> Anomaly.Kind.TORN_TRANSACTION;
                case CAUSAL, REAL_TIME -> Anomaly.Kind.IMPOSSIBLE_ORDER;
            };
        }
    }
}
