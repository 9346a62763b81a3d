package io.merklite.query.transpile;

import io.merklite.query.transpile.Clauses.Kind;
import io.merklite.query.transpile.Part.Declared;
import io.merklite.query.transpile.Part.ObjectLiteral;
import io.merklite.query.transpile.Query.Recursion;
import io.merklite.query.transpile.Query.Select;
import java.util.List;

/**
 * Recursive selects.
 *
 * <p>A recursive CTE finds the edges from the roots down; each key of each edge is joined to its row again, so that the
 * fields are evaluated once a row, where only the table is in scope. On SQLite an aggregate puts the tree together: keys
 * may be of any type, and the depth has no limit. PostgreSQL has no such function, so there the text of the tree is made of
 * fragments in depth-first order, sorted by paths of padded keys.
 */
final class RecursionRenderer {
    private final Rendering rendering;

    RecursionRenderer(Rendering rendering) {
        this.rendering = rendering;
    }

    /** One row, with the tree or the array of trees. */
    void rows(Select select, Recursion recursion) {
        if (!(select.columns().getFirst() instanceof ObjectLiteral object)) {
            throw new IllegalStateException("a recursion without an object");
        }
        var scope = new Scope(rendering.scope());
        var table = recursion.table().getLast().unquoted();
        scope.add(new Declared(table, table));
        rendering.in(scope, () -> {
            if (rendering.backEnd == BackEnd.SQLITE) {
                sqlite(select, recursion, object);
            } else {
                postgres(select, recursion, object);
            }
        });
    }

    private void sqlite(Select select, Recursion recursion, ObjectLiteral object) {
        var out = rendering.out;
        var reference = recursion.table().getLast().text();
        var key = reference + "." + recursion.primary();
        out.append(select.singular() ? "SELECT sqldeep_json_tree(" : "SELECT sqldeep_json_forest(");
        out.append("sqldeep_parent, sqldeep_key, sqldeep_name, sqldeep_value)");
        rendering.parts(select.afterShape());
        out.append(" FROM (WITH RECURSIVE sqldeep_edges(sqldeep_parent, sqldeep_key) AS (SELECT NULL, ")
                .append(key);
        roots(select, recursion);
        out.append(" UNION SELECT sqldeep_edges.sqldeep_key, sqldeep_child.").append(recursion.primary());
        children(recursion);
        out.append(") SELECT sqldeep_parent, sqldeep_key, ");
        marker(object);
        out.append(" AS sqldeep_name, ");
        rendering.literals.object(object);
        out.append(" AS ").append(QueryRenderer.VALUE).append(" FROM sqldeep_edges JOIN ");
        table(recursion);
        out.append(" ON ").append(key).append(" = sqldeep_key ORDER BY ").append(key);
        out.append(") AS ").append(QueryRenderer.ROWS);
    }

    private void marker(ObjectLiteral object) {
        rendering.parts(object.marker().map(Part.Marker::key).orElseGet(List::of));
    }

    private void table(Recursion recursion) {
        recursion.table().forEach(token -> rendering.out.append(token.text()));
    }

    private void roots(Select select, Recursion recursion) {
        rendering.out.append(" FROM ");
        table(recursion);
        if (select.clauses().has(Kind.WHERE)) {
            rendering.out.append(" WHERE ");
            rendering.parts(select.clauses().of(Kind.WHERE));
        }
    }

    private void children(Recursion recursion) {
        rendering.out.append(" FROM sqldeep_edges JOIN ");
        table(recursion);
        rendering.out.append(" AS sqldeep_child ON sqldeep_child.").append(recursion.foreign());
        rendering.out.append(" = sqldeep_edges.sqldeep_key");
    }

    private void postgres(Select select, Recursion recursion, ObjectLiteral object) {
        var out = rendering.out;
        var key = recursion.table().getLast().text() + "." + recursion.primary();
        out.append(select.singular() ? "SELECT CAST(" : "SELECT CAST('[' || coalesce(");
        out.append("string_agg(sqldeep_text, '' ORDER BY sqldeep_path)");
        out.append(select.singular() ? " AS jsonb)" : ", '') || ']' AS jsonb)");
        rendering.parts(select.afterShape());
        out.append(" FROM (WITH RECURSIVE sqldeep_edges(sqldeep_parent, sqldeep_key, sqldeep_path) AS (");
        out.append(select.singular() ? "(" : "");
        out.append("SELECT '', ").append(key).append(", ").append(padded(key));
        roots(select, recursion);
        out.append(select.singular() ? " ORDER BY " + key + " LIMIT 1)" : "");
        out.append(" UNION ALL SELECT sqldeep_path, sqldeep_child.").append(recursion.primary());
        out.append(", sqldeep_path || '/' || ").append(padded("sqldeep_child." + recursion.primary()));
        children(recursion);
        out.append("), sqldeep_nodes AS (SELECT sqldeep_path, CASE WHEN row_number() OVER (PARTITION BY");
        out.append(" sqldeep_parent ORDER BY sqldeep_path) > 1 THEN ',' ELSE '' END || ");
        node(object);
        out.append(" AS sqldeep_text FROM sqldeep_edges JOIN ");
        table(recursion);
        out.append(" ON ").append(key).append(" = sqldeep_key) SELECT sqldeep_path, sqldeep_text FROM sqldeep_nodes");
        out.append(" UNION ALL SELECT sqldeep_path || chr(127), ']}' FROM sqldeep_nodes) AS ");
        out.append(QueryRenderer.ROWS);
    }

    /** The text of an object up to the bracket behind which its children stand. */
    private void node(ObjectLiteral object) {
        var out = rendering.out;
        if (object.fields().isEmpty()) {
            out.append("'{'");
        } else {
            out.append("left(CAST(");
            rendering.literals.object(object);
            out.append(" AS text), -1) || ','");
        }
        out.append(" || CAST(to_json(CAST(");
        marker(object);
        out.append(" AS text)) AS text) || ':['");
    }

    private static String padded(String key) {
        return "lpad(CAST(" + key + " AS text), 10, '0')";
    }
}
