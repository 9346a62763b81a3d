package io.merklite.client.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.table;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.merklite.client.RealNode;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.flywaydb.core.Flyway;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.IntegrityConstraintViolationException;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.support.GeneratedKeyHolder;
import org.springframework.transaction.support.TransactionTemplate;

/** The tools that programs use over JDBC, against a real node: HikariCP, Flyway, jOOQ, Spring. */
class ToolsTest {
    private final RealNode node = RealNode.shared();
    private HikariDataSource pool;

    @BeforeEach
    void startPool() {
        var config = new HikariConfig();
        config.setJdbcUrl("jdbc:merklite://127.0.0.1:" + node.port() + "/" + node.newDatabase());
        config.setMaximumPoolSize(4);
        pool = new HikariDataSource(config);
        Flyway.configure().dataSource(pool).load().migrate();
    }

    @AfterEach
    void stopPool() {
        pool.close();
    }

    // ---- Flyway

    @Test
    void flywayMigratesOnceAndKnowsItsHistory() {
        var flyway = Flyway.configure().dataSource(pool).load();

        var again = flyway.migrate();

        assertThat(again.migrationsExecuted).isZero();
        assertThat(flyway.info().applied()).hasSize(2);
        assertThat(flyway.info().current().getVersion().getVersion()).isEqualTo("2");
        flyway.validate();
    }

    @Test
    void flywayCleansAndMigratesAnew() {
        var flyway = Flyway.configure().dataSource(pool).cleanDisabled(false).load();

        flyway.clean();
        var anew = flyway.migrate();

        assertThat(anew.migrationsExecuted).isEqualTo(2);
    }

    // ---- HikariCP

    @Test
    void connectionsOfThePoolSeeWhatAnotherHasWritten() throws Exception {
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (var i = 0; i < 8; i++) {
            var label = "label " + i;
            writers.add(CompletableFuture.runAsync(() -> insert(label)));
        }
        CompletableFuture.allOf(writers.toArray(new CompletableFuture<?>[0])).join();

        try (var connection = pool.getConnection();
                var rows = connection.createStatement().executeQuery("SELECT count(*) FROM item")) {
            rows.next();
            assertThat(rows.getInt(1)).isEqualTo(8);
        }
    }

    private void insert(String label) {
        try (var connection = pool.getConnection();
                var statement = connection.prepareStatement("INSERT INTO item(label) VALUES (?)")) {
            statement.setString(1, label);
            statement.executeUpdate();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void connectionThatIsGivenBackIsRolledBack() throws Exception {
        try (var connection = pool.getConnection()) {
            connection.setAutoCommit(false);
            connection.createStatement().executeUpdate("INSERT INTO item(label) VALUES ('lost')");
        }

        try (var connection = pool.getConnection();
                var rows = connection.createStatement().executeQuery("SELECT count(*) FROM item")) {
            rows.next();
            assertThat(connection.getAutoCommit()).isTrue();
            assertThat(rows.getInt(1)).isZero();
        }
    }

    // ---- jOOQ

    private DSLContext jooq(Connection connection) {
        return DSL.using(connection, SQLDialect.SQLITE);
    }

    @Test
    void jooqInsertsReturningAndSelects() throws Exception {
        var id = field(name("id"), SQLDataType.BIGINT);
        var label = field(name("label"), SQLDataType.VARCHAR);
        var price = field(name("price"), SQLDataType.DECIMAL(10, 2));
        try (var connection = pool.getConnection()) {
            var sql = jooq(connection);
            var inserted = sql.insertInto(table(name("item")), label, price)
                    .values("one", new BigDecimal("1.50"))
                    .returning(id)
                    .fetch(id);

            var found = sql.select(label, price)
                    .from(table(name("item")))
                    .where(id.in(inserted))
                    .orderBy(id)
                    .fetch();

            assertThat(inserted).containsExactly(1L);
            assertThat(found.getValues(label)).containsExactly("one");
            assertThat(found.getValues(price).getFirst()).isEqualByComparingTo("1.5");
        }
    }

    @Test
    void jooqNestsTransactionsInSavepoints() throws Exception {
        var label = field(name("label"), SQLDataType.VARCHAR);
        try (var connection = pool.getConnection()) {
            jooq(connection).transaction(outer -> {
                outer.dsl()
                        .insertInto(table(name("item")), label)
                        .values("kept")
                        .execute();
                assertThatThrownBy(() -> outer.dsl().transaction(inner -> {
                            inner.dsl()
                                    .insertInto(table(name("item")), label)
                                    .values("undone")
                                    .execute();
                            inner.dsl()
                                    .insertInto(table(name("item")), label)
                                    .values("kept")
                                    .execute();
                        }))
                        .isInstanceOf(IntegrityConstraintViolationException.class);
            });

            assertThat(jooq(connection).select(label).from(table(name("item"))).fetch(label))
                    .containsExactly("kept");
        }
    }

    @Test
    void jooqBatchesAndStreams() throws Exception {
        var label = field(name("label"), SQLDataType.VARCHAR);
        try (var connection = pool.getConnection()) {
            var sql = jooq(connection);
            var batch = sql.batch(sql.insertInto(table(name("item")), label).values((String) null));
            for (var i = 0; i < 1_000; i++) {
                batch.bind("label " + i);
            }
            batch.execute();

            var count = 0;
            try (var cursor =
                    sql.select(label).from(table(name("item"))).fetchSize(100).fetchLazy()) {
                while (cursor.fetchNext() != null) {
                    count++;
                }
            }

            assertThat(count).isEqualTo(1_000);
        }
    }

    // ---- Spring

    @Test
    void springTemplatesMapRowsKeysAndFailures() {
        var template = new JdbcTemplate(pool);
        var keys = new GeneratedKeyHolder();
        template.update(
                connection -> {
                    var statement = connection.prepareStatement(
                            "INSERT INTO item(label) VALUES (?)", Statement.RETURN_GENERATED_KEYS);
                    statement.setString(1, "spring");
                    return statement;
                },
                keys);

        assertThat(keys.getKey()).isEqualTo(1L);
        assertThat(template.queryForObject("SELECT label FROM item WHERE id = ?", String.class, 1))
                .isEqualTo("spring");
        assertThatThrownBy(() -> template.update("INSERT INTO item(label) VALUES ('spring')"))
                .isInstanceOf(DuplicateKeyException.class);
    }

    @Test
    void springRollsBackItsTransactions() {
        var template = new JdbcTemplate(pool);
        var transactions = new TransactionTemplate(new DataSourceTransactionManager(pool));

        assertThatThrownBy(() -> transactions.executeWithoutResult(status -> {
                    template.update("INSERT INTO item(label) VALUES ('undone')");
                    throw new IllegalStateException("no");
                }))
                .isInstanceOf(IllegalStateException.class);
        transactions.executeWithoutResult(status -> template.update("INSERT INTO item(label) VALUES ('done')"));

        assertThat(template.queryForList("SELECT label FROM item", String.class))
                .containsExactly("done");
    }
}
