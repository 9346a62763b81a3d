package io.merklite.loadtest.results;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The page of benchmarks: text by hand, and between markers what is made of figures.
 *
 * <pre>
 * &lt;!-- generated: bars session --&gt;      a table of the figures whose names begin with "session."
 * &lt;!-- generated: plot bars --&gt;         links to a plot
 * …
 * &lt;!-- end of generated --&gt;
 * </pre>
 *
 * <p>Pure: figures and the page go in, the page and the plots come out.
 */
final class BenchmarkPage {
    private static final Pattern SECTION =
            Pattern.compile("(<!-- generated: (\\w+) ([\\w.-]+) -->\\n).*?(<!-- end of generated -->)", Pattern.DOTALL);
    private static final Pattern SIZED = Pattern.compile("(.+)\\.(\\d{2,})(?:\\.(.+))?");
    private static final Pattern STEP = Pattern.compile("rate\\.step\\.(\\d+)\\.(p50|p99)");
    private static final int FEWEST_POINTS = 2;

    private final List<Figure> figures;

    BenchmarkPage(Map<String, List<Figure>> sources) {
        figures = sources.values().stream().flatMap(List::stream).toList();
    }

    /** The page with its generated sections made anew. */
    String render(String page) {
        return SECTION.matcher(page)
                .replaceAll(
                        section -> Matcher.quoteReplacement(section.group(1) + section(section) + section.group(4)));
    }

    private String section(MatchResult section) {
        var about = section.group(3);
        return switch (section.group(2)) {
            case "bars" -> table(about);
            case "plot" ->
                plots().containsKey(about) ? "![" + about + "](benchmarks/" + about + ".svg)\n" : "Not measured yet.\n";
            default ->
                throw new IllegalArgumentException(
                        "the page has a section of kind \"" + section.group(2) + "\", must be bars or plot");
        };
    }

    private String table(String group) {
        var own = figures.stream()
                .filter(figure -> figure.group().equals(group))
                .filter(figure -> !STEP.matcher(figure.name()).matches())
                .toList();
        if (own.isEmpty()) {
            return "Not measured yet.\n";
        }
        var busiest = own.stream().mapToDouble(Figure::loadAverage).max().orElse(-1);
        var days = own.stream()
                .map(figure -> figure.measuredAt().replaceAll("T.*", ""))
                .distinct()
                .sorted()
                .toList();
        return "| figure | measured | limit | |\n| --- | --- | --- | --- |\n"
                + own.stream().map(BenchmarkPage::row).collect(Collectors.joining())
                + "\nMeasured " + String.join(", ", days)
                + (busiest < 0
                        ? ".\n"
                        : "; load average of the machine before: at most " + SvgPlot.number(busiest) + ".\n");
    }

    private static String row(Figure figure) {
        return "| `" + figure.name() + "` | " + SvgPlot.number(figure.value()) + " " + figure.unit() + " | "
                + figure.limit().orElse("") + " | "
                + (figure.limit().isEmpty() ? "" : figure.isMet() ? "met" : "**short**") + " |\n";
    }

    /** Plots by name: bars against their limits, growth by size, latency by load. */
    Map<String, String> plots() {
        Map<String, String> plots = new LinkedHashMap<>();
        bars().ifPresent(plot -> plots.put("bars", plot));
        growth().ifPresent(plot -> plots.put("growth", plot));
        latency().ifPresent(plot -> plots.put("latency", plot));
        return plots;
    }

    private Optional<String> bars() {
        var rows = figures.stream()
                .filter(figure ->
                        figure.limitNumber().filter(limit -> limit > 0).isPresent())
                .map(figure -> new SvgPlot.Row(
                        figure.name(), figure.value() / figure.limitNumber().orElse(1.0), figure.isMet()))
                .toList();
        return rows.isEmpty()
                ? Optional.empty()
                : Optional.of(SvgPlot.shares("Share of the limit; shorter is better", rows));
    }

    /** Figures of one name and unit but for a size in it, measured for several sizes. */
    private Optional<String> growth() {
        Map<String, List<SvgPlot.Point>> bySeries = new LinkedHashMap<>();
        for (var figure : figures) {
            var sized = SIZED.matcher(figure.name());
            if (sized.matches()
                    && figure.group().equals("sync")
                    && figure.unit().equals("ms")) {
                var rest = Optional.ofNullable(sized.group(3))
                        .map(more -> "." + more)
                        .orElse("");
                bySeries.computeIfAbsent(sized.group(1) + rest, any -> new ArrayList<>())
                        .add(new SvgPlot.Point(Double.parseDouble(sized.group(2)), figure.value()));
            }
        }
        return lines("Growth by size", "rows", "ms", bySeries);
    }

    private Optional<String> latency() {
        Map<String, List<SvgPlot.Point>> byQuantile = new LinkedHashMap<>();
        for (var figure : figures) {
            var step = STEP.matcher(figure.name());
            if (step.matches()) {
                byQuantile
                        .computeIfAbsent(step.group(2), any -> new ArrayList<>())
                        .add(new SvgPlot.Point(Double.parseDouble(step.group(1)), figure.value()));
            }
        }
        return lines("Latency of single-row writes by load", "writes a second offered", "ms", byQuantile);
    }

    private static Optional<String> lines(String title, String x, String y, Map<String, List<SvgPlot.Point>> bySeries) {
        List<SvgPlot.Line> lines = new ArrayList<>();
        bySeries.forEach((label, points) -> {
            if (points.size() >= FEWEST_POINTS) {
                lines.add(new SvgPlot.Line(
                        label,
                        points.stream()
                                .sorted(Comparator.comparingDouble(SvgPlot.Point::x))
                                .toList()));
            }
        });
        return lines.isEmpty() ? Optional.empty() : Optional.of(SvgPlot.lines(title, x, y, lines));
    }
}
