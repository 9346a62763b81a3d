package io.merklite.loadtest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A program of this class path in a JVM of its own, on the JDK that runs this one. Internal to the load tests.
 *
 * @param options of the JVM
 * @param properties system properties
 * @param program name of the class that has {@code main}
 * @param arguments of the program
 */
public record ChildJvm(List<String> options, Map<String, String> properties, String program, List<String> arguments) {
    public ChildJvm {
        options = List.copyOf(options);
        properties = Map.copyOf(properties);
        arguments = List.copyOf(arguments);
    }

    /** The system properties of this JVM that begin as Merklite's do, in a map that may be changed. */
    public static Map<String, String> ownProperties() {
        Map<String, String> properties = new LinkedHashMap<>();
        var own = System.getProperties();
        for (var name : own.stringPropertyNames()) {
            if (name.startsWith("merklite.")) {
                properties.put(name, own.getProperty(name));
            }
        }
        return properties;
    }

    /** What starts it. */
    public List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        properties.forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.addAll(List.of("-classpath", System.getProperty("java.class.path"), program));
        command.addAll(arguments);
        return command;
    }

    /**
     * Runs it to its end; its exit code. It does not outlive this JVM. Blocks.
     *
     * @param log file for what it prints; without one that is printed here
     */
    public int run(Optional<Path> log) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(command());
        if (log.isPresent()) {
            builder.redirectErrorStream(true).redirectOutput(log.get().toFile());
        } else {
            builder.inheritIO();
        }
        var process = builder.start();
        var ending = new Thread(process::destroy, "end-" + program);
        Runtime.getRuntime().addShutdownHook(ending);
        try {
            return process.waitFor();
        } finally {
            process.destroy();
            Runtime.getRuntime().removeShutdownHook(ending);
        }
    }
}
