package io.merklite.client.replica;

import io.merklite.client.ClientSettings;
import io.merklite.client.replica.ReplicaStatus.Phase;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A program with little memory that has an embedded replica: fills its file from a node, and writes a row. */
final class SmallProgram {
    private SmallProgram() {}

    /** @param args address of the node, name of the database, file */
    public static void main(String[] args) {
        var isInSync = new CompletableFuture<Boolean>();
        var listener = new ReplicaListener() {
            @Override
            public void changed(ReplicaStatus status) {
                if (status.phase() == Phase.IN_SYNC) {
                    isInSync.complete(true);
                }
            }
        };
        try (var replica = EmbeddedReplica.open(
                Path.of(args[2]),
                ClientSettings.of(args[1], args[0]).withTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(30)),
                ReplicaOptions.DEFAULTS,
                listener)) {
            isInSync.join();
            replica.exec("INSERT INTO blob_row VALUES (-1, x'00')")
                    .toCompletableFuture()
                    .join();
            var rows = replica.query("SELECT count(*), sum(length(body)) FROM blob_row")
                    .toCompletableFuture()
                    .join()
                    .rows();
            var peakBytes = ManagementFactory.getMemoryPoolMXBeans().stream()
                    .filter(pool -> pool.getType() == java.lang.management.MemoryType.HEAP)
                    .map(MemoryPoolMXBean::getPeakUsage)
                    .mapToLong(java.lang.management.MemoryUsage::getUsed)
                    .sum();
            System.out.println(
                    "rows " + rows + " of heap at most " + Runtime.getRuntime().maxMemory() / (1 << 20)
                            + " MiB, used at the peak " + peakBytes / (1 << 20) + " MiB");
        }
    }
}
