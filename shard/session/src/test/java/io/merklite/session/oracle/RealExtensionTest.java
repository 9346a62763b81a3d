package io.merklite.session.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.capture.Session;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetRow;
import io.merklite.session.changeset.Patchset;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The same random histories under our session and under SQLite's own. */
class RealExtensionTest {
    private static final int HISTORIES = Seeds.count("merklite.histories", 2000);

    private final AtomicInteger identical = new AtomicInteger();
    private final AtomicInteger changed = new AtomicInteger();
    private final AtomicInteger skipped = new AtomicInteger();

    @BeforeAll
    static void needsTheExtension() {
        assumeTrue(
                NativeSqlite.isAvailable(),
                "libsqlite3.so.0 with the session extension is not on this machine; Debian's libsqlite3-0 has it");
    }

    @Test
    void bothSidesUnderstandEachOther() {
        Seeds.upTo(HISTORIES).forEach(seed -> Seeds.run(seed, random -> check(RandomHistory.make(random))));

        System.out.println("histories against SQLite " + NativeSqlite.version() + ": " + HISTORIES + ", with changes: "
                + changed + ", of these identical in bytes: " + identical + ", skipped because the versions disagree: "
                + skipped);
        assertThat(skipped.get()).as("skipped").isLessThanOrEqualTo(HISTORIES / 50);
        assertThat(changed.get()).as("histories with changes").isPositive();
    }

    /** Which rows a statement on many rows reaches first is open, and differs between versions of SQLite. */
    private boolean versionsAgree(RandomHistory history) throws SQLException {
        try (var plain = ours(history, true);
                var reference = theirs(history, true)) {
            for (var sql : history.work()) {
                if (run(plain, sql) != reference.run(sql)) {
                    return false;
                }
            }
            return rows(plain, history).equals(rows(reference, history));
        }
    }

    private void check(RandomHistory history) throws SQLException {
        if (!versionsAgree(history)) {
            skipped.incrementAndGet();
            return;
        }
        try (var source = ours(history, true);
                var session = Session.open(source, "main");
                var reference = theirs(history, true)) {
            session.attachAll();
            reference.beginSession();
            var half = history.work().size() / 2;
            work(source, reference, history.work().subList(0, half));
            var first = session.changeset();
            work(source, reference, history.work().subList(half, history.work().size()));
            var changeset = session.changeset();
            var patchset = session.patchset();
            var expected = reference.changeset();
            assertThat(rows(source, history)).isEqualTo(rows(reference, history));
            assertThat(meaning(changeset.toByteArray())).isEqualTo(meaning(expected));
            assertThat(meaning(patchset.toByteArray())).isEqualTo(meaning(reference.patchset()));
            count(changeset, expected);
            reference.endSession();

            checkOursAppliedByThem(history, changeset, patchset, rows(source, history));
            checkTheirsAppliedByUs(history, expected, rows(source, history));
            checkConcatenation(first, changeset);
        }
    }

    private void count(Changeset changeset, byte[] expected) {
        if (!changeset.isEmpty()) {
            changed.incrementAndGet();
            if (Arrays.equals(changeset.toByteArray(), expected)) {
                identical.incrementAndGet();
            }
        }
    }

    private static void checkOursAppliedByThem(
            RandomHistory history, Changeset changeset, Patchset patchset, List<String> rows) {
        try (var replica = theirs(history, false)) {
            var before = rows(replica, history);
            assertThat(replica.apply(changeset.toByteArray())).isZero();
            assertThat(rows(replica, history)).isEqualTo(rows);
            assertThat(replica.apply(changeset.invert().toByteArray())).isZero();
            assertThat(rows(replica, history)).isEqualTo(before);
            assertThat(replica.apply(patchset.toByteArray())).isZero();
            assertThat(rows(replica, history)).isEqualTo(rows);
        }
        assertThat(changeset.invert().toByteArray()).isEqualTo(NativeSqlite.invert(changeset.toByteArray()));
    }

    private static void checkTheirsAppliedByUs(RandomHistory history, byte[] changeset, List<String> rows)
            throws SQLException {
        try (var replica = ours(history, false);
                var applier = new ChangesetApplier(replica)) {
            var before = rows(replica, history);
            applier.apply(changeset, ConflictHandler.ABORT);
            assertThat(rows(replica, history)).isEqualTo(rows);
            applier.apply(Changeset.copyOf(changeset).invert().toByteArray(), ConflictHandler.ABORT);
            assertThat(rows(replica, history)).isEqualTo(before);
        }
    }

    private static void checkConcatenation(Changeset first, Changeset whole) {
        var undone = first.invert();
        var ours = first.concat(undone).concat(whole);

        assertThat(ours.toByteArray())
                .isEqualTo(NativeSqlite.concat(
                        NativeSqlite.concat(first.toByteArray(), undone.toByteArray()), whole.toByteArray()));
        assertThat(meaning(ours.toByteArray())).isEqualTo(meaning(whole.toByteArray()));
    }

    private static void work(Connection ours, NativeSqlite theirs, List<String> statements) {
        for (var sql : statements) {
            assertThat(run(ours, sql)).as(sql).isEqualTo(theirs.run(sql));
        }
    }

    private static Connection ours(RandomHistory history, boolean triggers) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        statements(history, triggers).forEach(sql -> run(connection, sql));
        return connection;
    }

    private static NativeSqlite theirs(RandomHistory history, boolean triggers) {
        var database = new NativeSqlite();
        statements(history, triggers).forEach(database::run);
        return database;
    }

    /** Setup comes before triggers, so that replicas start like the source. */
    private static List<String> statements(RandomHistory history, boolean triggers) {
        List<String> statements = new ArrayList<>();
        history.schema().stream().filter(sql -> sql.startsWith("CREATE TABLE")).forEach(statements::add);
        statements.addAll(history.setup());
        if (triggers) {
            history.schema().stream()
                    .filter(sql -> sql.startsWith("CREATE TRIGGER"))
                    .forEach(statements::add);
        }
        return statements;
    }

    private static boolean run(Connection connection, String sql) {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    private static List<String> queries(RandomHistory history, List<String> columns) {
        List<String> queries = new ArrayList<>();
        for (var i = 0; i < history.tables().size(); i++) {
            queries.add("SELECT " + columns.get(i) + " FROM " + history.tables().get(i) + " ORDER BY 1");
        }
        return queries;
    }

    /** An expression for a row's text. Versions of SQLite print the last digits of reals differently. */
    private static String columns(String table) {
        return """
                SELECT group_concat(
                    replace('CASE typeof(?) WHEN ''real'' THEN printf(''%.12e'', ?) ELSE quote(?) END', '?',
                        '"' || replace(name, '"', '""') || '"'), ' || '','' || ')
                FROM pragma_table_info('""" + table.substring(1, table.length() - 1).replace("\"\"", "\"") + "')";
    }

    private static List<String> rows(NativeSqlite database, RandomHistory history) {
        var columns = history.tables().stream()
                .map(table -> database.column(columns(table)).getFirst())
                .toList();
        return queries(history, columns).stream()
                .flatMap(sql -> database.column(sql).stream())
                .toList();
    }

    private static List<String> rows(Connection connection, RandomHistory history) throws SQLException {
        List<String> columns = new ArrayList<>();
        for (var table : history.tables()) {
            columns.addAll(column(connection, columns(table)));
        }
        List<String> rows = new ArrayList<>();
        for (var sql : queries(history, columns)) {
            rows.addAll(column(connection, sql));
        }
        return rows;
    }

    private static List<String> column(Connection connection, String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        try (var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            while (result.next()) {
                values.add(result.getString(1));
            }
        }
        return values;
    }

    /** Tables, and changes by key, whatever their order; without the flag that needs native help. */
    private static Map<String, Map<String, ChangesetRow>> meaning(byte[] changeset) {
        Map<String, Map<String, ChangesetRow>> tables = new TreeMap<>();
        var cursor = new ChangesetCursor(changeset);
        while (cursor.next()) {
            var row = cursor.row();
            List<Object> key = new ArrayList<>();
            for (var i = 0; i < cursor.columnCount(); i++) {
                if (cursor.keyPosition(i) != 0) {
                    key.add(
                            row.op() == ChangeOp.INSERT
                                    ? row.newValues().get(i)
                                    : row.oldValues().get(i));
                }
            }
            tables.computeIfAbsent(cursor.table().toString(), absent -> new TreeMap<>())
                    .put(key + " " + row.op(), new ChangesetRow(row.op(), false, row.oldValues(), row.newValues()));
        }
        return tables;
    }
}
