package io.merklite.query.subscribe;

import io.merklite.query.subscribe.Condition.NoneOf;
import io.merklite.query.subscribe.Condition.OneOf;
import io.merklite.query.subscribe.Condition.Range;
import io.merklite.query.subscribe.Condition.Truth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/**
 * One occurrence of a table in a query, and the terms that a row must meet to have any part in the result there.
 *
 * @param terms all of them must be true; without any, every row may have a part
 */
record Scan(List<Term> terms) {
    /** A scan that any row may have a part in. */
    static final Scan UNFILTERED = new Scan(List.of());

    Scan {
        terms = List.copyOf(terms);
    }

    /**
     * A demand on one column.
     *
     * @param column by its index in changes
     * @param condition what its value must meet
     */
    record Term(int column, Condition condition) {}

    /** The scan with the terms on each column drawn together: one list of values, or one range, and what is left out. */
    static Scan of(List<Term> terms) {
        Map<Integer, List<Condition>> byColumn = terms.stream()
                .collect(Collectors.groupingBy(Term::column, Collectors.mapping(Term::condition, Collectors.toList())));
        List<Term> drawn = new ArrayList<>();
        byColumn.forEach((column, conditions) ->
                together(conditions).forEach(condition -> drawn.add(new Term(column, condition))));
        return new Scan(drawn);
    }

    private static List<Condition> together(List<Condition> conditions) {
        var lists = conditions.stream().filter(OneOf.class::isInstance).map(OneOf.class::cast);
        var first = lists.findFirst();
        if (first.isPresent()) {
            var list = first.get();
            for (var condition : conditions) {
                list = list.and(condition);
            }
            return List.of(list);
        }
        List<Condition> left = new ArrayList<>();
        Optional<Range> range = Optional.empty();
        for (var condition : conditions) {
            switch (condition) {
                case Range other ->
                    range = Optional.of(range.map(known -> known.and(other)).orElse(other));
                case NoneOf noneOf -> left.add(noneOf);
                case OneOf list -> left.add(list);
            }
        }
        range.ifPresent(left::addFirst);
        return left;
    }

    /** Whether a row with these values meets the terms. */
    Truth truth(IntFunction<SqlValue> row) {
        var result = Truth.YES;
        for (var term : terms) {
            switch (term.condition().truth(row.apply(term.column()))) {
                case NO -> {
                    return Truth.NO;
                }
                case UNSURE -> result = Truth.UNSURE;
                case YES -> {}
            }
        }
        return result;
    }
}
