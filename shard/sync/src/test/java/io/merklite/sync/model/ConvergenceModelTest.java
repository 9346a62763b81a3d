package io.merklite.sync.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks the TLA+ model of merge and convergence loop with TLC, and that the model notices what it should notice. */
class ConvergenceModelTest {
    private static final Path MODEL = Path.of("src/test/tla");
    private static final String NO_ERROR = "Model checking completed. No error has been found.";

    @TempDir
    private Path folder;

    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void modelHolds() throws Exception {
        var output = check(UnaryOperator.identity(), UnaryOperator.identity());

        assertThat(output).contains(NO_ERROR);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 900, unit = TimeUnit.SECONDS)
    void modelHoldsWithAThirdTick() throws Exception {
        var output =
                check(UnaryOperator.identity(), configuration -> configuration.replace("MaxClock = 2", "MaxClock = 3"));

        assertThat(output).contains(NO_ERROR);
    }

    @ParameterizedTest
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    @CsvSource(delimiter = '|', textBlock = """
                    the older birth wins        | IF Before(a.birth, b.birth) THEN b         | IF Before(a.birth, b.birth) THEN a
                    the dead rise               | IF a.death # None \\/ b.death # None       | IF a.death # None /\\ b.death # None
                    updates overwrite each other| Later(a.cells[c], b.cells[c])              | b.cells[c]
                    rows replace instead of join| EXCEPT ![w] = Join(row[w], m.version)      | EXCEPT ![w] = m.version
                    roots are not answered      | IF m.version = row[w]                      | IF TRUE
                    """)
    void brokenProtocolIsNoticed(String what, String right, String wrong) throws Exception {
        var output = check(
                model -> {
                    assertThat(model).as(what).contains(right);
                    return model.replace(right, wrong);
                },
                UnaryOperator.identity());

        assertThat(output).as(what).doesNotContain(NO_ERROR).containsAnyOf("is violated", "were violated");
    }

    private String check(UnaryOperator<String> model, UnaryOperator<String> configuration)
            throws IOException, InterruptedException {
        Files.writeString(
                folder.resolve("Convergence.tla"), model.apply(Files.readString(MODEL.resolve("Convergence.tla"))));
        Files.writeString(
                folder.resolve("Convergence.cfg"),
                configuration.apply(Files.readString(MODEL.resolve("Convergence.cfg"))));
        var checker = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-XX:+UseParallelGC",
                        "-Xmx1g",
                        "-Djava.io.tmpdir=" + folder,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "tlc2.TLC",
                        "-deadlock",
                        "-workers",
                        "2",
                        "-metadir",
                        folder.resolve("states").toString(),
                        "-config",
                        "Convergence.cfg",
                        "Convergence.tla")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        var output = new String(checker.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        checker.waitFor();
        return output;
    }
}
