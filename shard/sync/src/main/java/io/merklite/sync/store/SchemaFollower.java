package io.merklite.sync.store;

import io.merklite.session.capture.Session;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.statement.SqlStatements;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps what is known of the user's schema in step with the file, and the file with the schema that replicas agree on.
 *
 * <p><b>Invariant.</b> Whenever a transaction ends, the registry has the tables that are there, and the root is the sum
 * over those.
 */
final class SchemaFollower {
    private final SqlStatements statements;
    private final Session session;
    private final TableRegistry registry;
    private final SchemaHistory history;
    /** The schema that replicas agree on, if they do. */
    private final Optional<ReplicatedSchema> schema;

    private final StoreState state;
    private final StoreTransactions transactions;
    private long schemaVersion = -1;
    /** Whether tables were followed in the transaction that is open. */
    private boolean hasFollowed;

    SchemaFollower(
            SqlStatements statements,
            Session session,
            TableRegistry registry,
            SchemaHistory history,
            Optional<ReplicatedSchema> schema,
            StoreState state,
            StoreTransactions transactions) {
        this.statements = statements;
        this.session = session;
        this.registry = registry;
        this.history = history;
        this.schema = schema;
        this.state = state;
        this.transactions = transactions;
    }

    TableRegistry registry() {
        return registry;
    }

    SchemaHistory history() {
        return history;
    }

    Optional<ReplicatedSchema> replicated() {
        return schema;
    }

    /** Whether the schema has changed since it was followed. */
    boolean isStale() throws SQLException {
        return isStale(version());
    }

    /** Whether the schema with SQLite's number {@code version} is another one than that which was followed. */
    boolean isStale(long version) {
        return version != schemaVersion;
    }

    /** SQLite's number of the schema that was followed last. */
    long seenVersion() {
        return schemaVersion;
    }

    private long version() throws SQLException {
        return statements.number("PRAGMA main.schema_version");
    }

    /** What has changed is as it was: triggers are back. */
    void seenAsItIs() throws SQLException {
        schemaVersion = version();
    }

    /**
     * Follows the schema of the file.
     *
     * @param recorded changes that are not stamped yet
     * @param reborn folded names of tables whose rows are born anew
     * @return the folded names of tables whose rows have their states, though they may stand in {@code recorded}
     */
    Set<String> follow(Changeset recorded, Set<String> reborn) throws SQLException {
        hasFollowed = true;
        var seen = statements.number("SELECT schema_version FROM _merklite_state");
        var present = version();
        var birth = state.nextStamp();
        var renames = schema.isPresent() ? schema.get().renames() : Renames.NONE;
        var followed = registry.follow(birth, insertCounts(recorded), renames, reborn);
        var isAdopting = !followed.adopted().isEmpty();
        if (isAdopting) {
            // A seq without a transaction: peers get the rows by the merkle path.
            transactions.note(new Commit.Untold(followed.adopted()));
            state.count(birth);
        }
        history.record(registry);
        schemaVersion = version();
        if (seen != present || isAdopting) {
            state.root(registry.total());
        }
        var update = statements.prepare("UPDATE _merklite_state SET schema_version = ?1");
        update.setLong(1, schemaVersion);
        update.executeUpdate();
        state.save();
        return followed.settled();
    }

    private static Map<String, Long> insertCounts(Changeset changes) {
        Map<String, Long> counts = new LinkedHashMap<>();
        var cursor = changes.cursor();
        while (cursor.next()) {
            if (cursor.op() == ChangeOp.INSERT) {
                var table = new String(cursor.tableName(), StandardCharsets.UTF_8);
                counts.merge(Identifiers.fold(table), 1L, Long::sum);
            }
        }
        return counts;
    }

    /**
     * Follows the schema that elements make that have come: at once, since the next transaction may be written on it. The
     * session is off meanwhile: what a migration writes is no change of rows, and its triggers would be in the way.
     *
     * @param mayJoin whether the caller joins the rows of tables that are one with another now
     * @return what became of rows: those that had to leave their tables, and those whose table is one with another now
     */
    ReplicatedSchema.Migrated migrate(boolean mayJoin) throws SQLException {
        if (schema.isEmpty()) {
            return ReplicatedSchema.Migrated.NOTHING;
        }
        hasFollowed = true;
        session.enable(false);
        ReplicatedSchema.Migrated migrated;
        try {
            migrated = schema.get().migrate(mayJoin, () -> follow(Changeset.EMPTY, Set.of()));
        } finally {
            session.enable(true);
        }
        if (migrated.isChanged() || !migrated.reborn().isEmpty()) {
            follow(Changeset.EMPTY, migrated.reborn());
        }
        return migrated;
    }

    void committed() {
        hasFollowed = false;
    }

    /** A transaction was undone: if it changed the schema, session and registry must know before anything is written. */
    void undone() throws SQLException {
        schema.ifPresent(ReplicatedSchema::reload);
        registry.loadIdentities();
        registry.forgetSums();
        schemaVersion = -1;
        if (hasFollowed) {
            followAgain();
        }
    }

    private void followAgain() throws SQLException {
        session.rolledBack();
        var isOwn = transactions.tryBeginBehind();
        try {
            follow(Changeset.EMPTY, Set.of());
            if (isOwn) {
                transactions.commit();
            }
        } catch (SQLException | RuntimeException e) {
            if (isOwn) {
                statements.run("ROLLBACK");
            }
            throw e;
        }
    }
}
