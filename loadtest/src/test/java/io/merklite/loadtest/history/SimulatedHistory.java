package io.merklite.loadtest.history;

import io.merklite.loadtest.history.Operation.Call;
import io.merklite.loadtest.history.Operation.Outcome;
import io.merklite.loadtest.history.Operation.Read;
import io.merklite.loadtest.history.Operation.Write;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Histories that a right database could have given: datacenters with last-writer-wins, which hear of each other's transactions
 * late and in causal order, and sessions that go from one to the other with their bookmarks.
 */
final class SimulatedHistory {
    static final String DATABASE = "simulated";
    private static final int SITES = 2;
    private static final int SESSIONS = 4;
    private static final int GROUPS = 3;
    private static final int GROUP_SIZE = 3;

    private final SplittableRandom random;
    private final List<Transaction> transactions = new ArrayList<>();
    private final List<Set<Integer>> applied = new ArrayList<>();
    private final List<Operation> operations = new ArrayList<>();
    private final Map<Integer, Set<Integer>> known = new HashMap<>();
    private long now;
    private long value;

    /** What a transaction wrote; its stamp is its number, and what it was written on. */
    private record Transaction(Map<String, Long> values, Set<Integer> past) {}

    SimulatedHistory(long seed, int count) {
        random = new SplittableRandom(seed);
        for (var site = 0; site < SITES; site++) {
            applied.add(new HashSet<>());
        }
        for (var session = 0; session < SESSIONS; session++) {
            known.put(session, new HashSet<>());
        }
        for (var i = 0; i < count; i++) {
            step();
        }
    }

    List<Operation> operations() {
        return operations;
    }

    EndState end() {
        Set<Integer> all = new HashSet<>();
        for (var number = 0; number < transactions.size(); number++) {
            all.add(number);
        }
        var replica = new EndState.Replica("root", state(all), List.of());
        return new EndState(Map.of("a1", replica, "b1", replica), Set.of());
    }

    private void step() {
        now += 1 + random.nextInt(10);
        var session = random.nextInt(SESSIONS);
        var site = random.nextInt(SITES);
        switch (random.nextInt(4)) {
            case 0 -> deliver(site);
            case 1 -> read(session, site);
            default -> write(session, site);
        }
    }

    /** Some transactions reach a site, each after those that it was written on. */
    private void deliver(int site) {
        for (var number = 0; number < transactions.size(); number++) {
            if (random.nextInt(3) == 0) {
                apply(site, number);
            }
        }
    }

    private void apply(int site, int number) {
        if (applied.get(site).add(number)) {
            transactions.get(number).past.forEach(before -> apply(site, before));
        }
    }

    private void catchUp(int site, int session) {
        List.copyOf(known.getOrDefault(session, Set.of())).forEach(number -> apply(site, number));
    }

    private void write(int session, int site) {
        catchUp(site, session);
        var group = random.nextInt(GROUPS);
        Map<String, Long> values = new HashMap<>();
        value++;
        if (random.nextInt(3) == 0) {
            values.put("entry-" + value, value);
        } else {
            keys(group).forEach(key -> values.put(key, value));
        }
        var choice = random.nextInt(10);
        var start = now;
        now += 1 + random.nextInt(10);
        var outcome = choice == 0 ? Outcome.FAILED : choice == 1 ? Outcome.UNKNOWN : Outcome.OK;
        operations.add(new Write(call(session, site, start, outcome), values));
        if (choice == 0 || (choice == 1 && random.nextBoolean())) {
            return;
        }
        var number = transactions.size();
        transactions.add(new Transaction(values, Set.copyOf(applied.get(site))));
        applied.get(site).add(number);
        if (outcome == Outcome.OK) {
            known.getOrDefault(session, new HashSet<>()).add(number);
        }
    }

    private void read(int session, int site) {
        catchUp(site, session);
        var state = state(applied.get(site));
        Map<String, Long> seen = new HashMap<>();
        keys(random.nextInt(GROUPS)).forEach(key -> seen.put(key, state.getOrDefault(key, 0L)));
        for (var i = 0; i < 2; i++) {
            var key = "entry-" + (1 + random.nextLong(value + 1));
            if (isEntry(key)) {
                seen.put(key, state.getOrDefault(key, 0L));
            }
        }
        var start = now;
        now += 1 + random.nextInt(10);
        operations.add(new Read(call(session, site, start, Outcome.OK), seen));
        known.getOrDefault(session, new HashSet<>()).addAll(applied.get(site));
    }

    private boolean isEntry(String key) {
        return operations.stream()
                .anyMatch(operation ->
                        operation instanceof Write write && write.values().containsKey(key));
    }

    private Call call(int session, int site, long start, Outcome outcome) {
        return new Call(session, site == 0 ? "a1" : "b1", DATABASE, start, now, outcome, "");
    }

    private static List<String> keys(int group) {
        List<String> keys = new ArrayList<>();
        for (var row = 0; row < GROUP_SIZE; row++) {
            keys.add("register-" + group + "-" + row);
        }
        return keys;
    }

    /** Of each key the value of the newest of these transactions. */
    private Map<String, Long> state(Set<Integer> numbers) {
        Map<String, Long> state = new LinkedHashMap<>();
        numbers.stream().sorted().forEach(number -> state.putAll(transactions.get(number).values));
        return state;
    }
}
