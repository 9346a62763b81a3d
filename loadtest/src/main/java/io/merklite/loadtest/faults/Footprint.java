package io.merklite.loadtest.faults;

import io.merklite.loadtest.local.LocalNode;
import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.NodeApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * What a node's process takes at a moment.
 *
 * @param node its name
 * @param second of the run
 * @param residentMiB memory of the process, as Linux's {@code /proc} has it
 * @param heapMiB of it, the heap in use, as the node's metrics have it
 * @param handleCount files, sockets and the like that are open
 */
record Footprint(String node, long second, double residentMiB, double heapMiB, long handleCount) {
    private static final double BYTES_PER_MIB = 1 << 20;
    private static final double KIB_PER_MIB = 1024;
    private static final String HEAP = "jvm_memory_used_bytes{area=\"heap\"}";

    /** That of a node that lives and answers, on a system that has {@code /proc}. */
    static Optional<Footprint> of(LocalNodes cluster, LocalNode node, long second) {
        var process = cluster.processId(node);
        if (process.isEmpty()) {
            return Optional.empty();
        }
        var folder = Path.of("/proc", process.get().toString());
        return NodeApi.of(node).metrics().flatMap(page -> {
            try (var handles = Files.list(folder.resolve("fd"))) {
                return Optional.of(
                        new Footprint(node.name(), second, residentMiB(folder), heapMiB(page), handles.count()));
            } catch (IOException ended) {
                return Optional.empty();
            }
        });
    }

    private static double residentMiB(Path folder) throws IOException {
        for (var line : Files.readAllLines(folder.resolve("status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / KIB_PER_MIB;
            }
        }
        throw new IOException("no VmRSS in " + folder.resolve("status"));
    }

    private static double heapMiB(String page) {
        return page.lines()
                .filter(line -> line.startsWith(HEAP))
                .mapToDouble(
                        line -> Double.parseDouble(line.substring(HEAP.length()).strip()) / BYTES_PER_MIB)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the page of metrics has no " + HEAP));
    }

    /** A line for a spreadsheet. */
    String csv() {
        return String.format(Locale.ROOT, "%s,%d,%.1f,%.1f,%d", node, second, residentMiB, heapMiB, handleCount);
    }
}
