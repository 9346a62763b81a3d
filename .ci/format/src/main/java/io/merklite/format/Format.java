package io.merklite.format;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Command: {@code check|write ROOT}. Exit code 1 when a source under ROOT is not formatted, or imports by wildcard. */
public final class Format {
    private static final Pattern WILDCARD = Pattern.compile("(?m)^import .*\\.\\*;");

    private Format() {}

    public static void main(String[] arguments) throws IOException {
        var write = arguments[0].equals("write");
        var root = Path.of(arguments[1]);
        var formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .build());
        List<String> complaints = new ArrayList<>();
        for (var source : sources(root)) {
            var text = Files.readString(source);
            var place = root.relativize(source).toString();
            if (WILDCARD.matcher(text).find()) {
                complaints.add(place + ": imports by wildcard; name each class");
            }
            try {
                var formatted = formatter.formatSource(ImportOrderer.reorderImports(
                        RemoveUnusedImports.removeUnusedImports(text), JavaFormatterOptions.Style.PALANTIR));
                if (!formatted.equals(text)) {
                    if (write) {
                        Files.writeString(source, formatted);
                    } else {
                        complaints.add(place + ": not formatted");
                    }
                }
            } catch (FormatterException e) {
                complaints.add(place + ": " + e.getMessage());
            }
        }
        if (!complaints.isEmpty()) {
            complaints.forEach(System.err::println);
            System.err.println("To repair: mvn -q -pl .ci/format verify -Dformat=write");
            System.exit(1);
        }
    }

    private static List<Path> sources(Path root) throws IOException {
        try (var paths = Files.walk(root)) {
            return paths.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> root.relativize(path).toString().contains("src/"))
                    .filter(path -> !root.relativize(path).toString().contains("target/"))
                    .sorted()
                    .toList();
        }
    }
}
