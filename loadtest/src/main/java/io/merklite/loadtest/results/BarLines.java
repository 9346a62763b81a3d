package io.merklite.loadtest.results;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Listens to what benchmarks print: {@code bar NAME VALUE UNIT LIMIT met|short}, where the limit may be words, and {@code
 * figure NAME VALUE UNIT} of what has no limit.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
public final class BarLines {
    private static final Pattern BAR = Pattern.compile("bar (\\S+) (-?[\\d.]+)(?: ?)(\\S*) (\\S+) (met|short)");

    private static final Pattern FIGURE = Pattern.compile("figure (\\S+) (-?[\\d.]+)(?: ?)(\\S*)");

    private final Results results;
    private final List<Figure> figures = new ArrayList<>();

    /** Notes figures with the time and load of {@code results}. */
    public BarLines(Results results) {
        this.results = results;
    }

    /** Takes one line; anything but these is none of its business. */
    public void accept(String line) {
        parse(line).ifPresent(figures::add);
    }

    /** What was heard. */
    public List<Figure> figures() {
        return List.copyOf(figures);
    }

    private Optional<Figure> parse(String line) {
        var bar = BAR.matcher(line.strip());
        if (bar.matches()) {
            return Optional.of(results.figure(
                    bar.group(1),
                    Double.parseDouble(bar.group(2)),
                    bar.group(3),
                    bar.group(4),
                    bar.group(5).equals("met")));
        }
        var figure = FIGURE.matcher(line.strip());
        return figure.matches()
                ? Optional.of(results.figure(figure.group(1), Double.parseDouble(figure.group(2)), figure.group(3)))
                : Optional.empty();
    }
}
