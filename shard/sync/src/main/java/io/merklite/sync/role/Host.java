package io.merklite.sync.role;

import io.merklite.session.changeset.Changeset;
import io.merklite.sync.SyncException.StatementFailure;
import io.merklite.sync.database.Database;
import io.merklite.sync.store.ReplicaStore;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * Where a role lives: the store of a file, and the database that the application has of it, if it has one.
 *
 * @param store what the role works on
 * @param database what is told of changes, and runs statements
 */
record Host(ReplicaStore store, Optional<Database> database) {
    static Host of(ReplicaStore store) {
        return new Host(store, Optional.empty());
    }

    static Host of(Database database) {
        return new Host(database.store(), Optional.of(database));
    }

    /**
     * Has states for everything that is committed. After a file was not closed properly, rows may have been written that
     * nobody recorded: then every row is read.
     */
    void settle() {
        if (store.wasUnclean()) {
            var damages = store.scrub().run();
            if (!damages.isEmpty()) {
                store.accept(damages);
            }
        }
        store.stampUnstamped();
    }

    /** Tells the application's subscriptions and listeners. */
    void applied(List<Changeset> changes) {
        if (!changes.isEmpty()) {
            database.ifPresent(told -> told.applied(changes));
        }
    }

    /** Runs all statements of a text. */
    void exec(String sql) {
        if (database.isPresent()) {
            database.get().exec(sql);
            return;
        }
        try (var statement = store.connection().createStatement()) {
            statement.executeUpdate(sql);
        } catch (SQLException e) {
            throw new StatementFailure("executing", e);
        }
    }
}
