package io.merklite.session.apply;

import io.merklite.session.changeset.ChangeOp;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What an apply did. Changes of tables that were filtered out or that the target lacks are counted as skipped.
 *
 * @param applied changes applied, by operation; one that replaced a row counts as applied
 * @param omitted changes left out by the handler, or as no-ops
 * @param replaced changes that wrote over a conflicting row
 * @param skipped changes of tables or rows that were filtered out, or whose table does not fit
 * @param conflicts calls of the handler, by type
 * @param skippedTables why the changes of a table were skipped, in words, for tables that do not fit
 * @param rebase the rebase blob; empty if none was asked for, or there was no conflict
 */
public record ApplyOutcome(
        Map<ChangeOp, Long> applied,
        long omitted,
        long replaced,
        long skipped,
        Map<ConflictType, Long> conflicts,
        List<String> skippedTables,
        RebaseBlob rebase) {
    public ApplyOutcome {
        applied = Map.copyOf(applied);
        conflicts = Map.copyOf(conflicts);
        skippedTables = List.copyOf(skippedTables);
    }

    /** How many changes were applied. */
    public long appliedCount() {
        return applied.values().stream().mapToLong(Long::longValue).sum();
    }

    /** How often the handler was called. */
    public long conflictCount() {
        return conflicts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Counts while an apply runs. */
    static final class Counts {
        private final EnumMap<ChangeOp, Long> applied = new EnumMap<>(ChangeOp.class);
        private final EnumMap<ConflictType, Long> conflicts = new EnumMap<>(ConflictType.class);
        private final List<String> skippedTables = new ArrayList<>();
        private long omitted;
        private long replaced;
        private long skipped;

        void applied(ChangeOp op, long count) {
            if (count > 0) {
                applied.merge(op, count, Long::sum);
            }
        }

        void conflict(ConflictType type) {
            conflicts.merge(type, 1L, Long::sum);
        }

        void omitted() {
            omitted++;
        }

        void replaced() {
            replaced++;
        }

        void skipped() {
            skipped++;
        }

        void skippedTable(String why) {
            skippedTables.add(why);
        }

        ApplyOutcome outcome(RebaseBlob rebase) {
            return new ApplyOutcome(applied, omitted, replaced, skipped, conflicts, skippedTables, rebase);
        }
    }
}
