package io.merklite.schema.plan;

import io.merklite.schema.SchemaException;
import io.merklite.schema.structure.View;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Views in an order in which each comes after those it reads from.
 *
 * <p>A name counts as read where a table may stand: after FROM, JOIN and IN, and after the commas of a FROM clause; not in
 * strings, not as a column, and not where WITH gives the name to a query of its own.
 */
final class ViewOrder {
    private static final Set<String> END_OF_FROM = Set.of(
            "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "SELECT", "VALUES");

    private final NavigableMap<String, View> views = new TreeMap<>(SqlNames.IGNORING_CASE);
    private final List<View> ordered = new ArrayList<>();
    private final Set<String> done = new TreeSet<>(SqlNames.IGNORING_CASE);
    private final Deque<String> path = new ArrayDeque<>();
    private final boolean refusesCircles;

    private ViewOrder(Collection<View> views, boolean refusesCircles) {
        views.forEach(view -> this.views.put(view.name(), view));
        this.refusesCircles = refusesCircles;
    }

    /**
     * Those that are read first, others by name.
     *
     * @throws SchemaException.DiffFailed if there is a circle
     */
    static List<View> dependenciesFirst(Collection<View> views) {
        return new ViewOrder(views, true).order();
    }

    /** The reverse order, in which views that stand in a circle come anywhere. */
    static List<View> dependantsFirst(Collection<View> views) {
        return new ViewOrder(views, false).order().reversed();
    }

    private List<View> order() {
        views.keySet().forEach(this::visit);
        return ordered;
    }

    private void visit(String name) {
        if (path.contains(name)) {
            if (refusesCircles) {
                throw new SchemaException.DiffFailed("views refer to each other in a circle: " + path + " and " + name);
            }
            return;
        }
        var view = views.get(name);
        if (view == null || done.contains(name)) {
            return;
        }
        path.addLast(view.name());
        tablesRead(view.sql()).stream().map(views::get).filter(Objects::nonNull).forEach(read -> visit(read.name()));
        path.removeLast();
        done.add(view.name());
        ordered.add(view);
    }

    /** The names that stand where a table may stand in {@code sql}. */
    static NavigableSet<String> tablesRead(String sql) {
        return new Reader(SqlTokens.of(sql)).read();
    }

    private static final class Reader {
        private final List<Token> tokens;
        private final NavigableSet<String> found = new TreeSet<>(SqlNames.IGNORING_CASE);
        private final NavigableSet<String> ownQueries = new TreeSet<>(SqlNames.IGNORING_CASE);
        private final Deque<Boolean> inFrom = new ArrayDeque<>();
        private boolean expectsTable;

        Reader(List<Token> tokens) {
            this.tokens = tokens;
            inFrom.push(false);
        }

        NavigableSet<String> read() {
            for (var i = 0; i < tokens.size(); i++) {
                var token = tokens.get(i);
                if (token.isSymbol("(")) {
                    inFrom.push(expectsTable);
                } else if (token.isSymbol(")")) {
                    closeBracket();
                } else if (token.isSymbol(",")) {
                    expectsTable = inFrom.getFirst();
                } else if (startsTable(i)) {
                    expectsTable = true;
                    setInFrom(inFrom.getFirst() || !token.is("IN"));
                } else if (token.kind() == Token.Kind.WORD && END_OF_FROM.contains(SqlNames.upper(token.text()))) {
                    expectsTable = false;
                    setInFrom(false);
                } else if (expectsTable && token.isName()) {
                    i = table(i);
                } else {
                    noteOwnQuery(i);
                }
            }
            found.removeAll(ownQueries);
            return found;
        }

        private void closeBracket() {
            if (inFrom.size() > 1) {
                inFrom.pop();
            }
            expectsTable = false;
        }

        private void setInFrom(boolean value) {
            inFrom.pop();
            inFrom.push(value);
        }

        /** IS DISTINCT FROM compares values. */
        private boolean startsTable(int i) {
            var token = tokens.get(i);
            var isComparison = i > 0 && tokens.get(i - 1).is("DISTINCT");
            return (token.is("FROM") && !isComparison) || token.is("JOIN") || token.is("IN");
        }

        private int table(int i) {
            var isQualified = i + 2 < tokens.size() && tokens.get(i + 1).isSymbol(".");
            var last = isQualified ? i + 2 : i;
            found.add(tokens.get(last).name());
            expectsTable = false;
            return last;
        }

        /** {@code WITH name [(columns)] AS [NOT MATERIALIZED] (SELECT}, or another one after a comma. */
        private void noteOwnQuery(int i) {
            if (!tokens.get(i).is("AS") || i == 0 || i + 1 >= tokens.size()) {
                return;
            }
            var next = tokens.get(i + 1);
            if (!next.isSymbol("(") && !next.is("MATERIALIZED") && !next.is("NOT")) {
                return;
            }
            var name = i - 1;
            if (tokens.get(name).isSymbol(")")) {
                while (name > 0 && !tokens.get(name).isSymbol("(")) {
                    name--;
                }
                name--;
            }
            if (name >= 0 && tokens.get(name).isName()) {
                ownQueries.add(tokens.get(name).name());
            }
        }
    }
}
