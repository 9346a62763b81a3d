package io.merklite.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.apply.ApplyOptions;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.apply.Resolution;
import io.merklite.session.capture.Session;
import io.merklite.session.changeset.ChangeDump;
import io.merklite.session.changeset.Changeset;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

/** The example of the package page, which is this code. */
class ExampleTest {
    @Test
    void exampleOfThePackagePageWorks() throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var replica = DriverManager.getConnection("jdbc:sqlite::memory:");
                var statement = connection.createStatement();
                var replicaStatement = replica.createStatement()) {
            for (var each : new Statement[] {statement, replicaStatement}) {
                each.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, state TEXT)");
                each.execute("INSERT INTO orders VALUES (7, 'open')");
            }
            Changeset changes;
            try (var session = Session.open(connection, "main")) {
                session.attachAll();
                statement.executeUpdate("UPDATE orders SET state = 'paid' WHERE id = 7");
                changes = session.changeset();
            }
            try (var applier = new ChangesetApplier(replica)) {
                applier.apply(changes.toByteArray(), ConflictHandler.ABORT);
                applier.apply(changes.invert().toByteArray(), ConflictHandler.ABORT);
                applier.apply(
                        changes.toByteArray(),
                        ApplyOptions.DEFAULTS.ignoringNoOps(),
                        conflict -> switch (conflict.type()) {
                            case DATA, CONFLICT -> Resolution.REPLACE;
                            case NOT_FOUND, CONSTRAINT, FOREIGN_KEY -> Resolution.OMIT;
                        });
            }
            try (var rows = replicaStatement.executeQuery("SELECT state FROM orders")) {
                rows.next();
                assertThat(rows.getString(1)).isEqualTo("paid");
            }
            assertThat(ChangeDump.text(changes)).isEqualTo("table orders\n  UPDATE 0*=7 1='open'->'paid'\n");
        }
    }
}
