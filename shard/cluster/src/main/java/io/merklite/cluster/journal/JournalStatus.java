package io.merklite.cluster.journal;

import java.nio.file.Path;

/**
 * What a journal was found to be when the node opened it.
 *
 * @param file where it is
 * @param id made when the file was made, and kept in it
 * @param wasCreated whether there was none before
 */
public record JournalStatus(Path file, String id, boolean wasCreated) {}
