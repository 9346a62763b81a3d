package io.merklite.query.transpile;

import io.merklite.query.transpile.Clauses.Kind;
import io.merklite.query.transpile.Part.ArrayLiteral;
import io.merklite.query.transpile.Part.Element;
import io.merklite.query.transpile.Part.Subquery;
import io.merklite.query.transpile.Query.Arm;
import io.merklite.query.transpile.Query.Select;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Queries.
 *
 * <p>Where SQL wants rows a query stays one. Where a value is wanted it is <b>collected</b>: its rows, in their order and
 * cut to their limit, become a derived table of one column, over which an array or markup is aggregated. So ORDER BY,
 * LIMIT and GROUP BY act on the elements. SQLite keeps the order of a derived table for every aggregate but count, min
 * and max, and flattens the table where it has none of these clauses.
 */
final class QueryRenderer {
    static final String VALUE = "sqldeep_value";
    static final String ROWS = "sqldeep_rows";

    private static final Set<Kind> ORDER = EnumSet.of(Kind.ORDER_BY);

    private final Rendering rendering;
    private final SelectRenderer selects;

    QueryRenderer(Rendering rendering) {
        this.rendering = rendering;
        this.selects = new SelectRenderer(rendering);
    }

    void subquery(Subquery subquery) {
        var query = subquery.query();
        var isDeep = query.first().isDeep();
        switch (subquery.use()) {
            case STATEMENT -> rows(query);
            case ROWS -> parenthesised(query);
            case OPERAND -> {
                if (isDeep) {
                    value(query);
                } else {
                    parenthesised(query);
                }
            }
            case ARGUMENT -> {
                rendering.out.append("(");
                if (isDeep) {
                    value(query);
                } else if (query.first().kind() == Select.Kind.FROM_FIRST) {
                    parenthesised(query);
                } else {
                    rows(query);
                }
                rendering.out.append(")");
            }
            case VALUE -> value(query);
            case MARKUP -> markup(query);
        }
    }

    private void parenthesised(Query query) {
        rendering.out.append("(");
        rows(query);
        rendering.out.append(")");
    }

    /** The clauses of an UPDATE. */
    void updateClauses(Clauses clauses) {
        var from = rendering.joins.resolve(clauses.of(Kind.FROM));
        rendering.in(from.scope(), () -> selects.clauses(clauses, from, false));
    }

    /** The query as rows. */
    private void rows(Query query) {
        rendering.parts(query.with());
        rendering.out.space();
        if (!query.isCompound()) {
            rowsOf(query.first());
            return;
        }
        for (var arm : query.arms()) {
            operator(arm);
            // SQL has no ORDER BY and LIMIT for one arm.
            var needsTable =
                    arm.select().clauses().hasRowRange() || arm.select().singular();
            rendering.out.append(needsTable ? "SELECT * FROM (" : "");
            rowsOf(arm.select());
            rendering.out.append(needsTable ? ") AS " + ROWS : "");
        }
        selects.tail(query.tail());
    }

    private void operator(Arm arm) {
        rendering.out.space();
        rendering.parts(arm.operator());
        rendering.out.space();
    }

    private void rowsOf(Select select) {
        if (select.recursion().isPresent()) {
            rendering.recursions.rows(select, select.recursion().get());
        } else if (select.shape().orElse(null) instanceof ArrayLiteral array
                && !select.singular()
                && select.modifiers().isEmpty()) {
            arrayOfRows(select, array);
        } else {
            selects.plain(select);
        }
    }

    /** A select of one array: all its rows, or those of a group, become one row. */
    private void arrayOfRows(Select select, ArrayLiteral array) {
        var perGroup = select.clauses().has(Kind.GROUP_BY) && !Aggregates.areIn(array);
        if (perGroup || !select.isDeep()) {
            selects.aggregated(select, array, rendering.backEnd.aggregate());
            return;
        }
        var column = select.alias().map(Token::text).orElse(VALUE);
        rendering.out.append("SELECT ");
        jsonAggregate(column);
        select.alias().ifPresent(alias -> rendering.out.append(" AS ").append(alias.text()));
        rendering.out.append(" FROM (");
        selects.elements(select, column);
        rendering.out.append(") AS ").append(ROWS);
    }

    /** The query as one JSON value. */
    private void value(Query query) {
        var first = query.first();
        if (first.recursion().isPresent()) {
            parenthesised(query);
        } else if (first.isDeep() && !isOneRow(query)) {
            array(query);
        } else if (!first.isDeep() && isOfGroup(query)) {
            ofGroup(first, rendering.backEnd.aggregate());
        } else if (first.isDeep() || first.kind() != Select.Kind.SELECT_FIRST || isOneRow(query)) {
            parenthesised(query);
        } else {
            array(query);
        }
    }

    private static boolean isOneRow(Query query) {
        return query.first().singular() && !query.isCompound();
    }

    /** Whether the query is {@code SELECT expression}: of the rows of the group around it, as it has no FROM. */
    private static boolean isOfGroup(Query query) {
        return query.first().kind() == Select.Kind.SELECT_FIRST
                && !query.isCompound()
                && query.with().isEmpty()
                && query.first().clauses().hasOnly(ORDER);
    }

    private void ofGroup(Select select, String aggregate) {
        if (select.singular()) {
            rendering.parts(select.columns());
            return;
        }
        rendering.out.append(aggregate).append("(");
        rendering.parts(select.modifiers());
        rendering.parts(select.columns());
        selects.tail(select.clauses());
        rendering.out.append(")");
    }

    /** The query as an array of its rows' values, even where it has one column that is no literal. */
    void array(Query query) {
        if (query.first().recursion().isPresent()) {
            parenthesised(query);
        } else if (!query.first().isDeep() && isOfGroup(query)) {
            ofGroup(query.first(), rendering.backEnd.aggregate());
        } else {
            collect(query, this::jsonAggregate);
        }
    }

    /** The query in the braces of an element. */
    private void markup(Query query) {
        var first = query.first();
        var isElement = !first.columns().isEmpty() && first.columns().getFirst() instanceof Element;
        var aggregate = rendering.markup().aggregate();
        if (first.isDeep() || first.recursion().isPresent()) {
            value(query);
        } else if (isOfGroup(query) && !isElement) {
            ofGroup(first, aggregate);
        } else if (isOneRow(query) || Select.hasComma(first.columns())) {
            // Several columns are none of a value: SQLite says so.
            parenthesised(query);
        } else {
            collect(query, column -> rendering.out.append(aggregate + "(" + column + ")"));
        }
    }

    /** An array of the column of a derived table; without its NULLs, and never NULL itself. */
    private void jsonAggregate(String column) {
        rendering.out.append(
                switch (rendering.backEnd) {
                    case SQLITE -> "sqldeep_json_group_array(" + column + ")";
                    case POSTGRESQL ->
                        "coalesce(jsonb_agg(" + column + ") FILTER (WHERE " + column
                                + " IS NOT NULL), jsonb_build_array())";
                });
    }

    private void collect(Query query, Consumer<String> aggregate) {
        var column = query.first().alias().map(Token::text).orElse(VALUE);
        var out = rendering.out;
        out.append("(");
        rendering.parts(query.with());
        out.append(query.with().isEmpty() ? "SELECT " : " SELECT ");
        aggregate.accept(column);
        out.append(" FROM (");
        for (var arm : query.arms()) {
            operator(arm);
            var needsTable = query.isCompound()
                    && (arm.select().clauses().hasRowRange() || arm.select().singular());
            out.append(needsTable ? "SELECT * FROM (" : "");
            selects.elements(arm.select(), column);
            out.append(needsTable ? ") AS " + ROWS : "");
        }
        selects.tail(query.tail());
        out.append(") AS ").append(ROWS).append(")");
    }
}
