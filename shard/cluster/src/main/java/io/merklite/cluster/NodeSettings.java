package io.merklite.cluster;

import com.typesafe.config.Config;
import io.merklite.cluster.journal.LogSettings;
import io.merklite.cluster.placement.Placement;
import io.merklite.cluster.replica.ReplicaSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What a node is told.
 *
 * @param nodeId its name; its address if there is none
 * @param dataDirectory where its files are
 * @param placement which nodes keep what
 * @param replicas how replicas work
 * @param log how changeset logs are kept
 * @param stopTimeout how long remoting may take to end once all databases are closed
 */
public record NodeSettings(
        Optional<String> nodeId,
        Path dataDirectory,
        Placement placement,
        ReplicaSettings replicas,
        LogSettings log,
        Duration stopTimeout) {
    private static final String OWN_JOURNAL = "merklite.journal.write";

    /** Where the files of databases are. */
    Path databases() {
        return dataDirectory.resolve("databases");
    }

    /** Whether changeset logs are kept in this module's own journal. */
    boolean usesOwnJournal() {
        return log.journalPlugin().equals(OWN_JOURNAL);
    }

    /** Reads the section {@code merklite}. */
    public static NodeSettings from(Config merklite) {
        return new NodeSettings(
                Optional.of(merklite.getString("node-id")).filter(id -> !id.isEmpty()),
                Path.of(merklite.getString("data-directory")),
                new Placement(merklite.getInt("shard-count"), merklite.getInt("replicas-per-dc")),
                ReplicaSettings.from(merklite),
                LogSettings.from(merklite),
                merklite.getDuration("stop-timeout"));
    }
}
