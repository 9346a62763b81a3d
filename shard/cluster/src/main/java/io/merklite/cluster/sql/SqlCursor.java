package io.merklite.cluster.sql;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** A batch that runs as far as its results are fetched. One fetch at a time. */
public interface SqlCursor {
    /**
     * The next entries.
     *
     * @param entries in order; possibly none
     * @param isDone whether there are no more
     */
    record Page(List<CursorEntry> entries, boolean isDone) {
        public Page {
            entries = List.copyOf(entries);
        }
    }

    /** At most {@code maxEntryCount} entries, fewer if they are larger than {@code maxSizeBytes}; after the end none. */
    CompletionStage<Page> fetch(int maxEntryCount, int maxSizeBytes);

    /** Interrupts the statement that runs. More than once does nothing. */
    CompletionStage<Void> close();
}
