package io.merklite.loadtest.history;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a database has when all faults are over and its replicas had time to meet.
 *
 * @param replicas what each has, by name; at least one
 * @param conflicts keys of rows that lost against a constraint and are in the conflicts ledger
 */
public record EndState(Map<String, Replica> replicas, Set<String> conflicts) {
    public EndState {
        replicas = Map.copyOf(replicas);
        conflicts = Set.copyOf(conflicts);
        if (replicas.isEmpty()) {
            throw new IllegalArgumentException("an end state needs at least one replica");
        }
    }

    /**
     * One replica.
     *
     * @param root of its merkle index, in hex
     * @param values by key, as in {@link Operation.Read}
     * @param complaints what the replica itself says is wrong with its file
     */
    public record Replica(String root, Map<String, Long> values, List<String> complaints) {
        public Replica {
            values = Map.copyOf(values);
            complaints = List.copyOf(complaints);
        }
    }
}
