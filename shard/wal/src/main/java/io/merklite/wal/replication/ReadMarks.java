package io.merklite.wal.replication;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * Keeps SQLite, in this and every other process, from starting the write-ahead log again while it holds frames that are
 * not saved.
 *
 * <p>A read transaction marks the frame up to which it reads. SQLite starts the log again only when all of it is in the
 * database file and no mark needs it, and moves no frame behind a mark into the database. A mark is of one of two
 * kinds:
 *
 * <ul>
 *   <li>On a frame: a restart is impossible while it is held.
 * <li>On the database file itself, which SQLite gives when the log is empty or wholly in the database: nothing is moved
 *       into the database while it is held. So a restart can only drop frames that were there when the mark was taken,
 *       and only once.
 * </ul>
 *
 * A mark cannot be moved, so two connections take turns: the next mark is taken first, and the old one released when
 * every frame that existed then has been saved and read. At no moment is there none, whatever other processes do within
 * SQLite's own rules.
 *
 * <p><b>Threading.</b> Not thread-safe. Blocks.
 */
final class ReadMarks {
    private static final String ANY_READ = "SELECT count(*) FROM sqlite_schema";

    private final Connection first;
    private final Connection second;
    private boolean isFirstHolding = true;

    private ReadMarks(Connection first, Connection second) {
        this.first = first;
        this.second = second;
    }

    /**
     * Takes the first mark, at the end of the log.
     *
     * @param opened gets the connections that were opened, also if this fails
     */
    static ReadMarks hold(Workspace workspace, List<Connection> opened) throws SQLException {
        opened.add(Connections.marking(workspace.database()));
        opened.add(Connections.marking(workspace.database()));
        var marks = new ReadMarks(opened.getFirst(), opened.getLast());
        begin(marks.holder());
        return marks;
    }

    /** Takes the next mark, at the end of the log, beside the one that is held. */
    void takeNext() throws SQLException {
        begin(other());
    }

    /** Releases the old mark; the next one is held from now on. */
    void releaseOld() throws SQLException {
        Connections.execute(holder(), "COMMIT");
        isFirstHolding = !isFirstHolding;
    }

    /** Releases the next mark; the old one stays. */
    void releaseNext() throws SQLException {
        Connections.execute(other(), "COMMIT");
    }

    private Connection holder() {
        return isFirstHolding ? first : second;
    }

    private Connection other() {
        return isFirstHolding ? second : first;
    }

    /** The connections, to be closed after all others. */
    List<Connection> connections() {
        return List.of(first, second);
    }

    private static void begin(Connection connection) throws SQLException {
        Connections.execute(connection, "BEGIN");
        try {
            Connections.execute(connection, ANY_READ);
        } catch (SQLException e) {
            Connections.execute(connection, "ROLLBACK");
            throw e;
        }
    }
}
