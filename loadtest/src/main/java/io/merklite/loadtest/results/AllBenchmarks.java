package io.merklite.loadtest.results;

import io.merklite.loadtest.Bars;
import io.merklite.loadtest.ChildJvm;
import io.merklite.loadtest.gatling.Simulations;
import io.merklite.loadtest.hotpath.HotPaths;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Command: {@code DOCS [PART…]} runs the benchmarks that are named, or all, each in a JVM of its own, and renders the page. A part is one of
 * {@link Bars#names}, {@code hot-paths} or {@code simulations}. All of them take about an hour. What fails is named in the end,
 * and the exit code is 1; the figures of the others are noted all the same.
 */
public final class AllBenchmarks {
    private static final List<String> OPTIONS = List.of("-Xmx2g", "--enable-native-access=ALL-UNNAMED");

    private AllBenchmarks() {}

    /** A program and its arguments. */
    private record Part(Class<?> program, List<String> arguments) {}

    private static Map<String, Part> all() {
        Map<String, Part> all = new LinkedHashMap<>();
        for (var bar : Bars.names()) {
            all.put(bar, new Part(Bars.class, List.of(bar)));
        }
        all.put("hot-paths", new Part(HotPaths.class, List.of()));
        all.put("simulations", new Part(Simulations.class, List.of()));
        return all;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            throw new IllegalArgumentException("the first argument must be the folder with benchmarks.md");
        }
        var docs = Path.of(arguments[0]);
        var all = all();
        var chosen = arguments.length == 1
                ? List.copyOf(all.keySet())
                : List.of(arguments).subList(1, arguments.length);
        if (!all.keySet().containsAll(chosen)) {
            throw new IllegalArgumentException("benchmarks " + chosen + ", must be some of " + all.keySet());
        }
        var properties = ChildJvm.ownProperties();
        properties.put(Results.FOLDER, RenderBenchmarks.results(docs).toString());
        List<String> failed = new ArrayList<>();
        for (var part : all.entrySet()) {
            if (chosen.contains(part.getKey())) {
                var begun = System.nanoTime();
                var program = part.getValue().program.getName();
                var status =
                        new ChildJvm(OPTIONS, properties, program, part.getValue().arguments).run(Optional.empty());
                if (status != 0) {
                    failed.add(part.getKey());
                }
                System.out.println(
                        "# " + part.getKey() + " took " + (System.nanoTime() - begun) / 1_000_000_000 + " s");
                RenderBenchmarks.render(docs);
            }
        }
        failed.forEach(what -> System.out.println("failed: " + what));
        System.exit(failed.isEmpty() ? 0 : 1);
    }
}
