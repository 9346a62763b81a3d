package io.merklite.query.subscribe;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A database in memory whose changes are notified as a changeset has them. */
final class Watched implements AutoCloseable {
    final Connection connection;
    final Subscriptions subscriptions;
    final List<Report> reports = new ArrayList<>();

    Watched(String... ddl) throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        subscriptions = new Subscriptions(connection);
        execute(ddl);
    }

    void execute(String... statements) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** Subscribes and takes the first report. */
    SubscriptionId follow(String sql, SqlValue... parameters) {
        var id = subscriptions.subscribe(sql, List.of(parameters), reports::add);
        subscriptions.notifyTables(List.of());
        reports.clear();
        return id;
    }

    /** Runs statements, notifies what they changed, and says what was reported: rows as text, one report a line. */
    String after(String... statements) throws SQLException {
        reports.clear();
        subscriptions.notifyChanges(changes(statements));
        return String.join(
                "\n", reports.stream().map(report -> text(report.rows())).toList());
    }

    /** Whether the statements made a query run. */
    boolean runsAfter(String... statements) throws SQLException {
        var before = subscriptions.evaluationCount();
        subscriptions.notifyChanges(changes(statements));
        return subscriptions.evaluationCount() > before;
    }

    List<RowChange> changes(String... statements) throws SQLException {
        var before = TableSnapshot.of(connection);
        execute(statements);
        return before.changesTo(TableSnapshot.of(connection));
    }

    static String text(List<List<SqlValue>> rows) {
        return rows.stream()
                .map(row -> String.join(",", row.stream().map(Watched::text).toList()))
                .toList()
                .toString();
    }

    private static String text(SqlValue value) {
        return switch (value) {
            case SqlValue.Null nothing -> "-";
            case SqlValue.Integer integer -> String.valueOf(integer.value());
            case SqlValue.Real real -> String.valueOf(real.value());
            case SqlValue.Text(String text) -> text;
            case SqlValue.Blob blob -> blob.toString();
        };
    }

    @Override
    public void close() throws SQLException {
        subscriptions.close();
        connection.close();
    }
}
