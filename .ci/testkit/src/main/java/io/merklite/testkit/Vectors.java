package io.merklite.testkit;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * Golden cases: every {@code *.json} of a folder of the shared test data and of the folder given by {@code
 * -Dmerklite.vectors=DIR} (its files, or those of its subfolder of the same name).
 *
 * <p>A file holds <code>{"suite": NAME, "cases": [...]}</code>. A run checks every case, prints {@code N passed, N
 * failed}, and fails if a case failed or if there was none.
 */
public final class Vectors {
    private static final int FAILURES_SHOWN = 30;

    private Vectors() {}

    /** Checks one case; throws when it is not met. */
    @FunctionalInterface
    public interface Check {
        /**
         * @param suite the file's {@code suite}, or its name without {@code .json} where it has none
         * @param vector the case
         */
        void run(String suite, JsonObject vector) throws Exception;
    }

    /** Checks one case of a file whose cases share something, such as schemas; throws when it is not met. */
    @FunctionalInterface
    public interface FileCheck {
        /**
         * @param file the whole file
         * @param vector one of its cases
         */
        void run(JsonObject file, JsonObject vector) throws Exception;
    }

    /** Runs every case of {@code folder}. Without the shared folder and without a foreign one the test is skipped. */
    public static void run(String folder, Check check) throws IOException {
        runWithFile(folder, (file, vector) -> check.run(file.get("suite").getAsString(), vector));
    }

    /** As {@link #run}, for cases that refer to other parts of their file. */
    public static void runWithFile(String folder, FileCheck check) throws IOException {
        var files = files(folder);
        Assumptions.assumeFalse(
                files.isEmpty(), "No golden cases: neither the shared folder nor -Dmerklite.vectors=DIR has any");
        var passed = 0;
        List<String> failures = new ArrayList<>();
        for (var file : files) {
            var root = read(file);
            if (!root.has("suite")) {
                root.addProperty("suite", file.getFileName().toString().replaceFirst("\\.json$", ""));
            }
            var index = 0;
            for (var element : root.getAsJsonArray("cases")) {
                var vector = element.getAsJsonObject();
                try {
                    check.run(root, vector);
                    passed++;
                } catch (Exception | AssertionError | StackOverflowError e) {
                    failures.add(file.getFileName() + " #" + index + " " + label(vector) + ": " + e);
                }
                index++;
            }
        }
        failures.stream().limit(FAILURES_SHOWN).forEach(System.out::println);
        System.out.println(passed + " passed, " + failures.size() + " failed");
        Assertions.assertTrue(
                failures.isEmpty(), () -> failures.size() + " golden cases failed, first: " + failures.getFirst());
        Assertions.assertTrue(passed > 0, () -> "No cases in " + files);
    }

    private static String label(JsonObject vector) {
        for (var key : List.of("name", "id", "title", "sql")) {
            if (vector.has(key)) {
                return vector.get(key).toString();
            }
        }
        return "";
    }

    private static JsonObject read(Path file) throws IOException {
        try (var reader = new JsonReader(Files.newBufferedReader(file))) {
            reader.setStrictness(Strictness.STRICT);
            return JsonParser.parseReader(reader).getAsJsonObject();
        }
    }

    private static List<Path> files(String folder) throws IOException {
        List<Path> files = new ArrayList<>(
                jsonIn(Path.of(System.getProperty("merklite.shared", "../shared"), "testdata", folder)));
        var foreign = System.getProperty("merklite.vectors", "");
        if (!foreign.isBlank()) {
            var root = Path.of(foreign);
            Assertions.assertTrue(Files.isDirectory(root), () -> "-Dmerklite.vectors=" + foreign + " is no folder");
            files.addAll(jsonIn(Files.isDirectory(root.resolve(folder)) ? root.resolve(folder) : root));
        }
        return files;
    }

    private static List<Path> jsonIn(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (var paths = Files.list(folder)) {
            return paths.filter(path -> path.toString().endsWith(".json"))
                    .sorted()
                    .toList();
        }
    }
}
