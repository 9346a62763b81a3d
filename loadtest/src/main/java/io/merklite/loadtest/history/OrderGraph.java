package io.merklite.loadtest.history;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * What must have come before what. Nodes are numbered from 0; an edge says that its first node comes before its second.
 *
 * <p>An order exists exactly if there is no cycle. All nodes of one cycle are in one strongly connected component (Tarjan,
 * "Depth-first search and linear graph algorithms", 1972, here without recursion).
 *
 * <p><b>Cost.</b> {@link #cycles} is linear in edges, and for each component that has a cycle a breadth-first search for each of its
 * observations, at most {@value #MAX_SEARCHES}.
 */
final class OrderGraph {
    private static final int MAX_SEARCHES = 64;
    private static final int UNSEEN = -1;

    private final List<List<Edge>> out = new ArrayList<>();

    /** Why one comes before the other. */
    enum Reason {
        /** The client of the second knew the first. */
        CAUSAL,
        /** The first was acknowledged before the second was sent. */
        REAL_TIME,
        /** A read that knew the first saw the second in its place. */
        READ,
        /** A read that saw a part of the first saw the second in place of the rest. */
        READ_WITHIN,
        /** In the end the second is there and not the first. */
        END;

        boolean isObservation() {
            return this == READ || this == READ_WITHIN || this == END;
        }
    }

    /**
     * From one node to another.
     *
     * @param witness number of the operation that shows it; -1 if the nodes themselves do
     */
    record Edge(int from, int to, Reason reason, int witness) {}

    int addNode() {
        out.add(new ArrayList<>(4));
        return out.size() - 1;
    }

    void addEdge(int from, int to, Reason reason, int witness) {
        out.get(from).add(new Edge(from, to, reason, witness));
    }

    /** One cycle, as short as was found, of each component that has any. */
    List<List<Edge>> cycles() {
        var component = components();
        var size = new int[out.size()];
        for (var number : component) {
            size[number]++;
        }
        List<List<Edge>> observations = new ArrayList<>();
        for (var i = 0; i < out.size(); i++) {
            observations.add(new ArrayList<>(0));
        }
        for (var edges : out) {
            for (var edge : edges) {
                var number = component[edge.from];
                if (edge.reason.isObservation()
                        && number == component[edge.to]
                        && size[number] > 1
                        && observations.get(number).size() < MAX_SEARCHES) {
                    observations.get(number).add(edge);
                }
            }
        }
        List<List<Edge>> cycles = new ArrayList<>();
        for (var ofOne : observations) {
            Optional<List<Edge>> shortest = Optional.empty();
            for (var edge : ofOne) {
                var cycle = cycleThrough(edge, component);
                if (shortest.isEmpty() || cycle.size() < shortest.get().size()) {
                    shortest = Optional.of(cycle);
                }
            }
            shortest.ifPresent(cycles::add);
        }
        return cycles;
    }

    /** The component of each node, by a number that is a node's number. */
    private int[] components() {
        var count = out.size();
        var index = new int[count];
        var low = new int[count];
        var component = new int[count];
        var next = new int[count];
        Arrays.fill(index, UNSEEN);
        Arrays.fill(component, UNSEEN);
        Deque<Integer> open = new ArrayDeque<>();
        Deque<Integer> path = new ArrayDeque<>();
        var seen = 0;
        for (var root = 0; root < count; root++) {
            if (index[root] != UNSEEN) {
                continue;
            }
            path.push(root);
            while (!path.isEmpty()) {
                var node = path.peek();
                if (next[node] == 0 && index[node] == UNSEEN) {
                    index[node] = seen;
                    low[node] = seen++;
                    open.push(node);
                }
                if (next[node] < out.get(node).size()) {
                    var target = out.get(node).get(next[node]++).to;
                    if (index[target] == UNSEEN) {
                        path.push(target);
                    } else if (component[target] == UNSEEN) {
                        low[node] = Math.min(low[node], index[target]);
                    }
                } else {
                    path.pop();
                    if (low[node] == index[node]) {
                        close(node, open, component);
                    }
                    if (!path.isEmpty()) {
                        var parent = path.peek();
                        low[parent] = Math.min(low[parent], low[node]);
                    }
                }
            }
        }
        return component;
    }

    private static void close(int root, Deque<Integer> open, int[] component) {
        int member;
        do {
            member = open.pop();
            component[member] = root;
        } while (member != root);
    }

    /** The shortest way from the edge's end back to its beginning, with the edge in front. */
    private List<Edge> cycleThrough(Edge first, int[] component) {
        var reachedBy = new Edge[out.size()];
        Deque<Integer> queue = new ArrayDeque<>(List.of(first.to));
        while (reachedBy[first.from] == null && !queue.isEmpty()) {
            var node = queue.remove();
            for (var edge : out.get(node)) {
                if (component[edge.to] == component[node] && reachedBy[edge.to] == null && edge.to != first.to) {
                    reachedBy[edge.to] = edge;
                    queue.add(edge.to);
                }
            }
        }
        List<Edge> back = new ArrayList<>();
        for (var node = first.from; node != first.to; node = back.getLast().from) {
            back.add(reachedBy[node]);
        }
        back.add(first);
        return back.reversed();
    }
}
