package io.merklite.cluster.transfer;

import io.merklite.cluster.sql.SqlStatement;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.schema.text.SqlNames;
import io.merklite.sync.database.TableNames;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A plain SQLite file, read as the statements that make the same database elsewhere: {@link #tables}, then all of {@link
 * #nextRows}, then {@link #others}.
 *
 * <p>The file is not trusted: it is checked first, opened for reading only, and nothing in its schema is run.
 *
 * <p><b>Threading.</b> Not thread-safe. Blocks on disk.
 */
public final class PlainFile implements AutoCloseable {
    private static final String LIST = """
            SELECT l.name, l.type, l.schema FROM pragma_table_list l
            WHERE l.schema = 'main' AND l.type IN ('table', 'virtual', 'shadow') ORDER BY l.name
            """;

    private final Connection connection;
    private final List<String> tables = new ArrayList<>();
    private final List<String> others = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private Iterator<String> left = Collections.emptyIterator();
    private Optional<Rows> current = Optional.empty();

    /** The file is none that can be read. */
    public static final class Unusable extends RuntimeException {
        private Unusable(String what, SQLException cause) {
            super(what + ": " + cause.getMessage() + ". Name a file that SQLite's integrity check finds sound.", cause);
        }

        private Unusable(String what) {
            super(what + ". Name a file that SQLite's integrity check finds sound.");
        }
    }

    /** The rows of one table, as far as they have been read. */
    private record Rows(Statement statement, ResultSet rows, String insert, int columnCount) {}

    private PlainFile(Connection connection) {
        this.connection = connection;
    }

    /**
     * Opens a file that nobody writes to.
     *
     * @throws Unusable if it is no database, or a damaged one
     */
    public static PlainFile open(Path file) {
        try {
            var url = "jdbc:sqlite:file:" + file.toUri().getRawPath() + "?mode=ro&immutable=1";
            var opened = new PlainFile(DriverManager.getConnection(url));
            try {
                opened.read();
                return opened;
            } catch (SQLException | RuntimeException e) {
                opened.close();
                throw e;
            }
        } catch (SQLException e) {
            throw new Unusable("the file can't be read", e);
        }
    }

    private void read() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("PRAGMA trusted_schema = OFF");
            statement.execute("PRAGMA cell_size_check = ON");
            try (var check = statement.executeQuery("PRAGMA quick_check(1)")) {
                if (!check.next() || !"ok".equals(check.getString(1))) {
                    throw new Unusable("the file is damaged: " + check.getString(1));
                }
            }
            try (var list = statement.executeQuery(LIST)) {
                while (list.next()) {
                    note(list.getString(1), list.getString(2));
                }
            }
            try (var schema = statement.executeQuery("SELECT type, name, tbl_name, sql FROM sqlite_schema"
                    + " WHERE sql IS NOT NULL ORDER BY type = 'trigger', type = 'view', rowid")) {
                while (schema.next()) {
                    note(schema.getString(1), schema.getString(2), schema.getString(3), schema.getString(4));
                }
            }
            settings(statement);
        }
        left = names.iterator();
    }

    private void note(String name, String type) {
        if (!TableNames.isInternal(name)) {
            (type.equals("table") ? names : skipped).add(name);
        }
    }

    private void note(String type, String name, String table, String sql) {
        if (TableNames.isInternal(name) || TableNames.isInternal(table)) {
            return;
        }
        switch (type) {
            case "table" -> {
                if (names.contains(name)) {
                    tables.add(sql);
                }
            }
            case "index", "trigger" -> {
                if (!skipped.contains(table)) {
                    others.add(sql);
                }
            }
            default -> others.add(sql);
        }
    }

    private void settings(Statement statement) throws SQLException {
        for (var setting : List.of("user_version", "application_id")) {
            try (var value = statement.executeQuery("PRAGMA " + setting)) {
                if (value.next() && value.getLong(1) != 0) {
                    others.add("PRAGMA " + setting + " = " + value.getLong(1));
                }
            }
        }
    }

    /** The statements that make its tables. */
    public List<String> tables() {
        return List.copyOf(tables);
    }

    /** The statements for what goes with its tables, once the rows are there: indexes, views, triggers, settings. */
    public List<String> others() {
        return List.copyOf(others);
    }

    /** Names of virtual tables and of what is behind them, which are left out. */
    public List<String> skipped() {
        return List.copyOf(skipped);
    }

    /**
     * The next rows, each as a statement that inserts it; none when all have been read.
     *
     * @param maxCount how many at most
     * @param maxSizeBytes how large their values may be together, about; one row may be larger
     * @throws Unusable if the file is damaged there
     */
    public List<SqlStatement> nextRows(int maxCount, long maxSizeBytes) {
        List<SqlStatement> rows = new ArrayList<>();
        var sizeBytes = 0L;
        try {
            while (rows.size() < maxCount && sizeBytes < maxSizeBytes) {
                if (current.isEmpty() && !left.hasNext()) {
                    break;
                }
                var open = current.isPresent() ? current.get() : openRows(left.next());
                current = Optional.of(open);
                if (!open.rows().next()) {
                    open.statement().close();
                    current = Optional.empty();
                    continue;
                }
                List<SqlValue> values = new ArrayList<>();
                for (var i = 1; i <= open.columnCount(); i++) {
                    var value = value(open.rows(), i);
                    values.add(value);
                    sizeBytes += sizeBytes(value);
                }
                rows.add(new SqlStatement(open.insert(), values, List.of(), false));
            }
        } catch (SQLException e) {
            throw new Unusable("the file can't be read to its end", e);
        }
        return rows;
    }

    private Rows openRows(String table) throws SQLException {
        var columns = columns(table);
        var names = String.join(", ", columns);
        var marks = columns.stream().map(column -> "?").collect(Collectors.joining(", "));
        var quoted = SqlNames.quote(table);
        var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT " + names + " FROM main." + quoted);
        return new Rows(
                statement, rows, "INSERT INTO " + quoted + "(" + names + ") VALUES (" + marks + ")", columns.size());
    }

    private List<String> columns(String table) throws SQLException {
        try (var query =
                connection.prepareStatement("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid")) {
            query.setString(1, table);
            try (var rows = query.executeQuery()) {
                List<String> columns = new ArrayList<>();
                while (rows.next()) {
                    columns.add(SqlNames.quote(rows.getString(1)));
                }
                return columns;
            }
        }
    }

    private static SqlValue value(ResultSet rows, int column) throws SQLException {
        return switch (rows.getObject(column)) {
            case null -> SqlValue.NULL;
            case Integer integer -> SqlValue.of(integer.longValue());
            case Long integer -> SqlValue.of(integer.longValue());
            case Double real -> SqlValue.of(real.doubleValue());
            case Float real -> SqlValue.of(real.doubleValue());
            case byte[] bytes -> SqlValue.of(bytes);
            default -> SqlValue.of(rows.getString(column));
        };
    }

    private static long sizeBytes(SqlValue value) {
        return switch (value) {
            case SqlValue.Null none -> 1;
            case SqlValue.Integer integer -> Long.BYTES;
            case SqlValue.Real real -> Double.BYTES;
            case SqlValue.Text(var text) -> text.length();
            case SqlValue.Blob blob -> blob.view().remaining();
        };
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new Unusable("the file can't be closed", e);
        }
    }
}
