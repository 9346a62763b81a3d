package io.merklite.schema.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.schema.structure.Schema;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DryRunTest {
    private Connection connection;
    private SchemaMigrator migrator;
    private Instant now = Instant.EPOCH;

    /** Each look at the clock takes a second. */
    private final InstantSource clock = () -> {
        now = now.plusSeconds(1);
        return now;
    };

    @BeforeEach
    void fillTable() throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        migrator = new SchemaMigrator(connection);
        migrator.migrate(
                Schema.parse("CREATE TABLE emp(id INTEGER PRIMARY KEY, name TEXT, pay INT); CREATE TABLE old(a);"),
                Allow.everything());
        try (var statement = connection.createStatement()) {
            statement.executeUpdate("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
                    + " INSERT INTO emp SELECT i, CASE WHEN i > 3 THEN 'x' END, CASE WHEN i < 8 THEN i END FROM n");
            statement.executeUpdate("INSERT INTO old VALUES (1), (2)");
        }
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    @Test
    void rowsLossesObstaclesAndTimeAreTold() {
        var before = migrator.schema();
        var plan = migrator.plan(
                Schema.parse("CREATE TABLE emp(id INTEGER PRIMARY KEY, name TEXT NOT NULL, k INT NOT NULL)"));

        var dryRun = migrator.dryRun(plan, clock);

        assertThat(dryRun.steps()).hasSize(2);
        var rebuild = dryRun.steps().getFirst();
        assertThat(rebuild.rowCount()).isEqualTo(20_000);
        assertThat(rebuild.losses()).containsExactly("7 values of pay");
        assertThat(rebuild.obstacles()).containsExactly("3 rows have no name", "20000 rows have no k");
        assertThat(rebuild.estimate()).isEqualTo(Duration.ofSeconds(2));
        assertThat(dryRun.steps().getLast().losses()).containsExactly("2 rows");
        assertThat(dryRun.estimate()).isGreaterThan(Duration.ofSeconds(2));
        assertThat(dryRun.hasObstacles()).isTrue();
        assertThat(dryRun.describe()).contains("would lose 2 rows", "would fail: 3 rows have no name");
        assertThat(migrator.schema()).isEqualTo(before);
        assertThat(migrator.isDrifted()).isFalse();
    }

    @Test
    void renamedTableIsFoundByItsNewName() {
        var plan = migrator.plan(Schema.parse("-- merklite:rename table emp -> staff\n"
                + "CREATE TABLE staff(id INTEGER PRIMARY KEY, name TEXT, pay TEXT); CREATE TABLE old(a);"
                + "CREATE INDEX ix ON old(a);"));

        var dryRun = migrator.dryRun(plan, clock);

        assertThat(dryRun.steps().stream().map(DryRun.Step::rowCount)).isEqualTo(List.of(0L, 20_000L, 2L));
        assertThat(dryRun.hasObstacles()).isFalse();
        assertThat(migrator.schema().table("emp")).isPresent();
    }
}
