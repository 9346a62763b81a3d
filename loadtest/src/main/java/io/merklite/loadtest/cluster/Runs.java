package io.merklite.loadtest.cluster;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What several runs gave, by figure. */
final class Runs {
    private final Map<String, List<Double>> values = new LinkedHashMap<>();

    void add(String figure, double value) {
        values.computeIfAbsent(figure, name -> new ArrayList<>()).add(value);
    }

    List<Double> of(String figure) {
        var runs = values.get(figure);
        if (runs == null) {
            throw new IllegalStateException(figure + " was not measured");
        }
        return runs;
    }
}
