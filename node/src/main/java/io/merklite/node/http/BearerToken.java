package io.merklite.node.http;

import java.util.Optional;

/** The token of an {@code Authorization} header. */
public final class BearerToken {
    private static final String SCHEME = "bearer";

    private BearerToken() {}

    /** The token; of another scheme all of the header, which is no token and is refused as such; none if it is empty. */
    public static Optional<String> of(String header) {
        var trimmed = header.strip();
        var isBearer = trimmed.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                && (trimmed.length() == SCHEME.length() || trimmed.charAt(SCHEME.length()) == ' ');
        return Optional.of(isBearer ? trimmed.substring(SCHEME.length()).strip() : trimmed)
                .filter(token -> !token.isEmpty());
    }
}
