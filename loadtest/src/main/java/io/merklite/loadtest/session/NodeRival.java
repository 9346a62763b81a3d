package io.merklite.loadtest.session;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** A Node process that does the same work with SQLite's own session extension. */
final class NodeRival implements AutoCloseable {
    private static final String PACKAGE = "node@24";
    private static final String SCRIPT = "rival.mjs";

    private final Process process;
    private final BufferedWriter in;
    private final BufferedReader out;

    private NodeRival(Process process) {
        this.process = process;
        this.in = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        this.out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Installs Node below {@code folder} by npm if it is not there, and starts it; none if npm can't. */
    static Optional<NodeRival> start(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        var node = folder.resolve("node_modules/.bin/node").toAbsolutePath();
        if (!Files.isExecutable(node) && !install(folder)) {
            return Optional.empty();
        }
        var script = folder.resolve(SCRIPT);
        try (var source = NodeRival.class.getResourceAsStream(SCRIPT)) {
            if (source == null) {
                throw new IOException("the rival's script is not on the class path");
            }
            Files.write(script, source.readAllBytes());
        }
        var process = new ProcessBuilder(
                        node.toString(),
                        "--no-warnings",
                        script.toAbsolutePath().toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        return Optional.of(new NodeRival(process));
    }

    private static boolean install(Path folder) throws InterruptedException {
        try {
            return new ProcessBuilder(
                                    "npm", "install", "--no-audit", "--no-fund", "--prefix", folder.toString(), PACKAGE)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            System.out.println("# npm can't be started: " + e.getMessage());
            return false;
        }
    }

    /** One round of work; its times. */
    SessionTimes run(Workload workload, Path folder) throws IOException {
        in.write("{\"store\":\"" + workload.store() + "\",\"folder\":\"" + folder + "\",\"op\":\""
                + workload.operation() + "\",\"rows\":" + workload.rows() + "}\n");
        in.flush();
        var line = out.readLine();
        if (line == null) {
            throw new IOException("the rival has ended; its error is above");
        }
        var figures = Arrays.stream(line.split(" ", -1))
                .mapToDouble(Double::parseDouble)
                .toArray();
        return new SessionTimes(
                figures[0], figures[1], figures[2], figures[3], figures[4], figures[5], (int) figures[6]);
    }

    @Override
    public void close() throws IOException {
        in.close();
        process.destroy();
    }
}
