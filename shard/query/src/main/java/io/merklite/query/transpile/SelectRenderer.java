package io.merklite.query.transpile;

import io.merklite.query.transpile.Clauses.Kind;
import io.merklite.query.transpile.JoinRenderer.From;
import io.merklite.query.transpile.Part.ArrayLiteral;
import io.merklite.query.transpile.Query.Select;

/** One arm of a query, with its clauses in the order SQL wants them. */
final class SelectRenderer {
    private final Rendering rendering;

    SelectRenderer(Rendering rendering) {
        this.rendering = rendering;
    }

    /** The select with its columns as they are; the array of a singular select is a row's value. */
    void plain(Select select) {
        select(select, () -> {
            if (select.singular() && select.shape().orElse(null) instanceof ArrayLiteral array) {
                rendering.literals.row(array);
                rendering.parts(select.afterShape());
            } else {
                rendering.parts(select.columns());
            }
        });
    }

    /** The select with its first column aggregated, and the others as they are. */
    void aggregated(Select select, ArrayLiteral array, String aggregate) {
        select(select, () -> {
            rendering.out.append(aggregate).append("(");
            rendering.literals.row(array);
            rendering.out.append(")");
            rendering.parts(select.afterShape());
        });
    }

    /** The select with one column, called {@code column}: the value of each row. */
    void elements(Select select, String column) {
        select(select, () -> {
            var shape = select.isDeep() ? select.shape().orElse(null) : null;
            if (shape instanceof ArrayLiteral array) {
                rendering.literals.row(array);
            } else if (shape instanceof Part.ObjectLiteral object) {
                rendering.literals.object(object);
            } else {
                rendering.parts(select.columns());
            }
            if (shape != null || select.alias().isEmpty()) {
                rendering.out.append(" AS ").append(column);
            }
        });
    }

    private void select(Select select, Runnable columns) {
        if (select.kind() == Select.Kind.VALUES) {
            columns.run();
            tail(select.clauses());
            return;
        }
        var from = rendering.joins.resolve(select.clauses().of(Kind.FROM));
        rendering.in(from.scope(), () -> {
            rendering.out.space().append("SELECT");
            rendering.parts(select.modifiers());
            rendering.out.space();
            columns.run();
            clauses(select.clauses(), from, select.singular());
        });
    }

    /** All clauses; {@code singular} limits the rows to one. */
    void clauses(Clauses clauses, From from, boolean singular) {
        clause(clauses, Kind.FROM);
        where(clauses, from);
        clause(clauses, Kind.GROUP_BY);
        clause(clauses, Kind.HAVING);
        clause(clauses, Kind.WINDOW);
        clause(clauses, Kind.ORDER_BY);
        if (singular) {
            oneRow(clauses);
        } else {
            clause(clauses, Kind.LIMIT);
        }
        clause(clauses, Kind.OFFSET);
    }

    /** ORDER BY, LIMIT and OFFSET. */
    void tail(Clauses clauses) {
        clause(clauses, Kind.ORDER_BY);
        clause(clauses, Kind.LIMIT);
        clause(clauses, Kind.OFFSET);
    }

    private void clause(Clauses clauses, Kind kind) {
        if (clauses.has(kind)) {
            rendering.out.space().append(kind.sql()).space();
            rendering.parts(clauses.of(kind));
        }
    }

    private void where(Clauses clauses, From from) {
        if (from.conditions().isEmpty()) {
            clause(clauses, Kind.WHERE);
            return;
        }
        rendering.out.append(" WHERE ");
        rendering.joins.conditions(from.conditions());
        if (clauses.has(Kind.WHERE)) {
            rendering.out.append(" AND (");
            rendering.parts(clauses.of(Kind.WHERE));
            rendering.out.append(")");
        }
    }

    /** A limit of one row, or of none where the text says so. */
    private void oneRow(Clauses clauses) {
        var limit = clauses.of(Kind.LIMIT);
        rendering.out.append(" LIMIT ");
        if (!clauses.has(Kind.LIMIT)
                || (limit.size() == 1 && limit.getFirst() instanceof Token one && isPositive(one))) {
            rendering.out.append("1");
        } else {
            rendering.out.append("CASE WHEN (");
            rendering.parts(limit);
            rendering.out.append(") = 0 THEN 0 ELSE 1 END");
        }
    }

    private static boolean isPositive(Token token) {
        return token.kind() == Token.Kind.NUMBER
                && token.text().chars().anyMatch(digit -> digit >= '1' && digit <= '9');
    }
}
