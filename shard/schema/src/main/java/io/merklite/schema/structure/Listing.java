package io.merklite.schema.structure;

import io.merklite.schema.text.SqlNames;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The canonical listing of a structure: a line for each fact, fields as quoted literals, so that no two structures have
 * the same text. Its SHA-256 is the structure's fingerprint, hence a change of the listing is a change of format.
 */
final class Listing {
    private final StringBuilder text = new StringBuilder();

    void line(String fact, String... fields) {
        text.append(fact);
        for (var field : fields) {
            text.append(' ').append(SqlNames.literal(field));
        }
        text.append('\n');
    }

    String text() {
        return text.toString();
    }

    /** A reference to a name, whose case does not count: that of the object itself does. */
    static String name(String reference) {
        return SqlNames.fold(reference);
    }

    String sha256() {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(text().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
