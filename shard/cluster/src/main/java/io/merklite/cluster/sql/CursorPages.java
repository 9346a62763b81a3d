package io.merklite.cluster.sql;

import io.merklite.cluster.sql.CursorEntry.Row;
import io.merklite.cluster.sql.CursorEntry.StepBegun;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Entries of a cursor on their way into pages. */
final class CursorPages {
    private static final int ENTRY_BYTES = 16;
    private static final int COLUMN_BYTES = 32;

    private final Deque<CursorEntry> entries = new ArrayDeque<>();
    private long sizeBytes;
    private int maxEntryCount = 1;
    private int maxSizeBytes = 1;

    void limit(int entryCount, int bytes) {
        if (entryCount < 1 || bytes < 1) {
            throw new IllegalArgumentException("a page of " + entryCount + " entries and " + bytes + " bytes");
        }
        maxEntryCount = entryCount;
        maxSizeBytes = bytes;
    }

    void add(CursorEntry entry) {
        entries.add(entry);
        sizeBytes += sizeBytes(entry);
    }

    private static long sizeBytes(CursorEntry entry) {
        return ENTRY_BYTES
                + switch (entry) {
                    case Row row -> RunningStatement.sizeBytes(row.values());
                    case StepBegun step -> (long) COLUMN_BYTES * step.columns().size();
                    case CursorEntry.StepEnded ended -> 0;
                    case CursorEntry.StepFailed failed ->
                        failed.error().message().length();
                    case CursorEntry.Failed failed -> failed.error().message().length();
                };
    }

    boolean isFull() {
        return entries.size() >= maxEntryCount || sizeBytes >= maxSizeBytes;
    }

    /** Of the entries that wait. */
    long sizeBytes() {
        return sizeBytes;
    }

    /**
     * The next page.
     *
     * @param isComplete whether no more entries will come
     */
    SqlCursor.Page take(boolean isComplete) {
        List<CursorEntry> taken = new ArrayList<>();
        var takenBytes = 0L;
        while (!entries.isEmpty() && taken.size() < maxEntryCount && takenBytes < maxSizeBytes) {
            var entry = entries.remove();
            takenBytes += sizeBytes(entry);
            taken.add(entry);
        }
        sizeBytes -= takenBytes;
        return new SqlCursor.Page(taken, isComplete && entries.isEmpty());
    }
}
