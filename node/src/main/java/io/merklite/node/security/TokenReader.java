package io.merklite.node.security;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.merklite.node.http.Access.Right;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Checks tokens: JSON Web Tokens (RFC 7519) in compact form (RFC 7515, section 7.1), signed with Ed25519 (RFC 8037).
 *
 * <p>The algorithm is fixed: what a token's header says can only refuse it. Claims, those of libSQL's server and {@code
 * admin} of our own:
 *
 * <table>
 *   <caption>Claims</caption>
 *   <tr><td>{@code a}</td><td>{@code ro}, {@code rw}, or our own {@code admin}; without it {@code rw}</td></tr>
 *   <tr><td>{@code id}</td><td>the database that {@code a} is for; without it all of them, and the node</td></tr>
 *   <tr><td>{@code p}</td><td>rights by database, {@code {"rw": {"ns": ["orders"]}}}, by {@code ro}, {@code rw} and our own
 *   {@code admin}; {@code roa} and {@code rwa}, which also allow ATTACH there, are {@code ro} and {@code rw} here. If it is
 *   given, {@code a} and {@code id} do not count</td></tr>
 *   <tr><td>{@code exp}, {@code nbf}</td><td>seconds since 1970: when it ends and begins</td></tr>
 * </table>
 *
 * <p><b>Cost.</b> A signature takes about 100 µs, so good tokens are remembered, a bounded number of them; their times are
 * looked at each time.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class TokenReader {
    /** Larger tokens are refused unread: none of these claims needs more. */
    static final int MAX_SIZE_CHARS = 8192;

    private static final int MAX_REMEMBERED = 1024;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> ALGORITHMS = Set.of("EdDSA", "Ed25519");
    private static final Map<String, Right> RIGHTS =
            Map.of("ro", Right.READ, "roa", Right.READ, "rw", Right.WRITE, "rwa", Right.WRITE, "admin", Right.ADMIN);

    private final PublicKeys keys;
    private final Duration clockSkew;
    private final InstantSource clock;
    private final Map<String, Grants> remembered = new ConcurrentHashMap<>();

    TokenReader(PublicKeys keys, Duration clockSkew, InstantSource clock) {
        this.keys = keys;
        this.clockSkew = clockSkew;
        this.clock = clock;
    }

    /** What came of a token. */
    sealed interface Outcome {
        /** It is good. */
        record Good(Grants grants) implements Outcome {}

        /** It is not. */
        record Bad(String code, String message) implements Outcome {}
    }

    Outcome read(String token) {
        var known = remembered.get(token);
        if (known != null) {
            return inTime(known);
        }
        return switch (check(token)) {
            case Outcome.Bad bad -> bad;
            case Outcome.Good good -> {
                if (remembered.size() >= MAX_REMEMBERED) {
                    remembered.clear();
                }
                remembered.put(token, good.grants());
                yield inTime(good.grants());
            }
        };
    }

    private Outcome inTime(Grants grants) {
        var now = clock.instant();
        if (grants.expiresAt().isPresent() && !now.isBefore(grants.expiresAt().get())) {
            return new Outcome.Bad("AUTH_JWT_EXPIRED", "the token has expired: get a new one");
        }
        if (grants.validFrom().isPresent() && now.isBefore(grants.validFrom().get())) {
            return new Outcome.Bad("AUTH_JWT_IMMATURE", "the token is not good yet: compare the clocks");
        }
        return new Outcome.Good(grants);
    }

    private Outcome check(String token) {
        if (token.length() > MAX_SIZE_CHARS) {
            return invalid("is longer than " + MAX_SIZE_CHARS + " characters");
        }
        var parts = token.split("\\.", -1);
        if (parts.length != 3) {
            return invalid("is no JSON Web Token");
        }
        try {
            var header = object(parts[0]);
            if (!ALGORITHMS.contains(header.path("alg").asText()) || header.has("crit")) {
                return invalid("is not signed with EdDSA");
            }
            return isSigned(parts)
                    ? new Outcome.Good(grants(object(parts[1])))
                    : invalid("is not signed with a key that this node knows");
        } catch (IllegalArgumentException | JsonProcessingException e) {
            return invalid("is malformed");
        }
    }

    private boolean isSigned(String[] parts) {
        var signed = (parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII);
        var signature = Base64.getUrlDecoder().decode(parts[2]);
        return keys.all().stream().anyMatch(key -> isSignedWith(key, signed, signature));
    }

    private static boolean isSignedWith(PublicKey key, byte[] signed, byte[] signature) {
        try {
            var verifier = Signature.getInstance("Ed25519");
            verifier.initVerify(key);
            verifier.update(signed);
            return verifier.verify(signature);
        } catch (GeneralSecurityException malformedSignature) {
            return false;
        }
    }

    private Grants grants(JsonNode claims) {
        var validFrom = time(claims, "nbf").map(instant -> instant.minus(clockSkew));
        var expiresAt = time(claims, "exp").map(instant -> instant.plus(clockSkew));
        if (claims.hasNonNull("p")) {
            return new Grants(Optional.empty(), scopes(claims.get("p")), validFrom, expiresAt);
        }
        var right = claims.hasNonNull("a") ? right(claims.get("a")) : Right.WRITE;
        return claims.hasNonNull("id")
                ? new Grants(Optional.empty(), Map.of(text(claims.get("id")), right), validFrom, expiresAt)
                : new Grants(Optional.of(right), Map.of(), validFrom, expiresAt);
    }

    /** Names of rights that are not known give nothing: a later version may know more. */
    private static Map<String, Right> scopes(JsonNode p) {
        Map<String, Right> databases = new HashMap<>();
        RIGHTS.forEach((name, right) -> p.path(name)
                .path("ns")
                .forEach(database -> databases.merge(
                        text(database), right, (one, other) -> one.compareTo(other) > 0 ? one : other)));
        return databases;
    }

    private static Right right(JsonNode claim) {
        return switch (text(claim)) {
            case "ro" -> Right.READ;
            case "rw" -> Right.WRITE;
            case "admin" -> Right.ADMIN;
            default -> throw new IllegalArgumentException("unknown right");
        };
    }

    private static Optional<Instant> time(JsonNode claims, String name) {
        if (!claims.hasNonNull(name)) {
            return Optional.empty();
        }
        var claim = claims.get(name);
        if (!claim.canConvertToLong() || claim.longValue() < 0 || claim.longValue() > Integer.MAX_VALUE * 1000L) {
            throw new IllegalArgumentException(name + " is no time");
        }
        return Optional.of(Instant.ofEpochSecond(claim.longValue()));
    }

    private static String text(JsonNode node) {
        if (!node.isTextual()) {
            throw new IllegalArgumentException("text expected");
        }
        return node.textValue();
    }

    private static JsonNode object(String base64url) throws JsonProcessingException {
        var bytes = Base64.getUrlDecoder().decode(base64url);
        var node = JSON.readTree(new String(bytes, StandardCharsets.UTF_8));
        if (!node.isObject()) {
            throw new IllegalArgumentException("object expected");
        }
        return node;
    }

    private static Outcome invalid(String why) {
        return new Outcome.Bad("AUTH_JWT_INVALID", "the token " + why);
    }
}
