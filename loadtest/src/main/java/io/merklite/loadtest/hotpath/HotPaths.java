package io.merklite.loadtest.hotpath;

import io.merklite.loadtest.results.Figure;
import io.merklite.loadtest.results.Results;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Command: runs the benchmarks whose names match the argument, a regular expression, or all, and notes nanoseconds for each. */
public final class HotPaths {
    private static final String ALL = "io\\.merklite\\..*Benchmark.*";
    private static final String SOURCE = "jmh";
    private static final int WARM_UPS = 3;
    private static final int ROUNDS = 5;

    private HotPaths() {}

    public static void main(String[] arguments) throws Exception {
        var results = Results.ofProperty();
        var options = new OptionsBuilder()
                .include(arguments.length == 0 ? ALL : arguments[0])
                .mode(Mode.AverageTime)
                .timeUnit(TimeUnit.NANOSECONDS)
                .forks(1)
                .jvmArgsAppend("-Xmx1g", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED")
                .warmupIterations(WARM_UPS)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(ROUNDS)
                .measurementTime(TimeValue.seconds(1))
                .build();
        List<Figure> figures = new ArrayList<>();
        for (var run : new Runner(options).run()) {
            var whole = run.getParams().getBenchmark();
            var type = whole.substring(0, whole.lastIndexOf('.'));
            var name = type.substring(type.lastIndexOf('.') + 1).replace("Benchmark", "") + "."
                    + whole.substring(whole.lastIndexOf('.') + 1);
            figures.add(results.figure("jmh." + name, run.getPrimaryResult().getScore(), "ns"));
        }
        results.put(SOURCE, figures);
    }
}
