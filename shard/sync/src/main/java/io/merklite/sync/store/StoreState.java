package io.merklite.sync.store;

import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.DamagedStore;
import io.merklite.sync.stamp.HybridClock;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * What the file says of the replica as a whole: under which origin it writes, how far its clock has come, the root of
 * its merkle index, and what it has of every origin.
 *
 * <p>The fields are what the file will have once {@link #save} was called and the transaction committed; {@link #reload}
 * takes them back after a rollback.
 *
 * <p><b>Threading.</b> As its store.
 */
final class StoreState {
    private static final int FORMAT = 2;
    /** In this one the seq of the file's own origin stood with those of the others, and nodes of sums were larger. */
    private static final int FORMAT_BEFORE = 1;

    private static final int MAX_ORIGINS = 65_536;
    private static final String CREATE_STATE = """
            CREATE TABLE IF NOT EXISTS _merklite_state(
                id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL, database TEXT NOT NULL,
                origin INTEGER NOT NULL, clock INTEGER NOT NULL, root INTEGER NOT NULL, horizon INTEGER NOT NULL,
                ahead_of BLOB NOT NULL, schema_version INTEGER NOT NULL, file_identity TEXT,
                clean INTEGER NOT NULL, own_seq INTEGER NOT NULL DEFAULT 0, own_clock INTEGER NOT NULL DEFAULT 0,
                pending BLOB)
            """;

    private static final List<String> NEW_COLUMNS =
            List.of("own_seq INTEGER NOT NULL DEFAULT 0", "own_clock INTEGER NOT NULL DEFAULT 0", "pending BLOB");

    private static final String HAS_OWN =
            "SELECT count(*) FROM pragma_table_info('_merklite_state') WHERE name = 'own_seq'";

    private final SqlStatements statements;
    private final StoreOptions options;
    private final OriginTable origins;
    private final HybridClock clock;
    private final PendingSums pending = new PendingSums();
    private Origin origin;
    private long root;
    private long horizon;
    private VersionVector aheadOf;
    private boolean originIsNew;
    private boolean wasUnclean;
    private boolean isUpgraded;

    /** Reads the state, made on first use. Inside a transaction. */
    StoreState(SqlStatements statements, StoreOptions options) throws SQLException {
        this.statements = statements;
        this.options = options;
        statements.once(CREATE_STATE);
        statements.once(OriginTable.CREATE);
        if (statements.number(HAS_OWN) == 0) {
            for (var column : NEW_COLUMNS) {
                statements.once("ALTER TABLE _merklite_state ADD COLUMN " + column);
            }
            isUpgraded = true;
            statements.once("UPDATE _merklite_state SET format = " + FORMAT + " WHERE format = " + FORMAT_BEFORE);
        }
        create();
        this.origins = new OriginTable(statements);
        this.clock = new HybridClock(
                options.wallClock(), options.maxDrift(), statements.number("SELECT clock FROM _merklite_state"));
        this.origin = new Origin(statements.number("SELECT origin FROM _merklite_state"));
        this.root = statements.number("SELECT root FROM _merklite_state");
        this.horizon = statements.number("SELECT horizon FROM _merklite_state");
        this.aheadOf = readAheadOf();
        readOwn();
        readPending();
        recogniseFile();
    }

    private void create() throws SQLException {
        var insert = statements.prepare(
                "INSERT OR IGNORE INTO _merklite_state VALUES (1, ?1, ?2, ?3, 0, 0, 0, ?5, -1, ?4, 1, 0, 0, NULL)");
        insert.setInt(1, FORMAT);
        insert.setString(2, options.database());
        insert.setLong(3, Origin.random(options.random()).bits());
        insert.setString(4, options.fileIdentity().orElse(null));
        insert.setBytes(5, new WireWriter().vector(VersionVector.EMPTY).toByteArray());
        insert.executeUpdate();
        try (var rows = statements
                .prepare("SELECT format, database FROM _merklite_state")
                .executeQuery()) {
            rows.next();
            if (rows.getInt(1) != FORMAT) {
                throw new DamagedStore("the file has format " + rows.getInt(1) + ", this version knows " + FORMAT);
            }
            if (!rows.getString(2).equals(options.database())) {
                throw new DamagedStore(
                        "the file is a replica of " + rows.getString(2) + ", not of " + options.database());
            }
        }
    }

    /**
     * A file that was copied, or whose last session did not end, may lack what peers have of its origin: it gets a new
     * one, so that nothing it writes is taken for something known.
     */
    private void recogniseFile() throws SQLException {
        String identity = null;
        var clean = true;
        try (var rows = statements
                .prepare("SELECT file_identity, clean FROM _merklite_state")
                .executeQuery()) {
            if (rows.next()) {
                identity = rows.getString(1);
                clean = rows.getBoolean(2);
            }
        }
        wasUnclean = !clean;
        if (!clean || !options.fileIdentity().equals(Optional.ofNullable(identity))) {
            renewOrigin();
        }
        var update = statements.prepare("UPDATE _merklite_state SET file_identity = ?1, clean = 0");
        update.setString(1, options.fileIdentity().orElse(null));
        update.executeUpdate();
    }

    /** Takes a new origin; what the old one has written stands with the others. */
    void renewOrigin() throws SQLException {
        if (vector().seq(origin) > 0) {
            origins.raise(origin, vector().seq(origin), origins.clock(origin));
        }
        origin = Origin.random(options.random());
        originIsNew = true;
        var update = statements.prepare("UPDATE _merklite_state SET origin = ?1, own_seq = 0, own_clock = 0");
        update.setLong(1, origin.bits());
        update.executeUpdate();
    }

    Origin origin() {
        return origin;
    }

    boolean originIsNew() {
        return originIsNew;
    }

    boolean wasUnclean() {
        return wasUnclean;
    }

    /** Whether the file was of an older format, whose merkle index is another. */
    boolean isUpgraded() {
        return isUpgraded;
    }

    /** What is to be added to the merkle indexes. */
    PendingSums pending() {
        return pending;
    }

    OriginTable origins() {
        return origins;
    }

    HybridClock clock() {
        return clock;
    }

    /** A stamp for what this replica writes, later than any before. */
    Stamp nextStamp() {
        return new Stamp(clock.tick(), origin);
    }

    long root() {
        return root;
    }

    void root(long sum) {
        root = sum;
    }

    void addToRoot(long delta) {
        root += delta;
    }

    long horizon() {
        return horizon;
    }

    void horizon(long clockUpTo) {
        horizon = clockUpTo;
    }

    VersionVector vector() {
        return origins.vector();
    }

    /** The vector, and what rows may be here from beyond it. */
    VersionVector reach() {
        return vector().join(aheadOf);
    }

    boolean isAhead() {
        return !vector().covers(aheadOf);
    }

    /** Rows have come that depend on what {@code reach} has. */
    void goAhead(VersionVector reach) {
        aheadOf = aheadOf.join(reach);
    }

    /** What a transaction that is written now depends on. */
    VersionVector dependencies() {
        return reach().without(origin);
    }

    /** Counts a transaction of this replica; its seq. It is in the file with the next {@link #save}. */
    long count(Stamp stamp) throws SQLException {
        var seq = vector().seq(origin) + 1;
        origins.id(origin);
        origins.note(origin, seq, stamp.clock());
        return seq;
    }

    /** One statement for all that a transaction changes: each page more costs a commit 5 µs. */
    void save() throws SQLException {
        var update = statements.prepare("UPDATE _merklite_state SET clock = ?1, root = ?2, horizon = ?3, ahead_of = ?4,"
                + " own_seq = ?5, own_clock = ?6, pending = ?7");
        update.setLong(1, clock.last());
        update.setLong(2, root);
        update.setLong(3, horizon);
        update.setBytes(4, new WireWriter().vector(aheadOf).toByteArray());
        update.setLong(5, vector().seq(origin));
        update.setLong(6, origins.clock(origin));
        update.setBytes(7, pending.toBytes());
        update.executeUpdate();
    }

    private void readOwn() throws SQLException {
        try (var rows = statements
                .prepare("SELECT own_seq, own_clock FROM _merklite_state WHERE own_seq > 0")
                .executeQuery()) {
            if (rows.next()) {
                origins.note(origin, rows.getLong(1), rows.getLong(2));
            }
        }
    }

    private void readPending() throws SQLException {
        try (var rows =
                statements.prepare("SELECT pending FROM _merklite_state").executeQuery()) {
            pending.load(rows.next() ? rows.getBytes(1) : null);
        }
    }

    /** The transaction was undone: reads everything anew. */
    void reload() throws SQLException {
        origins.reload();
        root = statements.number("SELECT root FROM _merklite_state");
        horizon = statements.number("SELECT horizon FROM _merklite_state");
        aheadOf = readAheadOf();
        origin = new Origin(statements.number("SELECT origin FROM _merklite_state"));
        readOwn();
        readPending();
    }

    /** Marks the file as properly closed, if nothing was written past the store. */
    void markClosed(boolean clean) throws SQLException {
        statements.run("UPDATE _merklite_state SET clean = " + (clean ? 1 : 0));
    }

    private VersionVector readAheadOf() throws SQLException {
        try (var rows =
                statements.prepare("SELECT ahead_of FROM _merklite_state").executeQuery()) {
            rows.next();
            var bytes = rows.getBytes(1);
            return new WireReader("ahead_of", bytes, 0, bytes.length).vector(MAX_ORIGINS);
        }
    }
}
