package io.merklite.sync.transaction;

import io.merklite.session.SessionException.MalformedChangeset;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.SyncException.UnknownVersion;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;

/**
 * Transactions to bytes and back.
 *
 * <p><b>Threading.</b> Thread-safe: keeps nothing between calls. <b>Cost.</b> Linear in the bytes.
 */
public final class TransactionCodec {
    /*
     * Version 1. Numbers of fixed size are big-endian, varint is LEB128.
     *
     *   envelope := magic[4] version[1] flags[1] varint(body size) content checksum[4]
     *   magic    := 'M' 'L' 'T' 'X'
     *   flags    := 0: content is the body; 1: content is the body as one LZ4 block
     *   checksum := CRC-32C of everything before it
     *   body     := string(database) origin[8] varint(seq) clock[8] vector(dependencies) fingerprint[8] births changeset
     *   births   := varint(distinct) { clock[8] varint(ordinal) varint(origin index) [origin[8]] }
     *               varint(runs) { varint(index of a distinct birth) varint(length) }
     *   changeset := what is left of the body
     *
     * An origin index of 0 is the transaction's own origin; an index one above those used so far brings a new origin.
     */
    private static final byte[] MAGIC = {'M', 'L', 'T', 'X'};
    private static final int VERSION = 1;
    private static final int FLAG_LZ4 = 1;
    private static final int CHECKSUM_BYTES = Integer.BYTES;
    private static final int NAME_LIMIT = 63;
    private static final int VECTOR_LIMIT = 65_536;
    private static final int BIRTH_MIN_BYTES = Long.BYTES + 2;
    private static final int RUN_MIN_BYTES = 2;
    /** LZ4 cannot shrink more than this, so a larger body is a lie. */
    private static final int LZ4_MAX_RATIO = 255;

    private static final String WHAT = "transaction";

    private final int maxSizeBytes;

    /** @param maxSizeBytes the largest body that is written or read */
    public TransactionCodec(int maxSizeBytes) {
        if (maxSizeBytes < 1) {
            throw new IllegalArgumentException("a limit of " + maxSizeBytes + " bytes, must be at least 1");
        }
        this.maxSizeBytes = maxSizeBytes;
    }

    /**
     * The bytes of {@code transaction}, compressed if that is smaller.
     *
     * @throws TooLarge if it is larger than the limit
     */
    public byte[] encode(Transaction transaction) {
        var body = body(transaction);
        if (body.length > maxSizeBytes) {
            throw new TooLarge(WHAT, body.length, maxSizeBytes);
        }
        var compressed = LZ4Factory.fastestInstance().fastCompressor().compress(body);
        var smaller = compressed.length < body.length;
        var content = smaller ? compressed : body;
        var out = new WireWriter()
                .raw(MAGIC, 0, MAGIC.length)
                .uint8(VERSION)
                .uint8(smaller ? FLAG_LZ4 : 0)
                .varint(body.length)
                .raw(content, 0, content.length);
        return out.int32(checksum(out.toByteArray(), 0, out.sizeBytes())).toByteArray();
    }

    /**
     * The transaction in {@code bytes}, all of which it must take.
     *
     * @throws Malformed if they are not a transaction
     * @throws UnknownVersion if they are one of a newer format
     * @throws TooLarge if it is larger than the limit
     */
    public Transaction decode(byte[] bytes) {
        var reader = new WireReader(WHAT, bytes, 0, bytes.length);
        for (var expected : MAGIC) {
            if (reader.uint8() != expected) {
                throw new Malformed(WHAT, reader.position() - 1, "no transaction begins like this");
            }
        }
        var version = reader.uint8();
        if (version != VERSION) {
            throw new UnknownVersion(WHAT, version, VERSION);
        }
        var flags = reader.uint8();
        if (flags > FLAG_LZ4) {
            throw new Malformed(WHAT, reader.position() - 1, "flags " + flags + ", must be 0 or 1");
        }
        var sizeOffset = reader.position();
        var size = reader.varint();
        if (size > maxSizeBytes) {
            throw new TooLarge(WHAT, size, maxSizeBytes);
        }
        var contentSize = reader.remaining() - CHECKSUM_BYTES;
        var plausible = flags == 0 ? size == contentSize : size / LZ4_MAX_RATIO <= contentSize;
        if (contentSize < 0 || !plausible) {
            throw new Malformed(WHAT, sizeOffset, "a body of " + size + " bytes in a content of " + contentSize);
        }
        var content = reader.raw(contentSize);
        if (reader.int32() != checksum(bytes, 0, bytes.length - CHECKSUM_BYTES)) {
            throw new Malformed(WHAT, bytes.length - CHECKSUM_BYTES, "a wrong checksum");
        }
        return readBody(flags == 0 ? content : decompress(content, (int) size, sizeOffset));
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

    private static byte[] decompress(byte[] content, int size, int sizeOffset) {
        var body = new byte[size];
        try {
            var written = LZ4Factory.fastestInstance()
                    .safeDecompressor()
                    .decompress(content, 0, content.length, body, 0, size);
            if (written != size) {
                throw new Malformed(WHAT, sizeOffset, "a body of " + size + " bytes that has " + written);
            }
        } catch (LZ4Exception e) {
            throw new Malformed(WHAT, sizeOffset, "content that is no LZ4 block of " + size + " bytes");
        }
        return body;
    }

    private static int checksum(byte[] bytes, int from, int to) {
        var crc = new CRC32C();
        crc.update(bytes, from, to - from);
        return (int) crc.getValue();
    }
}
