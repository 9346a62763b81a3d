package io.merklite.session.apply;

import io.merklite.session.SessionException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * How an apply ended.
 *
 * @param outcome what it returned, or the code of what it threw
 * @param calls the conflicts that the handler was asked about
 * @param rows what a query gives afterwards
 */
record Applied(String outcome, List<ConflictType> calls, List<String> rows) {
    /** Forces the slow way, change by change. */
    static final ApplyOptions SINGLE =
            ApplyOptions.DEFAULTS.recordingRebase().filteringChanges((table, change) -> true);

    static final ApplyOptions WINDOW = ApplyOptions.DEFAULTS.recordingRebase();

    /** Applies to a fresh database that {@code sql} makes. */
    static Applied toFresh(byte[] changes, ApplyOptions options, ConflictHandler handler, String query, String... sql)
            throws SQLException {
        try (var connection = database(sql);
                var applier = new ChangesetApplier(connection)) {
            return to(connection, applier, changes, options, handler, query);
        }
    }

    static Applied to(
            Connection connection,
            ChangesetApplier applier,
            byte[] changes,
            ApplyOptions options,
            ConflictHandler handler,
            String query)
            throws SQLException {
        List<ConflictType> calls = new ArrayList<>();
        String outcome;
        try {
            outcome = applier.apply(changes, options, conflict -> {
                        calls.add(conflict.type());
                        return handler.resolve(conflict);
                    })
                    .toString();
        } catch (SessionException e) {
            outcome = e.code();
        }
        return new Applied(outcome, calls, rows(connection, query));
    }

    static Connection database(String... sql) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        for (var one : sql) {
            run(connection, one);
        }
        return connection;
    }

    static void run(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Each row with its values between bars. */
    static List<String> rows(Connection connection, String query) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (var statement = connection.createStatement();
                var result = statement.executeQuery(query)) {
            var count = result.getMetaData().getColumnCount();
            while (result.next()) {
                List<String> values = new ArrayList<>();
                for (var i = 1; i <= count; i++) {
                    values.add(String.valueOf(result.getString(i)));
                }
                rows.add(String.join("|", values));
            }
        }
        return rows;
    }
}
