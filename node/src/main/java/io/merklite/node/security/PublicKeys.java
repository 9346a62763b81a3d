package io.merklite.node.security;

import io.merklite.node.NodeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/**
 * The keys that tokens may be signed with, in the order in which they were named.
 *
 * <p>A key is a SubjectPublicKeyInfo in PEM (RFC 8410), or its last 32 bytes, the point itself, in base64url. The header
 * {@code kid} of a token is not looked at: a node has few keys, and tools name them as they like.
 */
final class PublicKeys {
    /** The SubjectPublicKeyInfo of Ed25519 up to the point: SEQUENCE, SEQUENCE, OID 1.3.101.112, BIT STRING. */
    private static final String INFO_PREFIX = "302a300506032b6570032100";

    private static final int POINT_SIZE_BYTES = 32;

    private final List<PublicKey> keys;

    private PublicKeys(List<PublicKey> keys) {
        this.keys = List.copyOf(keys);
    }

    /**
     * The keys that {@code settings} name. Reads files.
     *
     * @throws IllegalArgumentException if one is no Ed25519 key, with the setting that names it
     * @throws NodeException.UnusableFile if a file cannot be read
     */
    static PublicKeys of(SecuritySettings settings) {
        List<PublicKey> keys = new ArrayList<>();
        for (var text : settings.publicKeys()) {
            keys.addAll(parse(text, "an entry of merklite.security.public-keys is no key"));
        }
        for (var file : settings.publicKeyFiles()) {
            keys.addAll(parse(read(file), "merklite.security.public-key-files = " + file));
        }
        return new PublicKeys(keys);
    }

    List<PublicKey> all() {
        return keys;
    }

    /** The point of a key in base64url, which is what one writes into settings. */
    static String shortForm(PublicKey key) {
        var info = key.getEncoded();
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(Arrays.copyOfRange(info, info.length - POINT_SIZE_BYTES, info.length));
    }

    /** The keys in {@code text}: one in the short form, or some in PEM. */
    private static List<PublicKey> parse(String text, String source) {
        List<PublicKey> found = new ArrayList<>();
        try {
            for (var info : Pem.decode("PUBLIC KEY", text)) {
                found.add(decode(info));
            }
            if (found.isEmpty()) {
                found.add(decode(withPrefix(text.strip())));
            }
            return found;
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    source + ", must be an Ed25519 public key in PEM, or its 32 bytes in base64url", e);
        }
    }

    private static byte[] withPrefix(String base64url) throws GeneralSecurityException {
        var point = Base64.getUrlDecoder().decode(base64url);
        if (point.length != POINT_SIZE_BYTES) {
            throw new GeneralSecurityException("has " + point.length + " bytes");
        }
        var prefix = HexFormat.of().parseHex(INFO_PREFIX);
        var info = Arrays.copyOf(prefix, prefix.length + point.length);
        System.arraycopy(point, 0, info, prefix.length, point.length);
        return info;
    }

    private static PublicKey decode(byte[] info) throws GeneralSecurityException {
        return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(info));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new NodeException.UnusableFile(
                    file, "cannot be read", "Name a readable file in merklite.security.public-key-files", e);
        }
    }
}
