package io.merklite.node.security;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/** Textual encoding of keys and certificates (RFC 7468). */
final class Pem {
    private static final int LINE_CHARS = 64;

    private Pem() {}

    /** {@code encoded} between the lines that say what it is. */
    static String encode(String label, byte[] encoded) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(LINE_CHARS, new byte[] {'\n'}).encodeToString(encoded)
                + "\n-----END " + label + "-----\n";
    }

    /**
     * What stands between such lines, in order, other text left out.
     *
     * @throws IllegalArgumentException if it is not base64
     */
    static List<byte[]> decode(String label, String text) {
        var quoted = Pattern.quote(label);
        var matcher = Pattern.compile("-----BEGIN " + quoted + "-----([^-]*)-----END " + quoted + "-----")
                .matcher(text);
        List<byte[]> found = new ArrayList<>();
        while (matcher.find()) {
            found.add(Base64.getMimeDecoder().decode(matcher.group(1)));
        }
        return found;
    }
}
