package io.merklite.cluster.journal;

import static io.merklite.cluster.journal.JournalFormat.execute;

import io.merklite.cluster.ClusterException.JournalSequenceUsed;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The journal's file, as its writer has it.
 *
 * <p><b>Invariants.</b> (1) Sequence numbers of a persistence id only rise, also over deletions and restarts. (2) What
 * is written between {@link #begin} and {@link #commit} is there whole or not at all.
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection. Blocks on disk.
 * <p><b>Cost.</b> A write is O(log n) an event; the sync is in {@link #commit}.
 */
final class WritableJournal implements AutoCloseable {
    /** How many persistence ids are remembered; another one is looked up in the file. */
    private static final int KNOWN_LIMIT = 16_384;

    private static final String BEGIN = "BEGIN IMMEDIATE";
    private static final String COMMIT = "COMMIT";
    private static final String INSERT_EVENT =
            "INSERT INTO events (pid, seq, timestamp, serializer, checksum, manifest, writer, payload)"
                    + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

    private final Connection connection;
    private final JournalStatus status;
    private PreparedStatement begin;
    private PreparedStatement commit;
    private PreparedStatement insertEvent;
    private final Map<String, Head> known = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Head> eldest) {
            return size() > KNOWN_LIMIT;
        }
    };

    /** A persistence id: its number, and the highest sequence number that it used. */
    private record Head(long id, long highest) {}

    private WritableJournal(Connection connection, JournalStatus status) throws SQLException {
        this.connection = connection;
        this.status = status;
        this.begin = connection.prepareStatement(BEGIN);
        this.commit = connection.prepareStatement(COMMIT);
        this.insertEvent = connection.prepareStatement(INSERT_EVENT);
    }

    /** Opens the file, and makes it if there is none. */
    static WritableJournal open(Path file, JournalSettings settings) throws SQLException {
        var connection = JournalFormat.connect(file);
        try {
            var status = JournalFormat.prepare(connection, file);
            execute(connection, "PRAGMA cache_size=-" + settings.cacheSizeBytes() / 1024);
            execute(connection, "PRAGMA journal_size_limit=" + settings.maxWalSizeBytes());
            if (settings.maxSizeBytes() > 0) {
                var pageSize = JournalFormat.number(connection, "PRAGMA page_size");
                execute(connection, "PRAGMA max_page_count=" + Math.max(1, settings.maxSizeBytes() / pageSize));
            }
            return new WritableJournal(connection, status);
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    JournalStatus status() {
        return status;
    }

    void begin() throws SQLException {
        begin.execute();
    }

    /** Returns when everything since {@link #begin} is on disk. */
    void commit() throws SQLException {
        commit.execute();
    }

    /**
     * Takes back everything since {@link #begin}, after a failure.
     *
     * @throws SQLException if nothing is left to take back, too: SQLite has done so itself, as when the disk is full
     */
    void rollback() throws SQLException {
        known.clear();
        // The driver gives up a statement that has failed, and keeps the others until they are closed.
        for (var statement : List.of(begin, commit, insertEvent)) {
            statement.close();
        }
        begin = connection.prepareStatement(BEGIN);
        commit = connection.prepareStatement(COMMIT);
        insertEvent = connection.prepareStatement(INSERT_EVENT);
        execute(connection, "ROLLBACK");
    }

    /**
     * Adds the events, all of them or none.
     *
     * @param events in order, at least one
     * @throws JournalSequenceUsed if the first is not above the highest there; nothing was changed
     */
    void insert(String persistenceId, List<StoredEvent> events) throws SQLException {
        var head = head(persistenceId);
        var first = events.getFirst().sequenceNr();
        if (first <= head.highest()) {
            throw new JournalSequenceUsed(persistenceId, first, head.highest());
        }
        for (var event : events) {
            var payload = event.payload();
            insertEvent.setLong(1, head.id());
            insertEvent.setLong(2, event.sequenceNr());
            insertEvent.setLong(3, event.timestampMillis());
            insertEvent.setInt(4, payload.serializerId());
            insertEvent.setInt(5, payload.checksum(event.sequenceNr()));
            insertEvent.setString(6, payload.manifest());
            insertEvent.setString(7, event.writerUuid());
            insertEvent.setBytes(8, payload.bytes());
            insertEvent.executeUpdate();
        }
        known.put(persistenceId, new Head(head.id(), events.getLast().sequenceNr()));
    }

    /** The highest sequence number that was ever used, 0 if none was. */
    long highest(String persistenceId) throws SQLException {
        var head = known.get(persistenceId);
        return head != null ? head.highest() : lookUp(persistenceId).highest();
    }

    /**
     * Makes the events up to {@code toSequenceNr} count no more; {@link #removeDeleted} takes them out of the file.
     *
     * @return the last that is to be removed
     */
    long markDeleted(String persistenceId, long toSequenceNr) throws SQLException {
        var head = head(persistenceId);
        var last = Math.min(toSequenceNr, head.highest());
        try (var update = connection.prepareStatement(
                "UPDATE persistence_ids SET highest_seq = ?, deleted_seq = max(deleted_seq, ?) WHERE id = ?")) {
            update.setLong(1, head.highest());
            update.setLong(2, last);
            update.setLong(3, head.id());
            update.executeUpdate();
        }
        return last;
    }

    /**
     * Removes some events, the oldest first.
     *
     * @param lastSequenceNr the last that may go
     * @param limit how many, at most
     * @return how many went: fewer than {@code limit} if none is left
     */
    int removeDeleted(String persistenceId, long lastSequenceNr, int limit) throws SQLException {
        try (var delete = connection.prepareStatement("DELETE FROM events WHERE position IN ("
                + "SELECT position FROM events WHERE pid = ? AND seq <= ? ORDER BY seq LIMIT ?)")) {
            delete.setLong(1, head(persistenceId).id());
            delete.setLong(2, lastSequenceNr);
            delete.setInt(3, limit);
            return delete.executeUpdate();
        }
    }

    /** Adds a snapshot, or replaces the one of the same sequence number. */
    void save(String persistenceId, StoredSnapshot snapshot) throws SQLException {
        try (var insert = connection.prepareStatement("INSERT OR REPLACE INTO snapshots"
                + " (pid, seq, timestamp, serializer, checksum, manifest, payload) VALUES (?, ?, ?, ?, ?, ?, ?)")) {
            var payload = snapshot.payload();
            insert.setLong(1, head(persistenceId).id());
            insert.setLong(2, snapshot.sequenceNr());
            insert.setLong(3, snapshot.timestampMillis());
            insert.setInt(4, payload.serializerId());
            insert.setInt(5, payload.checksum(snapshot.sequenceNr()));
            insert.setString(6, payload.manifest());
            insert.setBytes(7, payload.bytes());
            insert.executeUpdate();
        }
    }

    /** Removes the snapshots in {@code range}. */
    void deleteSnapshots(String persistenceId, SnapshotRange range) throws SQLException {
        try (var delete = connection.prepareStatement(
                "DELETE FROM snapshots WHERE pid = ? AND seq BETWEEN ? AND ? AND timestamp BETWEEN ? AND ?")) {
            delete.setLong(1, head(persistenceId).id());
            delete.setLong(2, range.firstSequenceNr());
            delete.setLong(3, range.lastSequenceNr());
            delete.setLong(4, range.firstTimestampMillis());
            delete.setLong(5, range.lastTimestampMillis());
            delete.executeUpdate();
        }
    }

    /** Copies what it can of the write-ahead log into the file, so that the next commit begins the log anew. */
    void checkpoint() throws SQLException {
        execute(connection, "PRAGMA wal_checkpoint(PASSIVE)");
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }

    private Head head(String persistenceId) throws SQLException {
        var head = known.get(persistenceId);
        if (head == null) {
            var found = lookUp(persistenceId);
            head = found.id() != 0 ? found : add(persistenceId);
            known.put(persistenceId, head);
        }
        return head;
    }

    private Head lookUp(String persistenceId) throws SQLException {
        try (var select = connection.prepareStatement(
                "SELECT id, max(highest_seq, coalesce((SELECT max(seq) FROM events WHERE pid = id), 0))"
                        + " FROM persistence_ids WHERE name = ?")) {
            select.setString(1, persistenceId);
            try (var rows = select.executeQuery()) {
                return rows.next() ? new Head(rows.getLong(1), rows.getLong(2)) : new Head(0, 0);
            }
        }
    }

    private Head add(String persistenceId) throws SQLException {
        try (var insert = connection.prepareStatement(
                "INSERT INTO persistence_ids (name, highest_seq, deleted_seq) VALUES (?, 0, 0) RETURNING id")) {
            insert.setString(1, persistenceId);
            try (var rows = insert.executeQuery()) {
                return new Head(rows.getLong(1), 0);
            }
        }
    }
}
