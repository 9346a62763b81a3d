package io.merklite.cluster.journal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** A serialized event or snapshot, and what it takes to read it again. Owns its bytes; immutable to all but its package. */
final class Payload {
    private final int serializerId;
    private final String manifest;
    private final byte[] bytes;

    private Payload(int serializerId, String manifest, byte[] bytes) {
        this.serializerId = serializerId;
        this.manifest = manifest;
        this.bytes = bytes;
    }

    /** Takes ownership of {@code bytes}. */
    static Payload wrap(int serializerId, String manifest, byte[] bytes) {
        return new Payload(serializerId, manifest, bytes);
    }

    int serializerId() {
        return serializerId;
    }

    String manifest() {
        return manifest;
    }

    /** The bytes themselves, which must not be changed. */
    byte[] bytes() {
        return bytes;
    }

    int sizeBytes() {
        return bytes.length;
    }

    /** CRC-32C of {@code sequenceNr}, serializer, manifest and bytes: a row that was mixed up is found, too. */
    int checksum(long sequenceNr) {
        var crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES + Integer.BYTES)
                .putLong(sequenceNr)
                .putInt(serializerId)
                .flip());
        crc.update(manifest.getBytes(StandardCharsets.UTF_8));
        crc.update(bytes, 0, bytes.length);
        return (int) crc.getValue();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Payload that
                && that.serializerId == serializerId
                && that.manifest.equals(manifest)
                && Arrays.equals(that.bytes, bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return serializerId + ":" + manifest + " (" + bytes.length + " bytes)";
    }
}
