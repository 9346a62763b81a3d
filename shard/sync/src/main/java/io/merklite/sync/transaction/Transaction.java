package io.merklite.sync.transaction;

import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.vector.Inbox;
import io.merklite.sync.vector.VersionVector;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.regex.Pattern;

/** A committed transaction of one origin. Immutable. */
public final class Transaction implements Inbox.Held {
    /** What a database may be called. */
    public static final Pattern DATABASE_NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");

    private static final int OVERHEAD_BYTES = 256;

    private final String database;
    private final long seq;
    private final Stamp stamp;
    private final VersionVector dependencies;
    private final long schemaFingerprint;
    private final Births births;
    private final byte[] changeset;

    private Transaction(
            String database,
            long seq,
            Stamp stamp,
            VersionVector dependencies,
            long schemaFingerprint,
            Births births,
            byte[] changeset) {
        this.database = database;
        this.seq = seq;
        this.stamp = stamp;
        this.dependencies = dependencies;
        this.schemaFingerprint = schemaFingerprint;
        this.births = births;
        this.changeset = changeset;
    }

    /**
     * Internal: a transaction that takes ownership of {@code changeset}.
     *
     * @param database name of the database
     * @param seq from 1, without gap per database and origin
     * @param stamp when it was committed, and by which origin
     * @param dependencies what its origin had applied; the origin itself must not stand there, since seq says it
     * @param schemaFingerprint the schema that it was written on
     * @param births one for each UPDATE and DELETE of the changeset
     * @param changeset SQLite's bytes
     * @throws io.merklite.session.SessionException.MalformedChangeset if {@code changeset} is not a changeset
     */
    public static Transaction wrap(
            String database,
            long seq,
            Stamp stamp,
            VersionVector dependencies,
            long schemaFingerprint,
            Births births,
            byte[] changeset) {
        if (!DATABASE_NAME.matcher(database).matches()) {
            throw new IllegalArgumentException("database name '" + database + "', must match " + DATABASE_NAME);
        }
        if (seq < 1) {
            throw new IllegalArgumentException("seq " + seq + ", must be at least 1");
        }
        if (dependencies.seq(stamp.origin()) != 0) {
            throw new IllegalArgumentException(
                    "a transaction of " + stamp.origin() + " that depends on its own origin");
        }
        var changed = countChanged(changeset);
        if (changed != births.count()) {
            throw new IllegalArgumentException(births.count() + " births for " + changed + " updates and deletes");
        }
        return new Transaction(database, seq, stamp, dependencies, schemaFingerprint, births, changeset);
    }

    /**
     * Internal: a transaction as {@link #wrap} makes it, whose changeset and births were made together by the caller: they
     * are not read again.
     */
    public static Transaction wrapChecked(
            String database,
            long seq,
            Stamp stamp,
            VersionVector dependencies,
            long schemaFingerprint,
            Births births,
            byte[] changeset) {
        return new Transaction(database, seq, stamp, dependencies, schemaFingerprint, births, changeset);
    }

    public String database() {
        return database;
    }

    @Override
    public Origin origin() {
        return stamp.origin();
    }

    @Override
    public long seq() {
        return seq;
    }

    @Override
    public Stamp stamp() {
        return stamp;
    }

    @Override
    public VersionVector dependencies() {
        return dependencies;
    }

    @Override
    public long schemaFingerprint() {
        return schemaFingerprint;
    }

    @Override
    public long sizeBytes() {
        return (long) OVERHEAD_BYTES + changeset.length;
    }

    public Births births() {
        return births;
    }

    /** Read-only view of the changeset's bytes. */
    public ByteBuffer changeset() {
        return ByteBuffer.wrap(changeset).asReadOnlyBuffer();
    }

    /** A cursor over the changeset, before its first change. */
    public ChangesetCursor changes() {
        return new ChangesetCursor(changeset);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Transaction that
                && that.database.equals(database)
                && that.seq == seq
                && that.stamp.equals(stamp)
                && that.dependencies.equals(dependencies)
                && that.schemaFingerprint == schemaFingerprint
                && that.births.equals(births)
                && Arrays.equals(that.changeset, changeset);
    }

    @Override
    public int hashCode() {
        return 31 * stamp.hashCode() + Long.hashCode(seq);
    }

    /** Database, origin, seq and size; no row values. */
    @Override
    public String toString() {
        return database + " " + origin() + "#" + seq + " (" + changeset.length + " bytes)";
    }

    private static int countChanged(byte[] changeset) {
        var cursor = new ChangesetCursor(changeset);
        var changed = 0;
        while (cursor.next()) {
            switch (cursor.op()) {
                case INSERT -> {}
                case UPDATE, DELETE -> changed++;
            }
        }
        return changed;
    }
}
