package io.merklite.loadtest.results;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

class BenchmarkPageTest {
    private static final String PAGE = """
            # By hand

            <!-- generated: bars sync -->
            what was here before
            <!-- end of generated -->

            Also by hand: $1.

            <!-- generated: plot growth -->
            <!-- end of generated -->
            """;

    @TempDir
    Path folder;

    @Test
    void sectionsAreMadeOfFiguresAndTheRestStays() {
        var page = new BenchmarkPage(Map.of("bars", sizes())).render(PAGE);

        assertThat(page)
                .startsWith("# By hand\n")
                .contains("Also by hand: $1.")
                .doesNotContain("what was here before")
                .contains("| `sync.converge.1000` | 1.50 ms | 5.0 | met |")
                .contains("| `sync.converge.1000000` | 6 ms | 5.0 | **short** |")
                .contains("load average of the machine before: at most 3")
                .contains("![growth](benchmarks/growth.svg)");
    }

    @Test
    void figuresThatReplaceLeaveNoneOfTheSameSource() throws Exception {
        var results = Results.in(folder);
        results.put("rate", List.of(results.figure("rate.step.100.p50", 4, "ms")));

        results.replace("rate", List.of(results.figure("rate.step.150.p50", 5, "ms")));

        assertThat(results.all().get("rate")).extracting(Figure::name).containsExactly("rate.step.150.p50");
    }

    @Test
    void renderingTwiceChangesNothing() {
        var renderer = new BenchmarkPage(Map.of("bars", sizes()));

        var once = renderer.render(PAGE);

        assertThat(renderer.render(once)).isEqualTo(once);
    }

    @Test
    void sectionWithoutFiguresSaysSo() {
        assertThat(new BenchmarkPage(Map.of()).render(PAGE)).contains("Not measured yet.");
    }

    @Test
    void sectionOfUnknownKindIsRefused() {
        assertThatThrownBy(() ->
                        new BenchmarkPage(Map.of()).render("<!-- generated: pie sync -->\n<!-- end of generated -->\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("pie");
    }

    @Test
    void plotsAreWellFormed() throws Exception {
        var steps = List.of(
                figure("rate.step.200.p50", 5, Optional.empty(), true),
                figure("rate.step.200.p99", 20, Optional.empty(), true),
                figure("rate.step.400.p50", 9, Optional.empty(), true),
                figure("rate.step.400.p99", 90, Optional.empty(), true));

        var plots = new BenchmarkPage(Map.of("bars", sizes(), "rate", steps)).plots();

        assertThat(plots.keySet()).containsExactlyInAnyOrder("bars", "growth", "latency");
        for (var plot : plots.values()) {
            var parsed = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new InputSource(new StringReader(plot)));
            assertThat(parsed.getDocumentElement().getNodeName()).isEqualTo("svg");
            assertThat(plot).doesNotContain("NaN").doesNotContain("Infinity");
        }
    }

    @Test
    void figureMeasuredAgainTakesThePlaceOfTheOneBefore() throws Exception {
        var results = Results.in(folder);
        results.put("bars", List.of(figure("a", 1, Optional.of("2"), true), figure("b", 1, Optional.empty(), true)));

        results.put("bars", List.of(figure("a", 3, Optional.of("2"), false)));

        assertThat(results.all())
                .isEqualTo(Map.of(
                        "bars",
                        List.of(figure("a", 3, Optional.of("2"), false), figure("b", 1, Optional.empty(), true))));
    }

    @Test
    void barsAreHeardAsTheyArePrinted() {
        var bars = new BarLines(Results.in(folder));

        bars.accept("bar wal-replicate 421.79 MB/s >=300.0-or-0.7-of-copy met");
        bars.accept("bar sync.metadata.row 23.60 B 30.00 met");
        bars.accept("figure sync.first.1000 12.5 ms");
        bars.accept("# sync.first.1000 12 ms");

        assertThat(bars.figures())
                .extracting(Figure::name, Figure::value, Figure::limit)
                .containsExactly(
                        tuple("wal-replicate", 421.79, Optional.of(">=300.0-or-0.7-of-copy")),
                        tuple("sync.metadata.row", 23.6, Optional.of("30.00")),
                        tuple("sync.first.1000", 12.5, Optional.empty()));
        assertThat(bars.figures())
                .extracting(Figure::limitNumber)
                .containsExactly(Optional.empty(), Optional.of(30.0), Optional.empty());
    }

    @Test
    void committedPageIsMadeOfTheCommittedFigures() throws Exception {
        var docs = Path.of("../docs");
        var page = Files.readString(docs.resolve("benchmarks.md"));
        var renderer =
                new BenchmarkPage(Results.in(docs.resolve("benchmarks/results")).all());

        assertThat(renderer.render(page)).isEqualTo(page);
        for (var plot : renderer.plots().entrySet()) {
            assertThat(docs.resolve("benchmarks").resolve(plot.getKey() + ".svg"))
                    .hasContent(plot.getValue());
        }
    }

    private static List<Figure> sizes() {
        return List.of(
                figure("sync.converge.1000", 1.5, Optional.of("5.0"), true),
                figure("sync.converge.1000000", 6, Optional.of("5.0"), false));
    }

    private static Figure figure(String name, double value, Optional<String> limit, boolean isMet) {
        return new Figure(name, value, "ms", limit, isMet, "2026-11-21T10:00:00Z", 3);
    }
}
