package io.merklite.query.transpile.functions;

import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The aggregate of a recursive select: edges in, trees out.
 *
 * <p>Each row is an edge: key of the parent or NULL for a root, key, name of the field for the children, and the object
 * without that field. Roots and siblings keep the order of the rows. A row may be a root and a child, then it is in both
 * places. The trees are written without recursion, so their depth has no limit; a cycle is an SQL error.
 */
final class TreeAccumulator implements Accumulator {
    private final boolean singular;
    private final Map<SqlValue, Node> nodes = new HashMap<>();
    private final List<SqlValue> roots = new ArrayList<>();
    private final Map<SqlValue, List<SqlValue>> children = new HashMap<>();

    /** @param singular whether the result is the first tree rather than an array of all */
    TreeAccumulator(boolean singular) {
        this.singular = singular;
    }

    /** @param head the object up to the bracket behind which the children stand */
    private record Node(String head) {}

    /** A node whose children are being written. */
    private static final class Open {
        final SqlValue key;
        final List<SqlValue> children;
        int written;

        Open(SqlValue key, List<SqlValue> children) {
            this.key = key;
            this.children = children;
        }
    }

    @Override
    public void add(List<SqlValue> arguments) throws SQLException {
        if (arguments.size() != 4) {
            throw new SQLException("needs parent, key, name and object");
        }
        var parent = arguments.getFirst();
        var key = arguments.get(1);
        if (!nodes.containsKey(key)) {
            nodes.put(key, new Node(head(arguments.get(2), arguments.get(3))));
        }
        if (parent.isNull()) {
            roots.add(key);
        } else {
            children.computeIfAbsent(parent, unused -> new ArrayList<>()).add(key);
        }
    }

    private static String head(SqlValue name, SqlValue object) throws SQLException {
        var json = new StringBuilder();
        JsonWriter.value(json, object);
        if (json.length() < 2 || json.charAt(0) != '{') {
            throw new SQLException("needs an object");
        }
        json.setLength(json.length() - 1);
        json.append(json.length() > 1 ? "," : "");
        JsonWriter.key(json, name);
        return json.append(":[").toString();
    }

    @Override
    public Optional<String> result() throws SQLException {
        var json = new StringBuilder();
        if (singular) {
            if (roots.isEmpty()) {
                return Optional.empty();
            }
            tree(json, roots.getFirst());
            return Optional.of(json.toString());
        }
        json.append('[');
        for (var root : roots) {
            json.append(json.length() > 1 ? "," : "");
            tree(json, root);
        }
        return Optional.of(json.append(']').toString());
    }

    private void tree(StringBuilder json, SqlValue root) throws SQLException {
        Deque<Open> path = new ArrayDeque<>();
        Set<SqlValue> keysOnPath = new HashSet<>();
        open(json, root, path, keysOnPath);
        while (!path.isEmpty()) {
            var last = path.element();
            if (last.written == last.children.size()) {
                json.append("]}");
                keysOnPath.remove(path.pop().key);
            } else {
                json.append(last.written > 0 ? "," : "");
                open(json, last.children.get(last.written++), path, keysOnPath);
            }
        }
    }

    private void open(StringBuilder json, SqlValue key, Deque<Open> path, Set<SqlValue> keysOnPath)
            throws SQLException {
        var node = nodes.get(key);
        if (node == null || !keysOnPath.add(key)) {
            throw new SQLException("the rows form a cycle through key " + key.text());
        }
        json.append(node.head());
        path.push(new Open(key, children.getOrDefault(key, List.of())));
    }
}
