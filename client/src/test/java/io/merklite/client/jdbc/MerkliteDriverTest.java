package io.merklite.client.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.client.FaultyProxy;
import io.merklite.client.RealNode;
import java.math.BigDecimal;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.SQLSyntaxErrorException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransactionRollbackException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MerkliteDriverTest {
    private static final String ENDLESS =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    private RealNode real;
    private FaultyProxy node;
    private String database;
    private Connection connection;

    @BeforeEach
    void connect() throws SQLException {
        connectTo(RealNode.shared());
    }

    private void connectTo(RealNode target) throws SQLException {
        real = target;
        node = new FaultyProxy(real.port());
        database = real.newDatabase();
        connection = open("");
        execute("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE, price REAL CHECK (price >= 0))");
        execute("CREATE TABLE part(item_id INTEGER REFERENCES item(id) ON DELETE CASCADE, n INTEGER)");
    }

    @AfterEach
    void disconnect() throws SQLException {
        connection.close();
        node.close();
    }

    private Connection open(String options) throws SQLException {
        return DriverManager.getConnection("jdbc:merklite://127.0.0.1:" + node.port() + "/" + database + options);
    }

    private void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<String> column(Connection connection, String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                values.add(rows.getString(1));
            }
        }
        return values;
    }

    private List<String> labels() throws SQLException {
        return column(connection, "SELECT label FROM item ORDER BY id");
    }

    // ---- values

    @Test
    void valuesOfEveryTypeComeBack() throws SQLException {
        try (var statement = connection.prepareStatement("SELECT ?, ?, ?, ?, ?, ?, ?")) {
            var moment = Timestamp.valueOf("2026-01-02 03:04:05.678");
            statement.setLong(1, Long.MAX_VALUE);
            statement.setBoolean(2, true);
            statement.setBigDecimal(3, new BigDecimal("12345678901234567890.5"));
            statement.setBytes(4, new byte[] {1, -1});
            statement.setTimestamp(5, moment);
            statement.setObject(6, LocalDate.of(2026, 1, 2));
            statement.setNull(7, Types.VARCHAR);

            var row = statement.executeQuery();
            row.next();

            assertThat(row.getLong(1)).isEqualTo(Long.MAX_VALUE);
            assertThat(row.getBoolean(2)).isTrue();
            assertThat(row.getBigDecimal(3)).isEqualTo("12345678901234567890.5");
            assertThat(row.getBytes(4)).containsExactly(1, -1);
            assertThat(row.getTimestamp(5)).isEqualTo(moment);
            assertThat(row.getObject(6, LocalDate.class)).isEqualTo(LocalDate.of(2026, 1, 2));
            assertThat(row.getInt(7)).isZero();
            assertThat(row.wasNull()).isTrue();
        }
    }

    @Test
    void resultScrollsWhereItCameWhole() throws SQLException {
        try (var rows = connection.createStatement().executeQuery("VALUES (1), (2), (3)")) {
            assertThat(rows.last()).isTrue();
            assertThat(rows.getRow()).isEqualTo(3);
            assertThat(rows.absolute(-2)).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(2);
            assertThat(rows.previous()).isTrue();
            assertThat(rows.isFirst()).isTrue();
            assertThat(rows.previous()).isFalse();
            assertThat(rows.next()).isTrue();
        }
    }

    @Test
    void generatedKeysAreTheRowidOrWhatWasAskedFor() throws SQLException {
        try (var byRowid = connection.prepareStatement(
                        "INSERT INTO item(label) VALUES (?)", Statement.RETURN_GENERATED_KEYS);
                var byName = connection.prepareStatement(
                        "INSERT INTO item(label) VALUES ('b'), ('c');", new String[] {"id", "label"})) {
            byRowid.setString(1, "a");
            assertThat(byRowid.executeUpdate()).isEqualTo(1);
            assertThat(byName.executeUpdate()).isEqualTo(2);

            var rowid = byRowid.getGeneratedKeys();
            var named = byName.getGeneratedKeys();

            assertThat(rowid.next()).isTrue();
            assertThat(rowid.getLong(1)).isEqualTo(1);
            assertThat(named.next()).isTrue();
            assertThat(named.getLong("id")).isEqualTo(2);
            assertThat(named.next()).isTrue();
            assertThat(named.getString("LABEL")).isEqualTo("c");
        }
    }

    @Test
    void rowidOfTheLastInsertIsKnownToLaterStatements() throws SQLException {
        execute("INSERT INTO item(id, label) VALUES (41, 'last_insert_rowid()')");

        execute("INSERT INTO part VALUES (last_insert_rowid(), 1)");

        assertThat(column(connection, "SELECT item_id FROM part")).containsExactly("41");
        assertThat(column(connection, "SELECT changes()")).containsExactly("1");
        assertThat(column(connection, "SELECT label FROM item WHERE label = 'last_insert_rowid()'"))
                .hasSize(1);
    }

    // ---- transactions

    @Test
    void commitKeepsAndRollbackUndoes() throws SQLException {
        connection.setAutoCommit(false);
        execute("INSERT INTO item(label) VALUES ('kept')");
        connection.commit();
        execute("INSERT INTO item(label) VALUES ('undone')");
        connection.rollback();

        connection.setAutoCommit(true);

        assertThat(labels()).containsExactly("kept");
        assertThat(node.seen()).as("the stream is closed").anyMatch(request -> request.contains("\"close\""));
    }

    @Test
    void savepointUndoesWhatCameAfterIt() throws SQLException {
        connection.setAutoCommit(false);
        execute("INSERT INTO item(label) VALUES ('before')");
        var savepoint = connection.setSavepoint("it's \"one\"");
        execute("INSERT INTO item(label) VALUES ('after')");

        connection.rollback(savepoint);
        connection.releaseSavepoint(savepoint);
        connection.commit();

        assertThat(labels()).containsExactly("before");
    }

    @Test
    void textsThatBeginAndEndATransactionAreFollowed() throws SQLException {
        execute("BEGIN");
        execute("INSERT INTO item(label) VALUES ('undone')");
        execute("ROLLBACK");

        assertThat(labels()).isEmpty();
    }

    @Test
    void temporaryTablesAreRefusedWithTheReason() {
        assertThatThrownBy(() -> execute("CREATE TEMP TABLE mine(v)"))
                .isInstanceOf(SQLSyntaxErrorException.class)
                .hasMessageContaining("temporary objects are not supported");
    }

    @Test
    void switchOfForeignKeysHoldsForLaterStatements() throws SQLException {
        execute("PRAGMA foreign_keys = OFF");

        execute("INSERT INTO part VALUES (99, 1)");

        assertThat(column(connection, "PRAGMA foreign_keys")).containsExactly("0");
    }

    @Test
    void lostTransactionFailsUntilItIsRolledBack() throws SQLException {
        disconnect();
        connectTo(RealNode.impatient());
        connection.setAutoCommit(false);
        execute("INSERT INTO item(label) VALUES ('lost')");
        real.awaitLostTransaction(database);

        assertThatThrownBy(() -> execute("INSERT INTO item(label) VALUES ('alone')"))
                .isInstanceOf(SQLTransactionRollbackException.class);
        assertThatThrownBy(() -> execute("INSERT INTO item(label) VALUES ('alone')"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25000"));
        connection.rollback();
        connection.setAutoCommit(true); // in one request: the node is impatient
        execute("INSERT INTO item(label) VALUES ('again')");

        assertThat(labels()).containsExactly("again");
    }

    @Test
    void transactionThatDoesNothingMakesRoomForOtherWriters() throws SQLException {
        disconnect();
        connectTo(RealNode.impatient());
        try (var other = open("")) {
            other.setAutoCommit(false);
            other.createStatement().execute("INSERT INTO item(label) VALUES ('first')");

            execute("INSERT INTO item(label) VALUES ('second')");

            assertThatThrownBy(other::commit)
                    .isInstanceOfSatisfying(
                            SQLTransactionRollbackException.class,
                            e -> assertThat(e.getSQLState()).isEqualTo("40001"));
        }
        assertThat(labels()).containsExactly("second");
    }

    @Test
    void readOnlyConnectionRefusesToWrite() throws SQLException {
        connection.setReadOnly(true);

        assertThatThrownBy(() -> execute("INSERT INTO item(label) VALUES ('x')"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25006"));
    }

    // ---- batches

    @Test
    void batchCountsItsStatements() throws SQLException {
        try (var statement = connection.prepareStatement("INSERT INTO item(label) VALUES (?)")) {
            for (var label : List.of("a", "b", "c")) {
                statement.setString(1, label);
                statement.addBatch();
            }

            assertThat(statement.executeBatch()).containsExactly(1, 1, 1);
        }

        assertThat(labels()).containsExactly("a", "b", "c");
        assertThat(node.seen()).as("the stream is closed").anyMatch(request -> request.contains("\"close\""));
    }

    @Test
    void failedBatchLeavesNothingWithAutocommitAndItsBeginningWithout() throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var sql : List.of("('a')", "('a')", "('b')")) {
                statement.addBatch("INSERT INTO item(label) VALUES " + sql);
            }
            assertThatThrownBy(statement::executeBatch)
                    .isInstanceOfSatisfying(
                            BatchUpdateException.class,
                            e -> assertThat(e.getUpdateCounts()).containsOnly(Statement.EXECUTE_FAILED));
            assertThat(labels()).isEmpty();

            connection.setAutoCommit(false);
            for (var sql : List.of("('a')", "('a')", "('b')")) {
                statement.addBatch("INSERT INTO item(label) VALUES " + sql);
            }
            assertThatThrownBy(statement::executeBatch)
                    .isInstanceOfSatisfying(
                            BatchUpdateException.class,
                            e -> assertThat(e.getUpdateCounts()).containsExactly(1));
            connection.commit();
        }

        assertThat(labels()).containsExactly("a");
    }

    @Test
    void batchLargerThanARequestIsStillOneTransaction() throws SQLException {
        try (var statement = connection.prepareStatement("INSERT INTO item(label) VALUES (?)")) {
            for (var i = 0; i < 5; i++) {
                statement.setString(1, "x".repeat(1 << 20) + (i == 4 ? 3 : i));
                statement.addBatch();
            }

            assertThatThrownBy(statement::executeBatch).isInstanceOf(BatchUpdateException.class);
        }

        assertThat(labels()).isEmpty();
    }

    // ---- streams, limits

    @Test
    void fetchSizeStreamsEvenWhileTheTransactionGoesOn() throws SQLException {
        connection.setAutoCommit(false);
        try (var statement = connection.createStatement()) {
            statement.setFetchSize(10);
            var rows = statement.executeQuery(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i FROM n");
            rows.next();
            execute("INSERT INTO item(label) VALUES ('meanwhile')");
            var count = 1;
            while (rows.next()) {
                count++;
            }

            assertThat(rows.getType()).isEqualTo(ResultSet.TYPE_FORWARD_ONLY);
            assertThat(count).isEqualTo(2_000);
        }
        connection.commit();
        assertThat(labels()).containsExactly("meanwhile");
    }

    @Test
    void fetchSizeOfTheUrlStreamsOutsideOfTransactions() throws SQLException {
        try (var streaming = open("?fetchSize=10&retryForMillis=0")) {
            assertThat(column(streaming, "VALUES (1), (2), (3)")).containsExactly("1", "2", "3");
            try (var rows = streaming.createStatement().executeQuery("VALUES (1), (2)")) {
                rows.next();
            }
        }

        assertThat(connection.isValid(5)).isTrue();
    }

    @Test
    void statementBeyondItsTimeLimitEnds() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.setQueryTimeout(1);

            assertThatThrownBy(() -> statement.executeQuery(ENDLESS)).isInstanceOf(SQLTimeoutException.class);
        }

        assertThat(connection.isValid(5)).isTrue();
    }

    @Test
    void runningStatementIsCancelledFromAnotherThread() throws Exception {
        try (var statement = connection.createStatement()) {
            var running = CompletableFuture.supplyAsync(() -> {
                try {
                    statement.executeQuery(ENDLESS);
                    return "ended";
                } catch (SQLException e) {
                    return e.getSQLState();
                }
            });
            while (node.seen().stream().noneMatch(one -> one.contains("count(*) FROM n"))) {
                Thread.onSpinWait();
            }

            statement.cancel();

            assertThat(running.get(60, TimeUnit.SECONDS)).isEqualTo("57014");
        }
    }

    @Test
    void limitOfRowsIsNotReadBeyond() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.setMaxRows(2);
            var rows = statement.executeQuery(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");

            assertThat(rows.last()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(2);
            assertThat(statement.getResultSetType()).isEqualTo(rows.getType());
        }
    }

    @Test
    void rowidOfTheLastInsertIsKnownUnderATimeLimit() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.setQueryTimeout(60);
            statement.executeUpdate("INSERT INTO item(id, label) VALUES (41, 'x')");

            var rows = statement.executeQuery("SELECT last_insert_rowid()");

            rows.next();
            assertThat(rows.getLong(1)).isEqualTo(41);
        }
    }

    @Test
    void cancelBetweenTwoRowsEndsTheResult() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.setFetchSize(10);
            var rows = statement.executeQuery(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
            rows.next();

            statement.cancel();

            assertThatThrownBy(rows::next)
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
        }
    }

    // ---- the rules of JDBC

    @Test
    void parametersOfATextOfSeveralStatementsAreRefused() throws SQLException {
        try (var statement =
                connection.prepareStatement("INSERT INTO item(label) VALUES ('a'); UPDATE item SET price = ?")) {
            statement.setDouble(1, 1.5);

            assertThatThrownBy(statement::execute).hasMessageContaining("several statements");
        }
        assertThat(labels()).isEmpty();
    }

    @Test
    void preparedStatementTakesNoOtherText() throws SQLException {
        try (var statement = connection.prepareStatement("SELECT 1")) {
            assertThatThrownBy(() -> statement.executeQuery("SELECT 2")).isInstanceOf(SQLException.class);
            assertThatThrownBy(() -> statement.addBatch("SELECT 2")).isInstanceOf(SQLException.class);
        }
    }

    @Test
    void statementThatClosesOnCompletionCanRunAgainBefore() throws SQLException {
        var statement = connection.createStatement();
        statement.closeOnCompletion();
        statement.executeQuery("SELECT 1");

        var rows = statement.executeQuery("SELECT 2");

        assertThat(rows.next()).isTrue();
        rows.close();
        assertThat(statement.isClosed()).isTrue();
    }

    @Test
    void connectionTakesItsStatementsAndResultsWithIt() throws SQLException {
        var other = open("?fetchSize=10");
        var statement = other.createStatement();
        var rows = statement.executeQuery(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
        rows.next();

        other.close();

        assertThat(rows.isClosed()).isTrue();
        assertThat(statement.isClosed()).isTrue();
        assertThatThrownBy(() -> statement.executeQuery("SELECT 1")).isInstanceOf(SQLException.class);
    }

    @Test
    void readOnlyConnectionLooksAtEveryStatementOfABatch() throws SQLException {
        connection.setReadOnly(true);
        try (var statement = connection.createStatement()) {
            statement.addBatch("SELECT 1");
            statement.addBatch("INSERT INTO item(label) VALUES ('a')");

            assertThatThrownBy(statement::executeBatch).isInstanceOf(BatchUpdateException.class);
        }
        connection.setReadOnly(false);
        assertThat(labels()).isEmpty();
    }

    @Test
    void timestampsKeepTheirNanoseconds() throws SQLException {
        var exact = Timestamp.valueOf("2026-01-02 03:04:05.123456789");
        try (var statement = connection.prepareStatement("SELECT ?, strftime('%S', ?)")) {
            statement.setTimestamp(1, exact);
            statement.setObject(2, exact, java.sql.JDBCType.TIMESTAMP);

            var rows = statement.executeQuery();

            rows.next();
            assertThat(rows.getTimestamp(1)).isEqualTo(exact);
            assertThat(rows.getString(2)).isEqualTo("05");
        }
    }

    @Test
    void optionsOfTheUrlAreCheckedByName() {
        assertThatThrownBy(() -> open("?tls=yes"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("tls = yes");
        assertThatThrownBy(() -> open("?retryForMillis=soon"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("retryForMillis = soon");
        assertThatThrownBy(() -> open("?token=%zz"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("'token'");
    }

    @Test
    void metadataOfWhatIsNotThereHasAllItsColumns() throws SQLException {
        var metadata = connection.getMetaData();

        assertThat(metadata.getProcedureColumns(null, null, null, null)
                        .getMetaData()
                        .getColumnCount())
                .isEqualTo(20);
        assertThat(metadata.getFunctionColumns(null, null, null, null)
                        .getMetaData()
                        .getColumnCount())
                .isEqualTo(17);
        assertThat(metadata.getAttributes(null, null, null, null).getMetaData().getColumnCount())
                .isEqualTo(21);
        assertThat(metadata.getPseudoColumns(null, null, null, null)
                        .getMetaData()
                        .getColumnCount())
                .isEqualTo(12);
    }

    // ---- failures

    @Test
    void constraintsHaveTheirStates() throws SQLException {
        execute("INSERT INTO item(label) VALUES ('x')");

        assertState("INSERT INTO item(label) VALUES ('x')", "23505");
        assertState("INSERT INTO item(label) VALUES (NULL)", "23502");
        assertState("INSERT INTO part VALUES (99, 1)", "23503");
        assertState("INSERT INTO item(label, price) VALUES ('y', -1)", "23514");
    }

    private void assertState(String sql, String state) {
        assertThatThrownBy(() -> execute(sql))
                .isInstanceOfSatisfying(
                        SQLIntegrityConstraintViolationException.class,
                        e -> assertThat(e.getSQLState()).isEqualTo(state));
    }

    @Test
    void wrongUrlSaysWhatItShouldBe() {
        assertThatThrownBy(() -> DriverManager.getConnection("jdbc:merklite:nowhere"))
                .hasMessageContaining("jdbc:merklite://host:port/database");
        assertThatThrownBy(() -> open("?tokn=x")).hasMessageContaining("tokn").hasMessageContaining("token");
        assertThatThrownBy(() -> open("?ack=most")).hasMessageContaining("majority");
        assertThatThrownBy(() -> open("?level=fresh"))
                .hasMessageContaining("level = fresh, must be local, bookmark or writer");
    }

    @Test
    void closedConnectionSaysSo() throws SQLException {
        connection.close();

        assertThatThrownBy(() -> connection.createStatement())
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("08003"));
        assertThat(connection.isValid(1)).isFalse();
    }

    // ---- metadata

    private static List<String> names(ResultSet rows, String column) throws SQLException {
        List<String> names = new ArrayList<>();
        while (rows.next()) {
            names.add(rows.getString(column));
        }
        return names;
    }

    @Test
    void metadataTellsTablesColumnsAndKeys() throws SQLException {
        execute("CREATE VIEW cheap AS SELECT * FROM item WHERE price < 1");
        var data = connection.getMetaData();

        assertThat(names(data.getTables(null, null, "%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME"))
                .containsExactly("item", "part", "cheap");
        assertThat(names(data.getColumns(null, null, "item", null), "COLUMN_NAME"))
                .containsExactly("id", "label", "price");
        assertThat(names(data.getPrimaryKeys(null, null, "item"), "COLUMN_NAME"))
                .containsExactly("id");
        assertThat(names(data.getImportedKeys(null, null, "part"), "PKCOLUMN_NAME"))
                .containsExactly("id");
        assertThat(names(data.getExportedKeys(null, null, "item"), "FKTABLE_NAME"))
                .containsExactly("part");
        assertThat(names(data.getIndexInfo(null, null, "item", true, false), "COLUMN_NAME"))
                .containsExactly("label");
        assertThat(data.getDatabaseProductName()).isEqualTo("SQLite");
        assertThat(data.getDatabaseMajorVersion()).isEqualTo(3);
    }

    @Test
    void preparedStatementTellsItsParametersAndColumns() throws SQLException {
        try (var statement =
                connection.prepareStatement("SELECT id, price AS cost FROM item WHERE id = ? OR label = ?")) {
            assertThat(statement.getParameterMetaData().getParameterCount()).isEqualTo(2);
            assertThat(statement.getMetaData().getColumnLabel(2)).isEqualTo("cost");
            assertThat(statement.getMetaData().getColumnType(1)).isEqualTo(Types.BIGINT);
        }
    }

    @Test
    void everyQuestionAboutTheDialectIsAnswered() throws Exception {
        var data = connection.getMetaData();

        for (var method : java.sql.DatabaseMetaData.class.getMethods()) {
            if (method.getParameterCount() == 0 && method.getDeclaringClass() == java.sql.DatabaseMetaData.class) {
                method.invoke(data);
            }
        }
        assertThat(connection.getNetworkTimeout()).isZero();
        connection.setNetworkTimeout(Runnable::run, (int) Duration.ofSeconds(9).toMillis());
        assertThat(connection.getNetworkTimeout()).isEqualTo(9_000);
    }
}
