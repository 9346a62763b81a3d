package io.merklite.loadtest.results;

import io.merklite.loadtest.Bars;
import io.merklite.loadtest.gatling.Simulations;
import io.merklite.loadtest.hotpath.HotPaths;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Command: {@code DOCS} runs all benchmarks, each in a JVM of its own, and renders the page. Takes about an hour. What fails is named in the
 * end, and the exit code is 1; the figures of the others are noted all the same.
 */
public final class AllBenchmarks {
    private AllBenchmarks() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 1) {
            throw new IllegalArgumentException("one argument: the folder with benchmarks.md");
        }
        var docs = Path.of(arguments[0]);
        System.setProperty(Results.FOLDER, RenderBenchmarks.results(docs).toString());
        List<String> failed = new ArrayList<>();
        for (var bar : Bars.names()) {
            run(Bars.class, List.of(bar), failed);
        }
        run(HotPaths.class, List.of(), failed);
        run(Simulations.class, List.of(), failed);
        run(Simulations.class, List.of("rate"), failed);
        RenderBenchmarks.render(docs);
        failed.forEach(what -> System.out.println("failed: " + what));
        System.exit(failed.isEmpty() ? 0 : 1);
    }

    private static void run(Class<?> program, List<String> arguments, List<String> failed)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx2g", "--enable-native-access=ALL-UNNAMED"));
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("merklite."))
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        command.addAll(List.of("-classpath", System.getProperty("java.class.path"), program.getName()));
        command.addAll(arguments);
        var process = new ProcessBuilder(command).inheritIO().start();
        try {
            if (process.waitFor() != 0) {
                failed.add(program.getSimpleName() + " " + String.join(" ", arguments));
            }
        } finally {
            process.destroy();
        }
    }
}
