package io.merklite.node.hrana;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Batons: what a client over HTTP holds to go on with its stream.
 *
 * <p>A baton is base64 (of URLs, without padding) of 48 bytes: the stream's id, the number of the request that it is good for, both
 * big-endian, and HMAC-SHA-256 of these and the database's name under the key of this run of this node. So it cannot be guessed,
 * and is good for one request to one database on one node. It is no authority: tokens are looked at all the same.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Batons {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int MAC_SIZE_BYTES = 32;
    private static final int SIZE_BYTES = 2 * Long.BYTES + MAC_SIZE_BYTES;

    private final Mac prototype;

    /** @param key random bytes, at least 16 */
    Batons(byte[] key) {
        try {
            prototype = Mac.getInstance(ALGORITHM);
            prototype.init(new SecretKeySpec(key, ALGORITHM));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + ALGORITHM, e);
        }
    }

    /**
     * What a baton is good for.
     *
     * @param streamId of the stream
     * @param seq of the request, from 1
     */
    record Claim(long streamId, long seq) {}

    String issue(String database, Claim claim) {
        var bytes = ByteBuffer.allocate(SIZE_BYTES)
                .putLong(claim.streamId())
                .putLong(claim.seq())
                .put(mac(database, claim));
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }

    /** What {@code baton} is good for; none if this node did not issue it for this database. */
    Optional<Claim> verify(String database, String baton) {
        byte[] decoded;
        try {
            decoded = Base64.getUrlDecoder().decode(baton.getBytes(StandardCharsets.ISO_8859_1));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        if (decoded.length != SIZE_BYTES) {
            return Optional.empty();
        }
        var bytes = ByteBuffer.wrap(decoded);
        var claim = new Claim(bytes.getLong(), bytes.getLong());
        var mac = new byte[MAC_SIZE_BYTES];
        bytes.get(mac);
        return MessageDigest.isEqual(mac, mac(database, claim)) ? Optional.of(claim) : Optional.empty();
    }

    private byte[] mac(String database, Claim claim) {
        try {
            var mac = (Mac) prototype.clone();
            mac.update(ByteBuffer.allocate(2 * Long.BYTES)
                    .putLong(claim.streamId())
                    .putLong(claim.seq())
                    .array());
            return mac.doFinal(database.getBytes(StandardCharsets.UTF_8));
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("Java's own " + ALGORITHM + " can be cloned", e);
        }
    }
}
