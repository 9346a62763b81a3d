package io.merklite.cluster.replica;

import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StepOutcome;
import java.util.ArrayDeque;
import java.util.Deque;

/** The results of a batch that was run as a whole, as the entries of a cursor over it. */
final class CursorEntries {
    private CursorEntries() {}

    static Deque<CursorEntry> of(SqlResponse response) {
        Deque<CursorEntry> entries = new ArrayDeque<>();
        switch (response) {
            case SqlResponse.BatchDone done -> {
                for (var step = 0; step < done.outcomes().size(); step++) {
                    add(step, done.outcomes().get(step), entries);
                }
            }
            case SqlResponse.Refused refused -> entries.add(new CursorEntry.Failed(refused.error()));
            default ->
                entries.add(new CursorEntry.Failed(new SqlError("INTERNAL", "a batch was answered with " + response)));
        }
        return entries;
    }

    private static void add(int step, StepOutcome outcome, Deque<CursorEntry> entries) {
        switch (outcome) {
            case StepOutcome.Done done -> {
                var result = done.result();
                entries.add(new CursorEntry.StepBegun(step, result.columns()));
                result.rows().forEach(row -> entries.add(new CursorEntry.Row(row)));
                entries.add(new CursorEntry.StepEnded(result.affectedRowCount(), result.lastInsertRowid()));
            }
            case StepOutcome.Failed failed -> entries.add(new CursorEntry.StepFailed(step, failed.error()));
            case StepOutcome.Skipped skipped -> {}
        }
    }
}
