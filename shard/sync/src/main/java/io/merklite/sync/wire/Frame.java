package io.merklite.sync.wire;

import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.SyncException.UnknownVersion;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;

/**
 * What every format of this module stands in: magic, version, LZ4 where it is smaller, checksum.
 *
 * <p><b>Threading.</b> Thread-safe: keeps nothing between calls. <b>Cost.</b> Linear in the bytes.
 */
public final class Frame {
    /*
     * Numbers of fixed size are big-endian, varint is LEB128.
     *
     *   frame    := magic[4] version[1] flags[1] varint(body size) content checksum[4]
     *   flags    := 0: content is the body; 1: content is the body as one LZ4 block
     *   checksum := CRC-32C of everything before it
     */
    private static final int FLAG_LZ4 = 1;
    private static final int CHECKSUM_BYTES = Integer.BYTES;
    /** LZ4 cannot shrink more than this, so a larger body is a lie. */
    private static final int LZ4_MAX_RATIO = 255;
    /** Below this size compression gains less than it costs. */
    private static final int COMPRESS_MIN_BYTES = 64;

    private final String what;
    private final byte[] magic;
    private final int version;
    private final int maxSizeBytes;

    /**
     * @param what what is framed, for errors
     * @param magic four ASCII letters
     * @param version the version that is written, and the only one that is read
     * @param maxSizeBytes the largest body that is written or read
     */
    public Frame(String what, String magic, int version, int maxSizeBytes) {
        if (maxSizeBytes < 1) {
            throw new IllegalArgumentException("a limit of " + maxSizeBytes + " bytes, must be at least 1");
        }
        this.what = what;
        this.magic = magic.getBytes(StandardCharsets.US_ASCII);
        this.version = version;
        this.maxSizeBytes = maxSizeBytes;
    }

    /**
     * Frames a body.
     *
     * @throws TooLarge if it is larger than the limit
     */
    public byte[] encode(byte[] body) {
        if (body.length > maxSizeBytes) {
            throw new TooLarge(what, body.length, maxSizeBytes);
        }
        var compressed = body.length < COMPRESS_MIN_BYTES
                ? body
                : LZ4Factory.fastestInstance().fastCompressor().compress(body);
        var smaller = compressed.length < body.length;
        var content = smaller ? compressed : body;
        var out = new WireWriter()
                .raw(magic, 0, magic.length)
                .uint8(version)
                .uint8(smaller ? FLAG_LZ4 : 0)
                .varint(body.length)
                .raw(content, 0, content.length);
        return out.int32(checksum(out.toByteArray(), 0, out.sizeBytes())).toByteArray();
    }

    /**
     * The body in {@code bytes}, all of which the frame must take.
     *
     * @throws Malformed if they are no such frame
     * @throws UnknownVersion if they are one of another version
     * @throws TooLarge if the body is larger than the limit
     */
    public byte[] decode(byte[] bytes) {
        var reader = new WireReader(what, bytes, 0, bytes.length);
        var flags = readFlags(reader);
        var sizeOffset = reader.position();
        var size = reader.varint();
        if (size > maxSizeBytes) {
            throw new TooLarge(what, size, maxSizeBytes);
        }
        var contentSize = reader.remaining() - CHECKSUM_BYTES;
        var plausible = flags == 0 ? size == contentSize : size / LZ4_MAX_RATIO <= contentSize;
        if (contentSize < 0 || !plausible) {
            throw new Malformed(what, sizeOffset, "a body of " + size + " bytes in a content of " + contentSize);
        }
        var content = reader.raw(contentSize);
        if (reader.int32() != checksum(bytes, 0, bytes.length - CHECKSUM_BYTES)) {
            throw new Malformed(what, bytes.length - CHECKSUM_BYTES, "a wrong checksum");
        }
        return flags == 0 ? content : decompress(content, (int) size, sizeOffset);
    }

    /**
     * The size of the body in {@code bytes}, as they claim, without unpacking it.
     *
     * @throws Malformed if they begin like no such frame
     * @throws UnknownVersion if they are one of another version
     */
    public long bodySizeBytes(byte[] bytes) {
        var reader = new WireReader(what, bytes, 0, bytes.length);
        readFlags(reader);
        return reader.varint();
    }

    /** Magic, version and flags. */
    private int readFlags(WireReader reader) {
        for (var expected : magic) {
            if (reader.uint8() != expected) {
                throw new Malformed(what, reader.position() - 1, "no " + what + " begins like this");
            }
        }
        var found = reader.uint8();
        if (found != version) {
            throw new UnknownVersion(what, found, version);
        }
        var flags = reader.uint8();
        if (flags > FLAG_LZ4) {
            throw new Malformed(what, reader.position() - 1, "flags " + flags + ", must be 0 or 1");
        }
        return flags;
    }

    private byte[] decompress(byte[] content, int size, int sizeOffset) {
        var body = new byte[size];
        try {
            var written = LZ4Factory.fastestInstance()
                    .safeDecompressor()
                    .decompress(content, 0, content.length, body, 0, size);
            if (written != size) {
                throw new Malformed(what, sizeOffset, "a body of " + size + " bytes that has " + written);
            }
        } catch (LZ4Exception e) {
            throw new Malformed(what, sizeOffset, "content that is no LZ4 block of " + size + " bytes");
        }
        return body;
    }

    private static int checksum(byte[] bytes, int from, int to) {
        var crc = new CRC32C();
        crc.update(bytes, from, to - from);
        return (int) crc.getValue();
    }
}
