package io.merklite.node.security;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.merklite.node.NodeException;
import io.merklite.node.http.Access.Right;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Makes keys and tokens. The private key never reaches a node. */
public final class TokenSigner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Base64.Encoder BASE64URL = Base64.getUrlEncoder().withoutPadding();

    private final PrivateKey key;

    private TokenSigner(PrivateKey key) {
        this.key = key;
    }

    /**
     * A pair of keys, as text to put into files and settings.
     *
     * @param privatePem PKCS #8 in PEM: whoever has it makes tokens
     * @param publicPem SubjectPublicKeyInfo in PEM
     * @param publicShort the 32 bytes of the public key in base64url
     */
    public record Keys(String privatePem, String publicPem, String publicShort) {
        /** Without the private key. */
        @Override
        public String toString() {
            return "Keys[" + publicShort + "]";
        }
    }

    /** New keys, by the system's secure random. */
    public static Keys newKeys() {
        try {
            var pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            return new Keys(
                    Pem.encode("PRIVATE KEY", pair.getPrivate().getEncoded()),
                    Pem.encode("PUBLIC KEY", pair.getPublic().getEncoded()),
                    PublicKeys.shortForm(pair.getPublic()));
        } catch (GeneralSecurityException e) {
            throw new NodeException.UnusableKey("this Java makes no Ed25519 keys", e);
        }
    }

    /**
     * A signer with the private key in {@code pem}.
     *
     * @throws NodeException.UnusableKey if there is no Ed25519 key in it
     */
    public static TokenSigner of(String pem) {
        try {
            var found = Pem.decode("PRIVATE KEY", pem);
            if (found.isEmpty()) {
                throw new NodeException.UnusableKey("the text has no private key in PEM", null);
            }
            return new TokenSigner(
                    KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(found.getFirst())));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new NodeException.UnusableKey("the private key is not one of Ed25519", e);
        }
    }

    /** A token with {@code right} on all databases and the node; without {@code expiresAt} it is good forever. */
    public String sign(Right right, Instant issuedAt, Optional<Instant> expiresAt) {
        return sign(times(issuedAt, expiresAt).put("a", nameOf(right)));
    }

    /** A token with rights on single databases; without {@code expiresAt} it is good forever. */
    public String sign(Map<String, Right> databases, Instant issuedAt, Optional<Instant> expiresAt) {
        var claims = times(issuedAt, expiresAt);
        var scopes = claims.putObject("p");
        new TreeMap<>(databases)
                .forEach((name, right) -> scopes.withObjectProperty(nameOf(right))
                        .withArrayProperty("ns")
                        .add(name));
        return sign(claims);
    }

    private static ObjectNode times(Instant issuedAt, Optional<Instant> expiresAt) {
        var claims = JSON.createObjectNode().put("iat", issuedAt.getEpochSecond());
        expiresAt.ifPresent(instant -> claims.put("exp", instant.getEpochSecond()));
        return claims;
    }

    private String sign(ObjectNode claims) {
        var header = JSON.createObjectNode().put("alg", "EdDSA").put("typ", "JWT");
        var signed = BASE64URL.encodeToString(bytes(header)) + "." + BASE64URL.encodeToString(bytes(claims));
        try {
            var signature = Signature.getInstance("Ed25519");
            signature.initSign(key);
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + BASE64URL.encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new NodeException.UnusableKey("the private key does not sign", e);
        }
    }

    private static String nameOf(Right right) {
        return switch (right) {
            case READ -> "ro";
            case WRITE -> "rw";
            case ADMIN -> "admin";
        };
    }

    private static byte[] bytes(ObjectNode node) {
        try {
            return JSON.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("text and numbers can be written", e);
        }
    }
}
