package io.merklite.loadtest.results;

import java.util.List;
import java.util.Locale;

/**
 * Plots as SVG, in two kinds: horizontal bars and lines over a logarithmic scale of x. Text is in the reader's own font, colours can be told
 * apart on white and on black.
 */
final class SvgPlot {
    private static final int WIDTH = 760;
    private static final int LABEL_WIDTH = 330;
    private static final int ROW_HEIGHT = 20;
    private static final int TOP = 34;
    private static final int BOTTOM = 40;
    private static final int LINE_HEIGHT = 300;
    private static final int LEFT = 70;
    private static final int TICKS = 5;
    private static final double MOST_SHARE = 1.5;
    private static final String GOOD = "#2a9d5c";
    private static final String BAD = "#d1495b";
    private static final List<String> COLOURS = List.of("#2f6fbb", "#d98324", "#2a9d5c", "#8e5bb5");

    private SvgPlot() {}

    /**
     * A bar against its limit.
     *
     * @param label what it is
     * @param share of the limit: 1 is just met
     * @param isMet whether it is
     */
    record Row(String label, double share, boolean isMet) {}

    /**
     * A line.
     *
     * @param label what it is
     * @param points in the order of x
     */
    record Line(String label, List<Point> points) {
        Line {
            points = List.copyOf(points);
        }
    }

    /** A point of a line. */
    record Point(double x, double y) {}

    /** Shares of limits; what is longer than one and a half times the limit is cut there. */
    static String shares(String title, List<Row> rows) {
        var height = TOP + rows.size() * ROW_HEIGHT + BOTTOM;
        var svg = begin(title, height);
        var scale = (WIDTH - LABEL_WIDTH - 20) / MOST_SHARE;
        for (var i = 0; i < rows.size(); i++) {
            var row = rows.get(i);
            var y = TOP + i * ROW_HEIGHT;
            text(svg, LABEL_WIDTH - 8, y + 14, "end", row.label());
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                    LABEL_WIDTH,
                    y + 3,
                    Math.max(1, Math.min(row.share(), MOST_SHARE) * scale),
                    ROW_HEIGHT - 6,
                    row.isMet() ? GOOD : BAD));
        }
        var limit = LABEL_WIDTH + scale;
        svg.append(String.format(
                Locale.ROOT,
                "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#888\" stroke-dasharray=\"4 3\"/>%n",
                limit,
                TOP - 4,
                limit,
                height - BOTTOM + 6));
        text(svg, limit, height - BOTTOM + 22, "middle", "limit");
        return svg.append("</svg>\n").toString();
    }

    /** Lines over one another; x is logarithmic, y begins at 0. */
    static String lines(String title, String x, String y, List<Line> lines) {
        var height = TOP + LINE_HEIGHT + BOTTOM + lines.size() * ROW_HEIGHT;
        var svg = begin(title, height);
        var points = lines.stream().flatMap(line -> line.points().stream()).toList();
        var low = Math.log10(points.stream().mapToDouble(Point::x).min().orElse(1));
        var high = Math.log10(points.stream().mapToDouble(Point::x).max().orElse(10));
        var most = points.stream().mapToDouble(Point::y).max().orElse(1);
        var frame = new Frame(low, high > low ? high : low + 1, most > 0 ? most : 1);
        for (var tick = 0; tick <= TICKS; tick++) {
            var value = frame.most * tick / TICKS;
            svg.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#8884\"/>%n",
                    LEFT,
                    frame.y(value),
                    WIDTH - 20,
                    frame.y(value)));
            text(svg, LEFT - 6, frame.y(value) + 4, "end", number(value));
        }
        points.stream()
                .mapToDouble(Point::x)
                .distinct()
                .forEach(at -> text(svg, frame.x(at), TOP + LINE_HEIGHT + 16, "middle", number(at)));
        text(svg, WIDTH - 20.0, TOP + LINE_HEIGHT + 32, "end", x);
        text(svg, 6, TOP - 8, "start", y);
        for (var i = 0; i < lines.size(); i++) {
            line(svg, frame, lines.get(i), COLOURS.get(i % COLOURS.size()));
            text(
                    svg,
                    LEFT + 20,
                    TOP + LINE_HEIGHT + BOTTOM + i * ROW_HEIGHT + 8,
                    "start",
                    lines.get(i).label());
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"4\" fill=\"%s\"/>%n",
                    LEFT,
                    TOP + LINE_HEIGHT + BOTTOM + i * ROW_HEIGHT + 2,
                    COLOURS.get(i % COLOURS.size())));
        }
        return svg.append("</svg>\n").toString();
    }

    /** Where values are on the page. */
    private record Frame(double low, double high, double most) {
        double x(double value) {
            return LEFT + (Math.log10(value) - low) / (high - low) * (WIDTH - LEFT - 40);
        }

        double y(double value) {
            return TOP + LINE_HEIGHT - value / most * (LINE_HEIGHT - 10);
        }
    }

    private static void line(StringBuilder svg, Frame frame, Line line, String colour) {
        var path = new StringBuilder();
        for (var point : line.points()) {
            path.append(String.format(Locale.ROOT, "%.1f,%.1f ", frame.x(point.x()), frame.y(point.y())));
            svg.append(String.format(
                    Locale.ROOT,
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>%n",
                    frame.x(point.x()),
                    frame.y(point.y()),
                    colour));
        }
        svg.append(String.format(
                Locale.ROOT,
                "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>%n",
                path.toString().strip(),
                colour));
    }

    private static StringBuilder begin(String title, int height) {
        var svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\""
                        + " font-family=\"sans-serif\" font-size=\"12\">%n<title>%s</title>%n"
                        + "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>%n",
                WIDTH,
                height,
                WIDTH,
                height,
                escaped(title)));
        return svg;
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
                x,
                y,
                anchor,
                escaped(text)));
    }

    /** At most three digits, and none that say nothing. */
    static String number(double value) {
        if (value >= 100 || value == Math.rint(value)) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        return String.format(Locale.ROOT, value >= 10 ? "%.1f" : "%.2f", value);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
