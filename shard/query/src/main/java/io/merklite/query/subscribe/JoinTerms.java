package io.merklite.query.subscribe;

import io.merklite.query.subscribe.Fact.Bounded;
import io.merklite.query.subscribe.Fact.Equal;
import io.merklite.query.subscribe.FromScope.ColumnOf;
import io.merklite.query.subscribe.Scan.Term;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.statement.select.Join;

/**
 * The terms of one FROM and WHERE clause, and which of them a row of each table must meet.
 *
 * <p>A row that fails one of its terms is part of no row of the join's result, so it makes no difference whether it exists:
 *
 * <ul>
 *   <li>Where no outer join makes the table optional, the terms are those of WHERE and of the ON of inner joins.
 *   <li>On the optional side of a LEFT JOIN a row matters as soon as it meets ON, since it then takes the place of the
 *       NULLs. Its terms are those of its own ON, and of what WHERE says about <em>other</em> tables: a left row that WHERE
 *       drops in any case is dropped with or without a partner. What WHERE says about the optional table itself is not
 *       used; {@code WHERE w.id IS NULL} asks for the rows without partner.
 *   <li>A RIGHT or FULL JOIN makes tables to its left optional: then nothing is used.
 * </ul>
 *
 * <p>Columns that these terms make equal share what is said about any of them (through any number of tables), provided that
 * they compare alike.
 */
final class JoinTerms {
    private final FromScope scope;
    private final TermReader reader;
    private final List<Fact> pool = new ArrayList<>();
    private final Map<Integer, List<Fact>> optional = new HashMap<>();
    private boolean isUsable = true;
    private boolean hasNaturalJoin;

    JoinTerms(FromScope scope, TermReader reader) {
        this.scope = scope;
        this.reader = reader;
    }

    /** Whether {@code join} makes its right side optional. */
    static boolean isLeft(Join join) {
        return join.isLeft();
    }

    /** Adds the terms of the join by which the scope's last item came in. */
    void join(Join join) throws SQLException {
        if (join.isRight()
                || join.isFull()
                || (join.isOuter() && !join.isLeft())
                || join.isSemi()
                || join.isApply()
                || join.isStraight()
                || join.isGlobal()
                || join.isWindowJoin()
                || join.getOnExpressions().size() > 1) {
            isUsable = false;
            return;
        }
        var item = scope.items().size() - 1;
        var facts = join.isLeft() ? optional.computeIfAbsent(item, any -> new ArrayList<>()) : pool;
        for (var on : join.getOnExpressions()) {
            facts.addAll(reader.read(on));
        }
        Set<String> shared = new HashSet<>();
        join.getUsingColumns().forEach(column -> shared.add(Names.fold(Names.unquote(column.getColumnName()))));
        if (join.isNatural()) {
            hasNaturalJoin = true;
            scope.items().get(item).columnNames().ifPresent(shared::addAll);
            shared.removeIf(name -> !isShownBefore(item, name));
        }
        shared.forEach(name -> addShared(item, name, facts::add));
    }

    private boolean isShownBefore(int item, String name) {
        return scope.items().subList(0, item).stream().anyMatch(before -> before.mayShow(name));
    }

    private void addShared(int item, String name, Consumer<Fact> facts) {
        var left = scope.findBare(name, item);
        var right = scope.columnIn(item, name);
        if (left.isPresent() && right.isPresent()) {
            reader.readEqual(left.get(), new ColumnOf(item, right.getAsInt())).forEach(facts);
        }
    }

    /** Adds the terms of WHERE. */
    void where(Expression condition) throws SQLException {
        pool.addAll(reader.read(condition));
    }

    /** Whether columns are shared whose names do not stand in the text. */
    boolean hasNaturalJoin() {
        return hasNaturalJoin;
    }

    /** What a row of {@code item} must meet. */
    Scan scan(int item) {
        if (!isUsable || scope.items().get(item).table().isEmpty()) {
            return Scan.UNFILTERED;
        }
        var facts = factsFor(item);
        var equal = classes(facts);
        Set<Term> terms = new LinkedHashSet<>();
        for (var column : columnsOf(item, facts)) {
            var root = root(equal, column);
            for (var fact : facts) {
                if (fact instanceof Bounded bounded
                        && root(equal, bounded.column()).equals(root)) {
                    terms.add(new Term(column.column(), bounded.condition()));
                }
                if (fact instanceof Equal both
                        && (both.left().equals(column) || both.right().equals(column))) {
                    terms.add(new Term(column.column(), notNull(column)));
                }
            }
        }
        return Scan.of(List.copyOf(terms));
    }

    private Condition notNull(ColumnOf column) {
        return Condition.notNull(scope.column(column).collation().orElse(Collation.BINARY));
    }

    private List<Fact> factsFor(int item) {
        if (!scope.items().get(item).isOptional()) {
            return pool;
        }
        List<Fact> facts = new ArrayList<>(optional.getOrDefault(item, List.of()));
        pool.stream().filter(fact -> !fact.isAbout(item)).forEach(facts::add);
        return facts;
    }

    private static Set<ColumnOf> columnsOf(int item, List<Fact> facts) {
        Set<ColumnOf> columns = new LinkedHashSet<>();
        for (var fact : facts) {
            switch (fact) {
                case Bounded bounded -> columns.add(bounded.column());
                case Equal equal -> {
                    columns.add(equal.left());
                    columns.add(equal.right());
                }
            }
        }
        columns.removeIf(column -> column.item() != item);
        return columns;
    }

    /** Columns by one that they are equal to, as a union-find forest. */
    private static Map<ColumnOf, ColumnOf> classes(List<Fact> facts) {
        Map<ColumnOf, ColumnOf> parents = new HashMap<>();
        for (var fact : facts) {
            if (fact instanceof Equal equal) {
                var left = root(parents, equal.left());
                var right = root(parents, equal.right());
                if (!left.equals(right)) {
                    parents.put(left, right);
                }
            }
        }
        return parents;
    }

    private static ColumnOf root(Map<ColumnOf, ColumnOf> parents, ColumnOf column) {
        var root = column;
        for (var parent = Optional.ofNullable(parents.get(root));
                parent.isPresent();
                parent = Optional.ofNullable(parents.get(root))) {
            root = parent.get();
        }
        return root;
    }

    /** How often each column, by its folded name, is named by terms that a row of its own table must meet. */
    Map<String, Integer> mentions() {
        Map<String, Integer> mentions = new HashMap<>();
        if (!isUsable) {
            return mentions;
        }
        Consumer<Bounded> count = bounded ->
                mentions.merge(Names.fold(scope.column(bounded.column()).name()), bounded.mentions(), Integer::sum);
        for (var fact : pool) {
            if (fact instanceof Bounded bounded
                    && !scope.items().get(bounded.column().item()).isOptional()) {
                count.accept(bounded);
            }
        }
        optional.forEach((item, facts) -> facts.stream()
                .filter(fact -> fact instanceof Bounded && fact.isAbout(item))
                .forEach(fact -> count.accept((Bounded) fact)));
        return mentions;
    }
}
