package io.merklite.loadtest.results;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The folder of figures: a file for each source, a line of JSON for each figure, in the order in which they were first measured.
 *
 * <p>A figure that is measured again takes the place of the one before. <b>Threading.</b> Not for several writers of one file.
 */
public final class Results {
    /** System property that names the folder; without it, figures are only printed. */
    public static final String FOLDER = "merklite.results";

    private static final String SUFFIX = ".jsonl";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Optional<Path> folder;
    private final String measuredAt =
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    private final double loadAverage =
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();

    private Results(Optional<Path> folder) {
        this.folder = folder;
    }

    /** The folder that the property names, for a measurement that begins now. */
    public static Results ofProperty() {
        var named = System.getProperty(FOLDER, "");
        return new Results(named.isBlank() ? Optional.empty() : Optional.of(Path.of(named)));
    }

    /** A given folder, for a measurement that begins now. */
    public static Results in(Path folder) {
        return new Results(Optional.of(folder));
    }

    /** A figure without a bar. */
    public Figure figure(String name, double value, String unit) {
        return new Figure(name, value, unit, Optional.empty(), true, measuredAt, loadAverage);
    }

    /** A figure with a bar. */
    public Figure figure(String name, double value, String unit, String limit, boolean isMet) {
        return new Figure(name, value, unit, Optional.of(limit), isMet, measuredAt, loadAverage);
    }

    /** Notes figures of {@code source}, such as {@code bars}. */
    public void put(String source, List<Figure> figures) throws IOException {
        if (folder.isEmpty() || figures.isEmpty()) {
            return;
        }
        var file = Files.createDirectories(folder.get()).resolve(source + SUFFIX);
        Map<String, Figure> all = new LinkedHashMap<>();
        if (Files.exists(file)) {
            read(file).forEach(figure -> all.put(figure.name(), figure));
        }
        figures.forEach(figure -> all.put(figure.name(), figure));
        write(file, all.values());
    }

    /** Notes figures of {@code source} in place of all that it had. */
    public void replace(String source, List<Figure> figures) throws IOException {
        if (folder.isPresent()) {
            write(Files.createDirectories(folder.get()).resolve(source + SUFFIX), figures);
        }
    }

    private static void write(Path file, Collection<Figure> figures) throws IOException {
        Files.write(file, figures.stream().map(Results::line).toList());
    }

    /** All figures of the folder, by source. */
    public Map<String, List<Figure>> all() throws IOException {
        Map<String, List<Figure>> all = new LinkedHashMap<>();
        if (folder.isPresent() && Files.isDirectory(folder.get())) {
            List<Path> files;
            try (var listed = Files.list(folder.get())) {
                files = listed.filter(file -> file.toString().endsWith(SUFFIX))
                        .sorted()
                        .toList();
            }
            for (var file : files) {
                var name = file.getFileName().toString();
                all.put(name.substring(0, name.length() - SUFFIX.length()), read(file));
            }
        }
        return all;
    }

    private static String line(Figure figure) {
        var json = JSON.createObjectNode()
                .put("name", figure.name())
                .put("value", figure.value())
                .put("unit", figure.unit());
        figure.limit().ifPresent(limit -> json.put("limit", limit).put("met", figure.isMet()));
        return json.put("measuredAt", figure.measuredAt())
                .put("loadAverage", figure.loadAverage())
                .toString();
    }

    private static List<Figure> read(Path file) throws IOException {
        List<Figure> figures = new ArrayList<>();
        for (var line : Files.readAllLines(file)) {
            if (!line.isBlank()) {
                figures.add(figure(JSON.readTree(line)));
            }
        }
        return figures;
    }

    private static Figure figure(JsonNode json) {
        return new Figure(
                json.path("name").asText(),
                json.path("value").asDouble(),
                json.path("unit").asText(),
                json.has("limit") ? Optional.of(json.path("limit").asText()) : Optional.empty(),
                json.path("met").asBoolean(true),
                json.path("measuredAt").asText(),
                json.path("loadAverage").asDouble(-1));
    }
}
