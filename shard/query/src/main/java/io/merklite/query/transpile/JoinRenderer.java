package io.merklite.query.transpile;

import io.merklite.query.QueryException.MalformedQuery;
import io.merklite.query.transpile.Part.Declared;
import io.merklite.query.transpile.Part.JoinPath;
import io.merklite.query.transpile.Part.JoinStep;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;

/**
 * Paths as joins.
 *
 * <p>A path behind FROM is correlated with a query around it, so its first condition goes to WHERE; behind JOIN the
 * condition is that of the join. A path is resolved before anything of its query is written, as the columns stand before
 * FROM and may hold paths that start from its tables.
 */
final class JoinRenderer {
    private final Rendering rendering;
    private final Optional<List<ForeignKey>> foreignKeys;
    private final IdentityHashMap<JoinPath, String> resolved = new IdentityHashMap<>();

    JoinRenderer(Rendering rendering, Optional<List<ForeignKey>> foreignKeys) {
        this.rendering = rendering;
        this.foreignKeys = foreignKeys;
    }

    /** What a FROM clause brings: tables in scope, and conditions for WHERE. */
    record From(Scope scope, List<Condition> conditions) {}

    /** @param added what the text adds to the condition by AND */
    record Condition(String sql, List<Part> added) {}

    /** Finds the tables of {@code from}, and resolves its paths. */
    From resolve(List<Part> from) {
        var scope = new Scope(rendering.scope());
        List<Condition> conditions = new ArrayList<>();
        for (var part : from) {
            if (part instanceof Declared declared) {
                scope.add(declared);
            } else if (part instanceof JoinPath path) {
                resolve(path, scope, conditions);
            }
        }
        return new From(scope, conditions);
    }

    private void resolve(JoinPath path, Scope scope, List<Condition> conditions) {
        var start = path.start();
        var table = (path.joined() ? scope : rendering.scope())
                .table(start.unquoted())
                .orElseThrow(() -> rendering.source.error(
                        start.start(),
                        "no table or alias " + start.described() + " is in scope",
                        "Start a path from an alias of a query around it"));
        var sql = new StringBuilder();
        var first = "";
        var left = new Side(start, table);
        for (var step : path.steps()) {
            var right = new Side(step.reference(), step.table().unquoted());
            if (Scope.isSame(left.name(), right.name())) {
                throw rendering.source.error(
                        step.reference().start(),
                        "both sides of the arrow are called " + step.reference().described(),
                        "Give the table behind the arrow an alias of its own");
            }
            var condition = condition(step, left, right);
            var isFirst = sql.isEmpty();
            sql.append(isFirst ? "" : " JOIN ").append(text(step));
            sql.append(isFirst ? "" : " ON " + condition);
            first = isFirst ? condition : first;
            scope.add(new Declared(right.name(), right.table()));
            left = right;
        }
        if (path.joined()) {
            resolved.put(path, joined(path, sql, first));
        } else {
            resolved.put(path, sql.toString());
            conditions.add(new Condition(first, path.condition()));
        }
    }

    /** One side of an arrow. */
    private record Side(Token reference, String table) {
        String name() {
            return reference.unquoted();
        }
    }

    /** Behind JOIN the first condition comes last, as what follows AND belongs to it; LEFT must hold for the whole path. */
    private static String joined(JoinPath path, StringBuilder tables, String condition) {
        var isChain = path.steps().size() > 1;
        return (isChain ? "(" + tables + ")" : tables) + " ON " + condition;
    }

    private static String text(JoinStep step) {
        var name = String.join("", step.name().stream().map(Token::text).toList());
        return step.alias().map(alias -> name + " " + alias.text()).orElse(name);
    }

    private String condition(JoinStep step, Side left, Side right) {
        List<String> pairs = new ArrayList<>();
        if (!step.columns().isEmpty()) {
            step.columns()
                    .forEach(pair -> pairs.add(
                            equal(left, pair.left().text(), right, pair.right().text())));
        } else {
            var child = step.toChild() ? right : left;
            var parent = step.toChild() ? left : right;
            if (foreignKeys.isPresent()) {
                key(foreignKeys.get(), child.table(), parent.table())
                        .columns()
                        .forEach(pair -> pairs.add(equal(
                                child, Identifiers.quoted(pair.child()), parent, Identifiers.quoted(pair.parent()))));
            } else {
                var column = parent.table() + "_id";
                var name = Identifiers.isPlain(column) ? column : Identifiers.quoted(column);
                pairs.add(equal(child, name, parent, name));
            }
        }
        return String.join(" AND ", pairs);
    }

    private static String equal(Side left, String leftColumn, Side right, String rightColumn) {
        return left.reference().text() + "." + leftColumn + " = "
                + right.reference().text() + "." + rightColumn;
    }

    private static ForeignKey key(List<ForeignKey> foreignKeys, String child, String parent) {
        var found = foreignKeys.stream()
                .filter(key -> Scope.isSame(key.child(), child) && Scope.isSame(key.parent(), parent))
                .toList();
        if (found.size() != 1) {
            throw new MalformedQuery(
                    0,
                    0,
                    (found.isEmpty() ? "no foreign key" : found.size() + " foreign keys") + " from " + child + " to "
                            + parent,
                    "Name the columns by ON or USING");
        }
        return found.getFirst();
    }

    /** Writes a path that was resolved. */
    void path(JoinPath path) {
        var sql = resolved.get(path);
        if (sql == null) {
            throw new IllegalStateException("path from " + path.start().text() + " was not resolved");
        }
        rendering.out.append(sql);
        if (path.joined() && !path.condition().isEmpty()) {
            added(path.condition());
        }
    }

    /** Writes the conditions of paths, and what the text adds to them. */
    void conditions(List<Condition> conditions) {
        for (var index = 0; index < conditions.size(); index++) {
            rendering
                    .out
                    .append(index > 0 ? " AND " : "")
                    .append(conditions.get(index).sql());
            if (!conditions.get(index).added().isEmpty()) {
                added(conditions.get(index).added());
            }
        }
    }

    private void added(List<Part> condition) {
        rendering.out.append(" AND (");
        rendering.parts(condition);
        rendering.out.append(")");
    }
}
