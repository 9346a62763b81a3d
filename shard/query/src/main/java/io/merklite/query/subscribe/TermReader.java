package io.merklite.query.subscribe;

import io.merklite.query.subscribe.Condition.Bound;
import io.merklite.query.subscribe.Condition.NoneOf;
import io.merklite.query.subscribe.Condition.OneOf;
import io.merklite.query.subscribe.Condition.Range;
import io.merklite.query.subscribe.Fact.Bounded;
import io.merklite.query.subscribe.Fact.Equal;
import io.merklite.query.subscribe.FromScope.ColumnOf;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import net.sf.jsqlparser.expression.BinaryExpression;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.operators.conditional.AndExpression;
import net.sf.jsqlparser.expression.operators.conditional.OrExpression;
import net.sf.jsqlparser.expression.operators.relational.Between;
import net.sf.jsqlparser.expression.operators.relational.ComparisonOperator;
import net.sf.jsqlparser.expression.operators.relational.EqualsTo;
import net.sf.jsqlparser.expression.operators.relational.GreaterThan;
import net.sf.jsqlparser.expression.operators.relational.GreaterThanEquals;
import net.sf.jsqlparser.expression.operators.relational.InExpression;
import net.sf.jsqlparser.expression.operators.relational.IsDistinctExpression;
import net.sf.jsqlparser.expression.operators.relational.IsNullExpression;
import net.sf.jsqlparser.expression.operators.relational.MinorThan;
import net.sf.jsqlparser.expression.operators.relational.MinorThanEquals;
import net.sf.jsqlparser.expression.operators.relational.NotEqualsTo;
import net.sf.jsqlparser.expression.operators.relational.ParenthesedExpressionList;
import net.sf.jsqlparser.schema.Column;
import net.sf.jsqlparser.statement.select.Select;

/**
 * Reads the terms of a condition: those joined by AND, of the shapes below, on a table's plain column.
 *
 * <p>Shapes: {@code column op literal} on either side with {@code = <> < <= > >= IS, IS NOT}; {@code IS [NOT] NULL};
 * {@code [NOT] IN} a list of literals; {@code BETWEEN} literals; OR of {@code =}, {@code IN} and {@code IS} on one column;
 * {@code column = column}. Every other term is taken as possibly true, which is always safe.
 */
final class TermReader {
    private final FromScope scope;
    private final Literals literals;
    private final boolean ordersText;

    /**
     * @param scope the tables whose columns are meant
     * @param literals values of literals
     * @param ordersText whether the order of texts in this database is known
     */
    TermReader(FromScope scope, Literals literals, boolean ordersText) {
        this.scope = scope;
        this.literals = literals;
        this.ordersText = ordersText;
    }

    /** What is known of a row for which {@code condition} is true. */
    List<Fact> read(Expression condition) throws SQLException {
        List<Fact> facts = new ArrayList<>();
        List<Expression> left = new ArrayList<>(List.of(condition));
        while (!left.isEmpty()) {
            switch (left.removeLast()) {
                case AndExpression and -> {
                    left.add(and.getLeftExpression());
                    left.add(and.getRightExpression());
                }
                case ParenthesedExpressionList<?> inner when inner.size() == 1 -> left.add(inner.getFirst());
                case Expression term -> readTerm(term, facts);
            }
        }
        return facts;
    }

    /** What is known of two columns that a join makes equal. */
    List<Fact> readEqual(ColumnOf left, ColumnOf right) {
        if (!left.equals(right) && scope.column(left).comparesLike(scope.column(right))) {
            return List.of(new Equal(left, right));
        }
        return List.of(new Bounded(left, notNull(left), 0), new Bounded(right, notNull(right), 0));
    }

    /** That the column is not NULL, which no collation has a part in. */
    private Condition notNull(ColumnOf column) {
        return Condition.notNull(scope.column(column).collation().orElse(Collation.BINARY));
    }

    private void readTerm(Expression term, List<Fact> facts) throws SQLException {
        if (term instanceof EqualsTo equal
                && equal.getLeftExpression() instanceof Column left
                && equal.getRightExpression() instanceof Column right) {
            var first = scope.find(left);
            var second = scope.find(right);
            if (first.isPresent() && second.isPresent()) {
                facts.addAll(readEqual(first.get(), second.get()));
            }
            return;
        }
        readBounded(term).ifPresent(facts::add);
    }

    private Optional<Bounded> readBounded(Expression term) throws SQLException {
        return switch (term) {
            case ParenthesedExpressionList<?> inner when inner.size() == 1 -> readBounded(inner.getFirst());
            case ComparisonOperator comparison -> readComparison(comparison);
            case IsDistinctExpression distinct -> readComparison(distinct);
            case IsNullExpression isNull -> readIsNull(isNull);
            case InExpression in -> readIn(in);
            case Between between -> readBetween(between);
            case OrExpression or -> readOr(or);
            default -> Optional.empty();
        };
    }

    private Optional<Bounded> readComparison(BinaryExpression comparison) throws SQLException {
        var isColumnFirst = comparison.getLeftExpression() instanceof Column;
        var column = column(isColumnFirst ? comparison.getLeftExpression() : comparison.getRightExpression());
        var value = literals.value(isColumnFirst ? comparison.getRightExpression() : comparison.getLeftExpression());
        if (column.isEmpty() || value.isEmpty()) {
            return Optional.empty();
        }
        var shown = scope.column(column.get());
        var key = literals.key(value.get(), shown);
        if (key.isEmpty()) {
            return Optional.empty();
        }
        return condition(comparison, isColumnFirst, shown.collation().orElseThrow(), key.get())
                .map(condition -> new Bounded(column.get(), condition, 1));
    }

    private Optional<Condition> condition(
            BinaryExpression comparison, boolean isColumnFirst, Collation collation, SqlValue key) {
        if (comparison instanceof IsDistinctExpression distinct) {
            var isNull = key instanceof SqlValue.Null;
            Set<SqlValue> keys = isNull ? Set.of() : Set.of(key);
            return Optional.of(
                    distinct.isNot() ? new OneOf(collation, keys, isNull) : new NoneOf(collation, keys, !isNull));
        }
        if (key instanceof SqlValue.Null) {
            return isKnown(comparison) ? Optional.of(Condition.never(collation)) : Optional.empty();
        }
        return switch (comparison) {
            case EqualsTo equal -> Optional.of(new OneOf(collation, Set.of(key), false));
            case NotEqualsTo unequal -> Optional.of(new NoneOf(collation, Set.of(key), false));
            case GreaterThan greater -> range(collation, key, isColumnFirst, false);
            case GreaterThanEquals greater -> range(collation, key, isColumnFirst, true);
            case MinorThan less -> range(collation, key, !isColumnFirst, false);
            case MinorThanEquals less -> range(collation, key, !isColumnFirst, true);
            default -> Optional.empty();
        };
    }

    private static boolean isKnown(BinaryExpression comparison) {
        return comparison instanceof EqualsTo
                || comparison instanceof NotEqualsTo
                || comparison instanceof GreaterThan
                || comparison instanceof GreaterThanEquals
                || comparison instanceof MinorThan
                || comparison instanceof MinorThanEquals;
    }

    private Optional<Condition> range(Collation collation, SqlValue key, boolean isLow, boolean isInclusive) {
        if (key instanceof SqlValue.Text && !ordersText) {
            return Optional.empty();
        }
        var bound = Optional.of(new Bound(key, isInclusive));
        return Optional.of(
                isLow ? new Range(collation, bound, Optional.empty()) : new Range(collation, Optional.empty(), bound));
    }

    private Optional<Bounded> readIsNull(IsNullExpression isNull) {
        return column(isNull.getLeftExpression()).map(column -> {
            var notNull = notNull(column);
            return new Bounded(column, isNull.isNot() ? notNull : new OneOf(notNull.collation(), Set.of(), true), 1);
        });
    }

    private Optional<Bounded> readIn(InExpression in) throws SQLException {
        var column = column(in.getLeftExpression());
        if (column.isEmpty()
                || in.getRightExpression() instanceof Select
                || !(in.getRightExpression() instanceof ParenthesedExpressionList<?> list)) {
            return Optional.empty();
        }
        var shown = scope.column(column.get());
        Set<SqlValue> keys = new HashSet<>();
        for (var element : list) {
            var value = literals.value(element);
            var key = value.isPresent() ? literals.key(value.get(), shown) : Optional.<SqlValue>empty();
            if (key.isEmpty()) {
                return Optional.empty();
            }
            keys.add(key.get());
        }
        var collation = shown.collation().orElse(Collation.BINARY);
        var hasNull = keys.remove(SqlValue.NULL);
        Condition condition = !in.isNot()
                ? new OneOf(collation, keys, false)
                : hasNull ? Condition.never(collation) : new NoneOf(collation, keys, list.isEmpty());
        return Optional.of(new Bounded(column.get(), condition, 1));
    }

    private Optional<Bounded> readBetween(Between between) throws SQLException {
        var column = column(between.getLeftExpression());
        var low = literals.value(between.getBetweenExpressionStart());
        var high = literals.value(between.getBetweenExpressionEnd());
        if (column.isEmpty() || low.isEmpty() || high.isEmpty() || between.isNot() || between.isUsingSymmetric()) {
            return Optional.empty();
        }
        var shown = scope.column(column.get());
        var lowKey = literals.key(low.get(), shown);
        var highKey = literals.key(high.get(), shown);
        if (lowKey.isEmpty() || highKey.isEmpty()) {
            return Optional.empty();
        }
        var collation = shown.collation().orElseThrow();
        if (lowKey.get() instanceof SqlValue.Null || highKey.get() instanceof SqlValue.Null) {
            return Optional.of(new Bounded(column.get(), Condition.never(collation), 1));
        }
        if (!ordersText && (lowKey.get() instanceof SqlValue.Text || highKey.get() instanceof SqlValue.Text)) {
            return Optional.empty();
        }
        var range = new Range(
                collation, Optional.of(new Bound(lowKey.get(), true)), Optional.of(new Bound(highKey.get(), true)));
        return Optional.of(new Bounded(column.get(), range, 1));
    }

    private Optional<Bounded> readOr(OrExpression or) throws SQLException {
        var left = readBounded(or.getLeftExpression());
        if (left.isEmpty() || !(left.get().condition() instanceof OneOf first)) {
            return Optional.empty();
        }
        var right = readBounded(or.getRightExpression());
        if (right.isEmpty()
                || !(right.get().condition() instanceof OneOf second)
                || !left.get().column().equals(right.get().column())) {
            return Optional.empty();
        }
        return Optional.of(new Bounded(
                left.get().column(),
                first.or(second),
                left.get().mentions() + right.get().mentions()));
    }

    private Optional<ColumnOf> column(Expression expression) {
        return expression instanceof Column column ? scope.find(column) : Optional.empty();
    }
}
