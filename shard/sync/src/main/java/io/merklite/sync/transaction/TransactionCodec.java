package io.merklite.sync.transaction;

import io.merklite.session.SessionException.MalformedChangeset;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.SyncException.UnknownVersion;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.wire.Frame;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Transactions to bytes and back.
 *
 * <p><b>Threading.</b> Thread-safe: keeps nothing between calls. <b>Cost.</b> Linear in the bytes.
 */
public final class TransactionCodec {
    /*
     * Version 1, in a frame of magic MLTX. Numbers of fixed size are big-endian, varint is LEB128.
     *
     *   body     := string(database) origin[8] varint(seq) clock[8] vector(dependencies) fingerprint[8] births changeset
     *   births   := varint(distinct) { clock[8] varint(ordinal) varint(origin index) [origin[8]] }
     *               varint(runs) { varint(index of a distinct birth) varint(length) }
     *   changeset := what is left of the body
     *
     * An origin index of 0 is the transaction's own origin; an index one above those used so far brings a new origin.
     */
    private static final int VERSION = 1;
    private static final int NAME_LIMIT = 63;
    private static final int VECTOR_LIMIT = 65_536;
    private static final int BIRTH_MIN_BYTES = Long.BYTES + 2;
    private static final int RUN_MIN_BYTES = 2;

    private static final String WHAT = "transaction";

    private final Frame frame;
    private final int maxSizeBytes;

    /** @param maxSizeBytes the largest body that is written or read */
    public TransactionCodec(int maxSizeBytes) {
        this.frame = new Frame(WHAT, "MLTX", VERSION, maxSizeBytes);
        this.maxSizeBytes = maxSizeBytes;
    }

    /**
     * The bytes of {@code transaction}, compressed if that is smaller.
     *
     * @throws TooLarge if it is larger than the limit
     */
    public byte[] encode(Transaction transaction) {
        return frame.encode(body(transaction));
    }

    /** The size of what {@code bytes} unpack to, as they claim; throws as {@link #decode} does for how they begin. */
    public long bodySizeBytes(byte[] bytes) {
        return frame.bodySizeBytes(bytes);
    }

    /**
     * The transaction in {@code bytes}, all of which it must take.
     *
     * @throws Malformed if they are not a transaction
     * @throws UnknownVersion if they are one of a newer format
     * @throws TooLarge if it is larger than the limit
     */
    public Transaction decode(byte[] bytes) {
        return readBody(frame.decode(bytes));
    }

    private static byte[] body(Transaction transaction) {
        var out = new WireWriter()
                .string(transaction.database())
                .origin(transaction.origin())
                .varint(transaction.seq())
                .int64(transaction.stamp().clock())
                .vector(transaction.dependencies())
                .int64(transaction.schemaFingerprint());
        writeBirths(out, transaction);
        var changeset = transaction.changeset();
        var raw = new byte[changeset.remaining()];
        changeset.get(raw);
        return out.raw(raw, 0, raw.length).toByteArray();
    }

    private static void writeBirths(WireWriter out, Transaction transaction) {
        var runs = transaction.births().runs();
        Map<Births.Birth, Integer> distinct = new LinkedHashMap<>();
        runs.forEach(run -> distinct.putIfAbsent(run.birth(), distinct.size()));
        Map<Origin, Integer> origins = new LinkedHashMap<>();
        origins.put(transaction.origin(), 0);
        out.varint(distinct.size());
        for (var birth : distinct.keySet()) {
            var origin = birth.stamp().origin();
            var known = origins.putIfAbsent(origin, origins.size());
            out.int64(birth.stamp().clock()).varint(birth.ordinal());
            if (known != null) {
                out.varint(known);
            } else {
                out.varint(origins.size() - 1).origin(origin);
            }
        }
        out.varint(runs.size());
        runs.forEach(run -> out.varint(distinct.getOrDefault(run.birth(), 0)).varint(run.length()));
    }

    private Transaction readBody(byte[] body) {
        var reader = new WireReader(WHAT + " body", body, 0, body.length);
        var database = reader.string(NAME_LIMIT);
        var origin = reader.origin();
        var seq = reader.varint();
        var clock = reader.int64();
        var dependencies = reader.vector(VECTOR_LIMIT);
        var fingerprint = reader.int64();
        if (clock < 0
                || seq < 1
                || dependencies.seq(origin) != 0
                || !Transaction.DATABASE_NAME.matcher(database).matches()) {
            throw new Malformed(WHAT + " body", reader.position(), "a header that no replica writes");
        }
        var stamp = new Stamp(clock, origin);
        var births = readBirths(reader, origin);
        var changesetOffset = reader.position();
        return wrap(
                database,
                seq,
                stamp,
                dependencies,
                fingerprint,
                births,
                reader.raw(reader.remaining()),
                changesetOffset);
    }

    private static Transaction wrap(
            String database,
            long seq,
            Stamp stamp,
            VersionVector dependencies,
            long fingerprint,
            Births births,
            byte[] changeset,
            int changesetOffset) {
        try {
            return Transaction.wrap(database, seq, stamp, dependencies, fingerprint, births, changeset);
        } catch (MalformedChangeset e) {
            throw new Malformed(
                    WHAT + " body", Math.toIntExact(changesetOffset + e.offset()), String.valueOf(e.getMessage()));
        } catch (IllegalArgumentException e) {
            throw new Malformed(WHAT + " body", changesetOffset, String.valueOf(e.getMessage()));
        }
    }

    private Births readBirths(WireReader reader, Origin own) {
        List<Births.Birth> distinct = new ArrayList<>();
        List<Origin> origins = new ArrayList<>(List.of(own));
        var distinctCount = reader.count(BIRTH_MIN_BYTES, maxSizeBytes);
        for (var i = 0; i < distinctCount; i++) {
            var start = reader.position();
            var clock = reader.int64();
            var ordinal = reader.varint();
            var index = reader.varint();
            if (index == origins.size()) {
                origins.add(reader.origin());
            }
            if (clock < 0 || ordinal > Integer.MAX_VALUE || index >= origins.size()) {
                throw new Malformed(WHAT + " body", start, "a birth of no origin or time");
            }
            distinct.add(new Births.Birth(new Stamp(clock, origins.get((int) index)), (int) ordinal));
        }
        List<Births.Birth> births = new ArrayList<>();
        var runCount = reader.count(RUN_MIN_BYTES, maxSizeBytes);
        for (var i = 0; i < runCount; i++) {
            var start = reader.position();
            var index = reader.varint();
            var length = reader.varint();
            // A change takes at least three bytes of what is left.
            if (index >= distinct.size() || length < 1 || length > reader.remaining() - births.size()) {
                throw new Malformed(WHAT + " body", start, "a run of births beyond the changes that follow");
            }
            for (var j = 0L; j < length; j++) {
                births.add(distinct.get((int) index));
            }
        }
        return Births.of(births);
    }
}
