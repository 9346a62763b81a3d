package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.JournalDamaged;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The journal's file, as one of its readers has it. A page is read in a short transaction of its own, so that a long
 * replay never keeps the write-ahead log from starting anew.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection. Blocks on disk.
 */
final class ReadableJournal implements AutoCloseable {
    private final Path file;
    private final JournalSettings settings;
    private final Connection connection;
    private final PreparedStatement selectHead;
    private final PreparedStatement selectEvents;

    private record Head(long id, long deleted, long highest) {}

    private ReadableJournal(Path file, JournalSettings settings, Connection connection) throws SQLException {
        this.file = file;
        this.settings = settings;
        this.connection = connection;
        this.selectHead = connection.prepareStatement(
                "SELECT id, deleted_seq, coalesce((SELECT max(seq) FROM events WHERE pid = id), 0)"
                        + " FROM persistence_ids WHERE name = ?");
        this.selectEvents = connection.prepareStatement(
                "SELECT seq, timestamp, serializer, checksum, manifest, payload, writer FROM events"
                        + " WHERE pid = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?");
    }

    /** Opens a file that its writer has prepared. */
    static ReadableJournal open(Path file, JournalSettings settings) throws SQLException {
        var connection = JournalFormat.connect(file);
        try {
            JournalFormat.execute(connection, "PRAGMA query_only=on");
            return new ReadableJournal(file, settings, connection);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /**
     * The first events from {@code first} to {@code last}, as many as a page holds and at most {@code limit}.
     *
     * @throws JournalDamaged if one of them is not what was written
     */
    EventPage events(String persistenceId, long first, long last, long limit) throws SQLException {
        var head = head(persistenceId);
        if (head.isEmpty()) {
            return new EventPage(List.of(), 0, true);
        }
        var count = (int) Math.min(limit, settings.pageCount());
        selectEvents.setLong(1, head.get().id());
        selectEvents.setLong(2, Math.max(first, head.get().deleted() + 1));
        selectEvents.setLong(3, last);
        selectEvents.setInt(4, count);
        List<StoredEvent> events = new ArrayList<>();
        var sizeBytes = 0L;
        try (var rows = selectEvents.executeQuery()) {
            while (sizeBytes < settings.pageSizeBytes() && rows.next()) {
                var payload = payload(rows, persistenceId);
                events.add(new StoredEvent(rows.getLong(1), rows.getString(7), rows.getLong(2), payload));
                sizeBytes += payload.sizeBytes();
            }
        }
        var isFull = events.size() == count || sizeBytes >= settings.pageSizeBytes();
        return new EventPage(events, head.get().highest(), !isFull);
    }

    /**
     * The latest snapshot in {@code range}.
     *
     * @throws JournalDamaged if it is not what was written
     */
    Optional<StoredSnapshot> snapshot(String persistenceId, SnapshotRange range) throws SQLException {
        var head = head(persistenceId);
        if (head.isEmpty()) {
            return Optional.empty();
        }
        try (var select = connection.prepareStatement("SELECT seq, timestamp, serializer, checksum, manifest, payload"
                + " FROM snapshots WHERE pid = ? AND seq BETWEEN ? AND ? AND timestamp BETWEEN ? AND ?"
                + " ORDER BY seq DESC LIMIT 1")) {
            select.setLong(1, head.get().id());
            select.setLong(2, range.firstSequenceNr());
            select.setLong(3, range.lastSequenceNr());
            select.setLong(4, range.firstTimestampMillis());
            select.setLong(5, range.lastTimestampMillis());
            try (var rows = select.executeQuery()) {
                return rows.next()
                        ? Optional.of(
                                new StoredSnapshot(rows.getLong(1), rows.getLong(2), payload(rows, persistenceId)))
                        : Optional.empty();
            }
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }

    private Optional<Head> head(String persistenceId) throws SQLException {
        selectHead.setString(1, persistenceId);
        try (var rows = selectHead.executeQuery()) {
            return rows.next()
                    ? Optional.of(new Head(rows.getLong(1), rows.getLong(2), rows.getLong(3)))
                    : Optional.empty();
        }
    }

    private Payload payload(ResultSet rows, String persistenceId) throws SQLException {
        var sequenceNr = rows.getLong(1);
        var payload = Payload.wrap(rows.getInt(3), rows.getString(5), rows.getBytes(6));
        if (payload.checksum(sequenceNr) != rows.getInt(4)) {
            throw new JournalDamaged(
                    file.toString(),
                    "event or snapshot " + sequenceNr + " of " + persistenceId + " has a wrong checksum");
        }
        return payload;
    }
}
