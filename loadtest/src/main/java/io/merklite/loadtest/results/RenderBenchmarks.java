package io.merklite.loadtest.results;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Command: {@code DOCS} makes the generated sections of {@code DOCS/benchmarks.md} and the plots in {@code DOCS/benchmarks} of the figures in
 * {@code DOCS/benchmarks/results}.
 */
public final class RenderBenchmarks {
    private RenderBenchmarks() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 1) {
            throw new IllegalArgumentException("one argument: the folder with benchmarks.md");
        }
        render(Path.of(arguments[0]));
    }

    /** Where the figures of a page are. */
    static Path results(Path docs) {
        return docs.resolve("benchmarks").resolve("results");
    }

    static void render(Path docs) throws IOException {
        var page = new BenchmarkPage(Results.in(results(docs)).all());
        var file = docs.resolve("benchmarks.md");
        Files.writeString(file, page.render(Files.readString(file)));
        for (var plot : page.plots().entrySet()) {
            Files.writeString(docs.resolve("benchmarks").resolve(plot.getKey() + ".svg"), plot.getValue());
        }
    }
}
