package io.merklite.session.jooq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.capture.Session;
import java.sql.DriverManager;
import org.jooq.Record;
import org.jooq.TableField;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.jooq.impl.TableImpl;
import org.junit.jupiter.api.Test;

class JooqSessionTest {
    /** As jOOQ's generator writes it. */
    private static final class Users extends TableImpl<Record> {
        private static final Users USERS = new Users();

        private final TableField<Record, Integer> id = createField(DSL.name("id"), SQLDataType.INTEGER);
        private final TableField<Record, String> name = createField(DSL.name("name"), SQLDataType.VARCHAR);
        private final TableField<Record, Double> score = createField(DSL.name("score"), SQLDataType.DOUBLE);

        private Users() {
            super(DSL.name("users"));
        }

        @Override
        public Class<? extends Record> getRecordType() {
            return Record.class;
        }
    }

    private static final class Other extends TableImpl<Record> {
        private final TableField<Record, Integer> id = createField(DSL.name("id"), SQLDataType.INTEGER);

        private Other() {
            super(DSL.name("other"));
        }

        @Override
        public Class<? extends Record> getRecordType() {
            return Record.class;
        }
    }

    @Test
    void changesAreReadByField() throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var statement = connection.createStatement();
                var session = Session.open(connection, "main")) {
            statement.execute("CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, score REAL)");
            statement.execute("CREATE TABLE unseen(id INTEGER PRIMARY KEY)");
            statement.execute("INSERT INTO users VALUES (7, 'Ada', 1.5)");
            JooqSession.attach(session, Users.USERS);

            statement.execute("UPDATE users SET name = 'Grace' WHERE id = 7");
            statement.execute("INSERT INTO unseen VALUES (1)");

            var tables = session.changeset().tables();
            assertThat(tables).hasSize(1);
            var change = tables.getFirst().changes().getFirst();
            assertThat(JooqSession.oldValue(change, Users.USERS.id)).contains(7);
            assertThat(JooqSession.oldValue(change, Users.USERS.name)).contains("Ada");
            assertThat(JooqSession.newValue(change, Users.USERS.name)).contains("Grace");
            assertThat(JooqSession.isSet(change, Users.USERS.score)).isFalse();
            assertThat(JooqSession.newValue(change, Users.USERS.score)).isEmpty();
            assertThatThrownBy(() -> JooqSession.newValue(change, new Other().id))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("other has 1 columns");
        }
    }
}
