package io.merklite.node.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.merklite.node.NodeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The processes of a local cluster.
 *
 * <p><b>Invariants.</b> (1) Every process that was started is noted in {@value #NOTE}, with the moment of its start, so that no other
 * process is ever stopped that got the same number. (2) {@link #stop} ends only when none of them lives.
 *
 * <p><b>Threading.</b> Not thread-safe, blocks.
 */
public final class LocalCluster {
    /** File that says what runs. */
    static final String NOTE = "cluster.json";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(30);
    private static final int LOG_LINES = 20;

    private final LocalPlan plan;
    private final Map<LocalPlan.Node, ProcessHandle> processes = new LinkedHashMap<>();

    private LocalCluster(LocalPlan plan) {
        this.plan = plan;
    }

    /**
     * Starts all nodes of {@code plan}.
     *
     * @throws NodeException.StartFailed if a cluster in the same folder is running
     */
    public static LocalCluster start(LocalPlan plan, JavaCommand command) {
        if (!running(plan.directory()).isEmpty()) {
            throw new NodeException.StartFailed(
                    "a cluster in " + plan.directory() + " is running", "Stop it with: merklite demo --stop", null);
        }
        var cluster = new LocalCluster(plan);
        try {
            for (var node : plan.nodes()) {
                cluster.start(node, command);
            }
        } catch (IOException e) {
            cluster.stop();
            throw new NodeException.StartFailed("a node's process does not start: " + e.getMessage(), "Look there", e);
        }
        return cluster;
    }

    private void start(LocalPlan.Node node, JavaCommand command) throws IOException {
        var folder = Files.createDirectories(plan.folderOf(node));
        var settings = Files.writeString(folder.resolve("node.conf"), plan.settingsOf(node));
        var isFirst = processes.isEmpty();
        var process = new ProcessBuilder(command.toRun(settings, isFirst))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.to(logOf(node).toFile()))
                .start();
        process.getOutputStream().close();
        processes.put(node, process.toHandle());
        note();
    }

    private Path logOf(LocalPlan.Node node) {
        return plan.folderOf(node).resolve("node.log");
    }

    /** Numbers of the processes, in the order of their start. */
    public List<Long> processIds() {
        return processes.values().stream().map(ProcessHandle::pid).toList();
    }

    /** Which nodes there are. */
    public LocalPlan plan() {
        return plan;
    }

    /**
     * Waits until {@code isReady} holds for all nodes.
     *
     * @throws NodeException.StartFailed if one of them ends, or not all are ready in time
     */
    public void awaitReady(Predicate<LocalPlan.Node> isReady, Duration patience, InstantSource clock) {
        var deadline = clock.instant().plus(patience);
        for (var node : plan.nodes()) {
            while (!isReady.test(node)) {
                if (!process(node).isAlive()) {
                    throw new NodeException.StartFailed(
                            "node " + node.name() + " has ended:\n" + lastLines(node), "Look at " + logOf(node), null);
                }
                if (clock.instant().isAfter(deadline)) {
                    throw new NodeException.StartFailed(
                            "node " + node.name() + " is not ready after " + patience.toSeconds() + " s:\n"
                                    + lastLines(node),
                            "Look at " + logOf(node),
                            null);
                }
                awaitExit(process(node), Duration.ofMillis(100));
            }
        }
    }

    /** Waits until all nodes have ended, whoever ends them, and tells of each. */
    public void awaitExits(Consumer<LocalPlan.Node> hasEnded) {
        CompletableFuture.allOf(processes.entrySet().stream()
                        .map(entry -> entry.getValue().onExit().thenAccept(exited -> hasEnded.accept(entry.getKey())))
                        .toArray(CompletableFuture[]::new))
                .join();
    }

    private ProcessHandle process(LocalPlan.Node node) {
        var process = processes.get(node);
        if (process == null) {
            throw new IllegalStateException(node.name() + " was not started");
        }
        return process;
    }

    /** Asks all nodes to leave and waits until they have ended; those that take too long are killed. */
    public void stop() {
        stop(List.copyOf(processes.values()));
        deleteNote(plan.directory());
    }

    /** Stops the cluster in {@code directory}, whoever started it; how many processes that were. */
    public static int stop(Path directory) {
        var running = running(directory);
        stop(running);
        deleteNote(directory);
        return running.size();
    }

    private static void stop(List<ProcessHandle> processes) {
        processes.forEach(ProcessHandle::destroy);
        for (var process : processes) {
            if (!awaitExit(process, STOP_PATIENCE)) {
                process.destroyForcibly();
                awaitExit(process, STOP_PATIENCE);
            }
        }
    }

    /** Whether the process ended within {@code patience}. */
    private static boolean awaitExit(ProcessHandle process, Duration patience) {
        try {
            process.onExit().get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException stillRuns) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NodeException.StartFailed("interrupted while a node was waited for", "Run it again", e);
        } catch (ExecutionException e) {
            throw new CompletionException(e);
        }
    }

    private void note() throws IOException {
        var json = JSON.createObjectNode();
        var nodes = json.putArray("nodes");
        processes.forEach((node, process) -> nodes.addObject()
                .put("name", node.name())
                .put("datacenter", node.datacenter())
                .put("url", node.url())
                .put("pid", process.pid())
                .put("startedAt", startOf(process).map(Instant::toString).orElse("")));
        Files.writeString(plan.directory().resolve(NOTE), json.toPrettyString());
    }

    /** The processes that the note in {@code directory} names and that still live. */
    private static List<ProcessHandle> running(Path directory) {
        var note = directory.resolve(NOTE);
        List<ProcessHandle> running = new ArrayList<>();
        if (Files.exists(note)) {
            try {
                for (var node : JSON.readTree(Files.readString(note)).path("nodes")) {
                    sameProcess(node).ifPresent(running::add);
                }
            } catch (IOException e) {
                throw new NodeException.UnusableFile(note, "cannot be read", "Stop the processes and delete it", e);
            }
        }
        return running;
    }

    private static Optional<ProcessHandle> sameProcess(JsonNode node) {
        return ProcessHandle.of(node.path("pid").asLong())
                .filter(ProcessHandle::isAlive)
                .filter(process -> startOf(process)
                        .map(Instant::toString)
                        .orElse("")
                        .equals(node.path("startedAt").asText()));
    }

    private static Optional<Instant> startOf(ProcessHandle process) {
        return process.info().startInstant();
    }

    private static void deleteNote(Path directory) {
        try {
            Files.deleteIfExists(directory.resolve(NOTE));
        } catch (IOException e) {
            throw new NodeException.UnusableFile(directory.resolve(NOTE), "cannot be deleted", "Delete it", e);
        }
    }

    private String lastLines(LocalPlan.Node node) {
        try {
            var lines = Files.readAllLines(logOf(node));
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }
}
