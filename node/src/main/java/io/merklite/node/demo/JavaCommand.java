package io.merklite.node.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How a node's process is started: the Java and the class path of this process, little memory, and an ahead-of-time cache of
 * classes where Java knows that (from 25 on).
 *
 * <p>The cache halves the start. It fits one Java and one class path, whose entries must be JARs; a run writes it when it
 * ends, so that the first start of a build is the slow one.
 */
public final class JavaCommand {
    private static final int AOT_JAVA = 25;
    private static final int UNSAFE_WARNING_JAVA = 23;
    private static final String MAIN = "io.merklite.node.Main";

    private final Path java;
    private final String classPath;
    private final int javaVersion;
    private final String heap;
    private final Path cache;

    /**
     * @param heap the largest heap, such as {@code 128m}
     * @param cache file of the ahead-of-time cache
     */
    public static JavaCommand ofThisProcess(String heap, Path cache) {
        return new JavaCommand(
                Path.of(System.getProperty("java.home"), "bin", "java"),
                System.getProperty("java.class.path"),
                Runtime.version().feature(),
                heap,
                cache);
    }

    JavaCommand(Path java, String classPath, int javaVersion, String heap, Path cache) {
        this.java = java;
        this.classPath = classPath;
        this.javaVersion = javaVersion;
        this.heap = heap;
        this.cache = cache;
    }

    /**
     * The command line of a node with the settings in {@code file}.
     *
     * @param isTraining whether this one writes the cache, if there is none
     */
    List<String> toRun(Path file, boolean isTraining) {
        List<String> command = new ArrayList<>(List.of(
                java.toString(),
                "-Xmx" + heap,
                "-Xss512k",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:ReservedCodeCacheSize=48m",
                "-XX:+ExitOnOutOfMemoryError",
                "--enable-native-access=ALL-UNNAMED"));
        if (javaVersion >= UNSAFE_WARNING_JAVA) {
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        if (canCache() && Files.isRegularFile(cache)) {
            command.add("-XX:AOTCache=" + cache);
        } else if (canCache() && isTraining) {
            command.add("-XX:AOTCacheOutput=" + cache);
        }
        command.addAll(List.of("-classpath", classPath, MAIN, "node", "--config", file.toString()));
        return command;
    }

    private boolean canCache() {
        return javaVersion >= AOT_JAVA
                && List.of(classPath.split(System.getProperty("path.separator"), -1)).stream()
                        .allMatch(entry -> entry.endsWith(".jar"));
    }
}
