package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.JournalMissing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a node's journal is where its databases need it: asked before it is opened, since opening makes it. */
public final class JournalPresence {
    private static final String DATABASES = "*.db";

    private JournalPresence() {}

    /**
     * Looks for the journal of a node. Blocks.
     *
     * @param databases the directory of its databases
     * @throws JournalMissing if there are databases, and no journal, and {@link JournalSettings#allowsMissing} is not set
     */
    public static void require(JournalSettings settings, Path databases) {
        if (!settings.allowsMissing() && isMissing(settings.path()) && hasDatabases(databases)) {
            throw new JournalMissing(settings.path(), databases);
        }
    }

    private static boolean isMissing(Path journal) {
        try {
            return !Files.exists(journal) || Files.size(journal) == 0;
        } catch (IOException e) {
            throw new UncheckedIOException("looking for the journal " + journal, e);
        }
    }

    private static boolean hasDatabases(Path directory) {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (var files = Files.newDirectoryStream(directory, DATABASES)) {
            return files.iterator().hasNext();
        } catch (IOException e) {
            throw new UncheckedIOException("looking for databases in " + directory, e);
        }
    }
}
