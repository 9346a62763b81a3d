package io.merklite.sync.role;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.changeset.ChangeGroup;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.replicate.MerkleAnswers;
import io.merklite.sync.role.RoleMessage.Segment;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.Commit;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.RowKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What was committed in a master's tables and has no number yet.
 *
 * <p>Changesets of writes and of what was followed stay as they are, with their stamps. Of merged rows the rows themselves
 * are read, right after the commit: their stamps are many.
 *
 * <p><b>Bounds.</b> Above {@link RoleMessageCodec#MAX_SIZE_BYTES} it is dropped, and replicas must compare.
 */
final class PendingChanges {
    private static final int ROW_OVERHEAD_BYTES = 64;
    private static final int CHUNK = 1024;

    private final ReplicaStore store;
    private final RoleTables tables;
    private final List<Batch> batches = new ArrayList<>();
    private long sizeBytes;
    private boolean isSkipped;

    /**
     * Changes of one schema.
     *
     * @param isSkipped whether they are not here: too large, or nobody knows them
     */
    record Batch(int schema, List<Segment> segments, boolean isSkipped) {}

    PendingChanges(ReplicaStore store, RoleTables tables) {
        this.store = store;
        this.tables = tables;
    }

    void add(Commit commit) {
        switch (commit) {
            case Commit.Written written ->
                add(written.transaction().stamp(), written.transaction().changeset());
            case Commit.Followed followed ->
                add(followed.stamp(), followed.changes().view());
            case Commit.Copied copied -> addRows(copied.changes());
            case Commit.Untold untold -> skip(untold.tables());
        }
    }

    private void add(Stamp stamp, ByteBuffer changeset) {
        var bytes = new byte[changeset.remaining()];
        changeset.get(bytes);
        var changes = Changeset.wrap(bytes).filter(tables::takes);
        if (!changes.isEmpty()) {
            add(new Segment.Written(stamp, changes), changes.sizeBytes());
        }
    }

    private void skip(Set<String> untold) {
        if (untold.stream().anyMatch(tables::has)) {
            isSkipped = true;
            batches.clear();
        }
    }

    private void add(Segment segment, long segmentSizeBytes) {
        sizeBytes += segmentSizeBytes;
        if (isSkipped || sizeBytes > RoleMessageCodec.MAX_SIZE_BYTES / 2) {
            isSkipped = true;
            batches.clear();
            return;
        }
        var schema = tables.fingerprint();
        if (batches.isEmpty() || batches.getLast().schema() != schema) {
            batches.add(new Batch(schema, new ArrayList<>(), false));
        }
        batches.getLast().segments().add(segment);
    }

    private void addRows(Changeset changes) {
        var cursor = changes.cursor();
        var table = "";
        var isWanted = false;
        Set<List<ChangesetValue>> keys = new LinkedHashSet<>();
        while (cursor.next()) {
            if (cursor.newGroup() || keys.size() == CHUNK) {
                addRows(table, keys);
                keys.clear();
                table = Identifiers.fold(new String(cursor.tableName(), StandardCharsets.UTF_8));
                isWanted = tables.takes(table);
            }
            if (isWanted) {
                keys.add(key(cursor));
            }
        }
        addRows(table, keys);
    }

    private static List<ChangesetValue> key(ChangesetCursor cursor) {
        List<ChangesetValue> key = new ArrayList<>();
        for (var column = 0; column < cursor.columnCount(); column++) {
            if (cursor.keyPosition(column) != 0) {
                key.add(cursor.op() == ChangeOp.INSERT ? cursor.newValue(column) : cursor.oldValue(column));
            }
        }
        return List.copyOf(key);
    }

    private void addRows(String table, Set<List<ChangesetValue>> keys) {
        if (keys.isEmpty()) {
            return;
        }
        List<RowKey> wanted =
                keys.stream().map(values -> store.ranges().key(table, values)).toList();
        var rows = store.ranges().rows(table, wanted);
        Set<List<ChangesetValue>> gone = new HashSet<>(keys);
        rows.forEach(row -> gone.remove(row.key()));
        add(
                new Segment.Copied(table, rows, List.copyOf(gone)),
                rows.stream().mapToLong(PendingChanges::sizeOf).sum() + (long) gone.size() * ROW_OVERHEAD_BYTES);
    }

    private static long sizeOf(RemoteRow row) {
        return MerkleAnswers.sizeOf(row) + ROW_OVERHEAD_BYTES;
    }

    /** Takes everything out; nothing if it comes to nothing. */
    List<Batch> takeOut() {
        List<Batch> taken = new ArrayList<>();
        if (isSkipped) {
            taken.add(new Batch(tables.fingerprint(), List.of(), true));
        } else {
            batches.stream().filter(batch -> !comesToNothing(batch.segments())).forEach(taken::add);
        }
        batches.clear();
        sizeBytes = 0;
        isSkipped = false;
        return taken;
    }

    private static boolean comesToNothing(List<Segment> segments) {
        if (segments.size() == 1) {
            return false;
        }
        var net = new ChangeGroup();
        for (var segment : segments) {
            if (!(segment instanceof Segment.Written written)) {
                return false;
            }
            net.add(written.changes());
        }
        return net.changeset().isEmpty();
    }
}
