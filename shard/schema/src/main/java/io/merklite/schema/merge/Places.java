package io.merklite.schema.merge;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Places in an order that several writers extend: between any two there is room for another. Only what moved gets a new
 * place, so that a move on one side does not touch the rest.
 */
final class Places {
    private static final BigDecimal TWO = BigDecimal.valueOf(2);

    private Places() {}

    /** Ascending places for a list, of which some have one already: as many as can stay do. */
    static List<BigDecimal> assign(List<Optional<BigDecimal>> known) {
        var kept = longestAscending(known);
        List<BigDecimal> places = new ArrayList<>();
        for (var i = 0; i < known.size(); i++) {
            if (kept.contains(i)) {
                places.add(known.get(i).orElseThrow());
            } else {
                var before = places.isEmpty() ? Optional.<BigDecimal>empty() : Optional.of(places.getLast());
                places.add(between(before, nextKept(known, kept, i)));
            }
        }
        return places;
    }

    private static BigDecimal between(Optional<BigDecimal> before, Optional<BigDecimal> after) {
        if (before.isPresent() && after.isPresent()) {
            return before.get().add(after.get()).divide(TWO);
        }
        return before.map(place -> place.add(BigDecimal.ONE))
                .or(() -> after.map(place -> place.subtract(BigDecimal.ONE)))
                .orElse(BigDecimal.ZERO);
    }

    private static Optional<BigDecimal> nextKept(List<Optional<BigDecimal>> known, List<Integer> kept, int index) {
        return kept.stream().filter(i -> i > index).findFirst().flatMap(known::get);
    }

    /** Indexes of a longest strictly ascending part. */
    private static List<Integer> longestAscending(List<Optional<BigDecimal>> known) {
        List<List<Integer>> endingAt = new ArrayList<>();
        List<Integer> longest = List.of();
        for (var i = 0; i < known.size(); i++) {
            List<Integer> best = List.of();
            for (var j = 0; j < i; j++) {
                var isBefore = known.get(i).isPresent()
                        && known.get(j).isPresent()
                        && known.get(j).get().compareTo(known.get(i).get()) < 0;
                if (isBefore && endingAt.get(j).size() > best.size()) {
                    best = endingAt.get(j);
                }
            }
            var ending = new ArrayList<>(best);
            ending.add(i);
            endingAt.add(ending);
            if (known.get(i).isPresent() && ending.size() > longest.size()) {
                longest = ending;
            }
        }
        return longest;
    }
}
