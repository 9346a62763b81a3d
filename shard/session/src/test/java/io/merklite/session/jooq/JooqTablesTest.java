package io.merklite.session.jooq;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.Conflict;
import io.merklite.session.apply.Resolution;
import io.merklite.session.capture.Session;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.testkit.ArchitectureRules;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.jooq.Record;
import org.jooq.TableField;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.jooq.impl.TableImpl;
import org.junit.jupiter.api.Test;

class JooqTablesTest {
    private static final Users USERS = new Users();
    private static final Narrow NARROW = new Narrow();

    /** As jOOQ's generator writes it. */
    private static final class Users extends TableImpl<Record> {
        private final TableField<Record, Long> id = createField(DSL.name("id"), SQLDataType.BIGINT, this);
        private final TableField<Record, String> name = createField(DSL.name("name"), SQLDataType.VARCHAR, this);
        private final TableField<Record, Double> value = createField(DSL.name("value"), SQLDataType.DOUBLE, this);

        private Users() {
            super(DSL.name("users"));
        }
    }

    /** Generated before a column was added. */
    private static final class Narrow extends TableImpl<Record> {
        private final TableField<Record, Long> id = createField(DSL.name("id"), SQLDataType.BIGINT, this);

        private Narrow() {
            super(DSL.name("users"));
        }
    }

    /** A table of its own. */
    private static final class Other extends TableImpl<Record> {
        private final TableField<Record, Long> id = createField(DSL.name("id"), SQLDataType.BIGINT, this);

        private Other() {
            super(DSL.name("other"));
        }
    }

    @Test
    void changesAreReadByGeneratedFields() throws SQLException {
        try (var connection = database();
                var session = Session.open(connection, "main")) {
            JooqTables.attach(session, USERS);
            run(connection, "UPDATE users SET name = NULL, value = 2.5 WHERE id = 1");
            run(connection, "INSERT INTO other VALUES(1)");

            var changeset = session.changeset();
            var change = JooqTables.changes(changeset, USERS).getFirst();

            assertThat(changeset.tables()).hasSize(1);
            assertThat(change.op()).isEqualTo(ChangeOp.UPDATE);
            assertThat(change.oldValue(USERS.id)).contains(1L);
            assertThat(change.oldValue(USERS.name)).contains("Ada");
            assertThat(change.newValue(USERS.value)).contains(2.5);
            assertThat(change.newValue(USERS.name)).isEmpty();
            assertThat(change.isSet(USERS.name)).isTrue();
            assertThat(change.isSet(USERS.id)).isFalse();
        }
    }

    @Test
    void conflictsAreReadByGeneratedFields() throws SQLException {
        try (var source = database();
                var target = database();
                var session = Session.open(source, "main");
                var applier = new ChangesetApplier(target)) {
            JooqTables.attach(session, USERS);
            run(source, "UPDATE users SET name = 'Grace' WHERE id = 1");
            run(target, "UPDATE users SET name = 'Edsger' WHERE id = 1");

            var outcome = applier.apply(session.changeset().toByteArray(), conflict -> {
                var ofChange = (Conflict.OfChange) conflict;
                assertThat(TypedChange.of(ofChange, USERS).newValue(USERS.name)).contains("Grace");
                assertThat(TypedChange.conflictingValue(ofChange, USERS.name)).contains("Edsger");
                return Resolution.OMIT;
            });

            assertThat(outcome.conflictCount()).isEqualTo(1);
        }
    }

    @Test
    void outdatedGeneratedTableIsRefused() throws SQLException {
        try (var connection = database();
                var session = Session.open(connection, "main")) {
            JooqTables.attach(session, NARROW);
            run(connection, "DELETE FROM users");
            var changeset = session.changeset();

            assertThat(NARROW.id.getTable()).isSameAs(NARROW);
            assertThatThrownBy(() -> JooqTables.changes(changeset, NARROW))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("1 fields");
        }
    }

    @Test
    void fieldOfAnotherTableIsRefused() throws SQLException {
        try (var connection = database();
                var session = Session.open(connection, "main")) {
            JooqTables.attach(session, USERS);
            run(connection, "DELETE FROM users");
            var change = JooqTables.changes(session.changeset(), USERS).getFirst();

            assertThatThrownBy(() -> change.oldValue(new Other().id))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("users");
        }
    }

    @Test
    void restOfTheModuleKnowsNothingOfJooq() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.merklite.session.jooq..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.jooq..", "io.merklite.session.jooq..")
                .check(ArchitectureRules.mainClasses("io.merklite.session"));
    }

    private static Connection database() throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        run(connection, "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, value REAL)");
        run(connection, "CREATE TABLE other(id INTEGER PRIMARY KEY)");
        run(connection, "INSERT INTO users VALUES(1, 'Ada', 1.5)");
        return connection;
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
