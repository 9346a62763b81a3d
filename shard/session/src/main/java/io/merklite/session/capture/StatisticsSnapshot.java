package io.merklite.session.capture;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.changeset.ChangesetWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code sqlite_stat1} held when the session began to watch it: SQLite refuses triggers on it, so its changes are
 * found by comparing.
 *
 * <p>The session extension takes its first two columns for the key, and writes a NULL {@code idx} as an empty blob.
 */
final class StatisticsSnapshot {
    static final String NAME = "sqlite_stat1";

    private static final byte[] EMPTY = new byte[0];
    private static final int COLUMNS = 3;
    private static final int INDEX_COLUMN = 2;

    private Map<String, Row> before = Map.of();

    /** A row: key and whole record in the changeset format, kept as ISO-8859-1 text so that they compare by content. */
    private record Row(String key, String record) {}

    static boolean isStatistics(TableLayout layout) {
        return layout.name().equals(NAME);
    }

    static byte[] keyFlags() {
        return new byte[] {1, 2, 0};
    }

    /** Remembers the rows as they are now; none if the table does not exist. */
    void take(Connection connection, String schema) throws SQLException {
        before = read(connection, schema);
    }

    /** Adds a touch for each row that was there before or is there now. */
    void addTouches(Connection connection, String schema, NetChanges changes) throws SQLException {
        var now = read(connection, schema);
        Map<String, Row> all = new LinkedHashMap<>(before);
        all.putAll(now);
        for (var key : all.keySet()) {
            changes.touch(bytes(key), List.of(record(before.get(key)), record(now.get(key))));
        }
    }

    boolean differs(Connection connection, String schema) throws SQLException {
        return !before.equals(read(connection, schema));
    }

    private static byte[] record(@Nullable Row row) {
        return row == null ? EMPTY : bytes(row.record());
    }

    private static byte[] bytes(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static Map<String, Row> read(Connection connection, String schema) throws SQLException {
        Map<String, Row> rows = new LinkedHashMap<>();
        if (TableLayout.read(connection, schema, NAME).isEmpty()) {
            return rows;
        }
        List<Row> list = new ArrayList<>();
        try (var query = connection.createStatement();
                var result = query.executeQuery(
                        "SELECT tbl, idx, stat FROM " + Identifiers.quote(schema) + "." + NAME + " ORDER BY rowid")) {
            while (result.next()) {
                var record = new ChangesetWriter();
                var keySize = 0;
                for (var column = 1; column <= COLUMNS; column++) {
                    var text = result.getString(column);
                    if (text != null) {
                        record.text(text.getBytes(StandardCharsets.UTF_8));
                    } else if (column == INDEX_COLUMN) {
                        record.blob(EMPTY);
                    } else {
                        record.nullValue();
                    }
                    keySize = column == INDEX_COLUMN ? record.sizeBytes() : keySize;
                }
                var bytes = new String(record.toByteArray(), StandardCharsets.ISO_8859_1);
                list.add(new Row(bytes.substring(0, keySize), bytes));
            }
        }
        list.forEach(row -> rows.put(row.key(), row));
        return rows;
    }
}
