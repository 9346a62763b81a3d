package io.merklite.query.subscribe;

import java.util.ArrayList;
import java.util.List;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.ExpressionVisitorAdapter;
import net.sf.jsqlparser.statement.select.OrderByElement;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;

/** Finds the queries nested in expressions, the outermost of each. What it should miss shows in the count of SELECTs. */
final class SelectsInside extends ExpressionVisitorAdapter<Boolean> {
    private final List<Select> found = new ArrayList<>();

    private SelectsInside() {}

    static List<Select> of(Expression expression) {
        var search = new SelectsInside();
        search.in(expression);
        return search.found;
    }

    /** Those in the clauses of a SELECT, but not those that are items of its FROM clause. */
    static List<Select> ofBody(PlainSelect select) {
        var search = new SelectsInside();
        select.getSelectItems().forEach(item -> search.in(item.getExpression()));
        search.in(select.getWhere());
        search.in(select.getHaving());
        if (select.getJoins() != null) {
            select.getJoins().forEach(join -> join.getOnExpressions().forEach(search::in));
        }
        if (select.getGroupBy() != null) {
            search.in(select.getGroupBy().getGroupByExpressionList());
        }
        if (select.getWindowDefinitions() != null) {
            for (var window : select.getWindowDefinitions()) {
                search.in(window.getPartitionExpressionList());
                search.inOrder(window.getOrderByElements());
            }
        }
        return search.found;
    }

    /** Those in ORDER BY, LIMIT and OFFSET. */
    static List<Select> ofTail(Select select) {
        var search = new SelectsInside();
        search.inOrder(select.getOrderByElements());
        if (select.getLimit() != null) {
            search.in(select.getLimit().getRowCount());
            search.in(select.getLimit().getOffset());
        }
        if (select.getOffset() != null) {
            search.in(select.getOffset().getOffset());
        }
        return search.found;
    }

    @SuppressWarnings("NullAway") // the parser leaves out what the text leaves out
    private void in(Expression expression) {
        if (expression != null) {
            expression.accept(this, Boolean.TRUE);
        }
    }

    @SuppressWarnings("NullAway") // as above
    private void inOrder(List<OrderByElement> elements) {
        if (elements != null) {
            elements.forEach(element -> in(element.getExpression()));
        }
    }

    @Override
    public <S> Boolean visit(ParenthesedSelect select, S context) {
        found.add(select);
        return true;
    }

    @Override
    public <S> Boolean visit(Select select, S context) {
        found.add(select);
        return true;
    }
}
