package io.merklite.node.http;

import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A version vector as the text that clients hold: where a write is, for reads that must see it.
 *
 * <p>Base64 (of URLs, without padding) of a version, 1, and of 16 bytes for each origin: its bits and its seq, big-endian, in the
 * order of origins.
 */
public final class Bookmark {
    /** The header of an answer that brings one. */
    public static final String HEADER = "merklite-bookmark";

    /** The header of a request that must see one: several times, or several with commas. */
    public static final String AFTER_HEADER = "merklite-after";

    private static final byte VERSION = 1;
    private static final int ENTRY_SIZE_BYTES = 2 * Long.BYTES;

    private Bookmark() {}

    /** The text for {@code vector}. */
    public static String encode(VersionVector vector) {
        var bytes =
                ByteBuffer.allocate(1 + vector.seqs().size() * ENTRY_SIZE_BYTES).put(VERSION);
        vector.seqs().forEach((origin, seq) -> bytes.putLong(origin.bits()).putLong(seq));
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }

    /** The vector that {@code text} stands for; none if it is no bookmark. */
    public static Optional<VersionVector> decode(String text) {
        byte[] decoded;
        try {
            decoded = Base64.getUrlDecoder().decode(text.getBytes(StandardCharsets.ISO_8859_1));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        var bytes = ByteBuffer.wrap(decoded);
        if (decoded.length % ENTRY_SIZE_BYTES != 1 || bytes.get() != VERSION) {
            return Optional.empty();
        }
        Map<Origin, Long> seqs = new HashMap<>();
        while (bytes.hasRemaining()) {
            var origin = bytes.getLong();
            var seq = bytes.getLong();
            if (origin == 0 || seq < 1 || seqs.put(new Origin(origin), seq) != null) {
                return Optional.empty();
            }
        }
        return Optional.of(VersionVector.of(seqs));
    }

    /**
     * What a request must see that brings several.
     *
     * @param texts bookmarks with commas
     * @throws RefusedException if one of them is no bookmark
     */
    public static VersionVector joined(String texts) {
        var joined = VersionVector.EMPTY;
        for (var text : texts.split(",", -1)) {
            joined = joined.join(decode(text.strip())
                    .orElseThrow(() -> new RefusedException(new Refusal(
                            400,
                            "HEADER_INVALID",
                            "merklite-after must be a bookmark, as a merklite-bookmark header has it"))));
        }
        return joined;
    }
}
