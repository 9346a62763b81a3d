package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The clients in {@code src/test/clients}, installed once into {@code target}, and run. */
final class NodeClients {
    private static final Path SOURCE = Path.of("src/test/clients");
    private static final Path TARGET = Path.of("target/clients");

    private NodeClients() {}

    /** Installs packages of {@code folder} as its lock file says. Aborts the test if there is no npm. */
    static Path install(String folder) throws Exception {
        var source = SOURCE.resolve(folder).normalize();
        var target = TARGET.resolve(folder).normalize();
        var lock = source.resolve("package-lock.json");
        var isInstalled = Files.exists(target.resolve("node_modules/.package-lock.json"))
                && Files.exists(target.resolve("package-lock.json"))
                && Files.mismatch(lock, target.resolve("package-lock.json")) < 0;
        copy(source, target);
        if (!isInstalled) {
            try {
                run(target, 300, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            } catch (IOException e) {
                abort("npm is not installed, so real clients of libSQL were not tried: " + e.getMessage());
            }
        }
        return target;
    }

    /** Runs the checks, and fails with those that failed. Gives how many passed. */
    static int check(Path folder, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("node", "run.mjs"));
        command.addAll(List.of(arguments));
        List<String> problems = new ArrayList<>();
        var passed = 0;
        for (var line : run(folder, 300, command.toArray(String[]::new)).lines().toList()) {
            if (!line.startsWith("{\"check\"")) {
                continue;
            }
            JsonObject check = JsonParser.parseString(line).getAsJsonObject();
            if (check.get("ok").getAsBoolean()) {
                passed++;
            } else {
                problems.add(check.get("check").getAsString() + ": "
                        + check.get("problem").getAsString());
            }
        }
        assertThat(problems).isEmpty();
        return passed;
    }

    /** What the command prints. A command that can't be started is an {@link IOException}; its exit code is up to the caller. */
    private static String run(Path folder, int limitSeconds, String... command) throws Exception {
        var output = Files.createTempFile("clients", ".log");
        var process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(String.join(" ", command) + " took too long: " + Files.readString(output));
        }
        var printed = Files.readString(output);
        Files.delete(output);
        if (process.exitValue() != 0 && command[0].equals("npm")) {
            throw new AssertionError(String.join(" ", command) + " failed: " + printed);
        }
        return printed;
    }

    private static void copy(Path source, Path target) throws IOException {
        try (var files = Files.walk(source)) {
            for (var file : files.toList()) {
                var to = target.resolve(source.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(to);
                } else {
                    Files.copy(file, to, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }
}
