package io.merklite.node.command;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Rows under headings, in columns as wide as their widest text. */
final class TextTable {
    private static final int MAX_WIDTH = 60;
    private static final String GAP = "  ";

    private final List<List<String>> lines = new ArrayList<>();

    TextTable(List<String> headings) {
        lines.add(List.copyOf(headings));
    }

    void add(List<String> cells) {
        lines.add(cells.stream().map(TextTable::onOneLine).toList());
    }

    void print(PrintWriter out) {
        var columns = lines.getFirst().size();
        var widths = IntStream.range(0, columns).map(this::width).toArray();
        print(lines.getFirst(), widths, out);
        out.println(String.join(GAP, IntStream.of(widths).mapToObj("-"::repeat).toList()));
        lines.stream().skip(1).forEach(line -> print(line, widths, out));
        out.flush();
    }

    private int width(int column) {
        return lines.stream().mapToInt(line -> line.get(column).length()).max().orElse(0);
    }

    private static void print(List<String> line, int[] widths, PrintWriter out) {
        var text = new StringBuilder();
        for (var i = 0; i < line.size(); i++) {
            var cell = line.get(i);
            text.append(i == 0 ? "" : GAP).append(cell).append(" ".repeat(widths[i] - cell.length()));
        }
        out.println(text.toString().stripTrailing());
    }

    private static String onOneLine(String cell) {
        var plain = cell.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
        return plain.length() <= MAX_WIDTH ? plain : plain.substring(0, MAX_WIDTH - 1) + "…";
    }
}
