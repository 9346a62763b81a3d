package io.merklite.node.security;

import io.merklite.node.http.Access;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;

/** Decides by bearer tokens. Thread-safe. */
public final class TokenAccess implements Access {
    private final TokenReader reader;

    private TokenAccess(TokenReader reader) {
        this.reader = reader;
    }

    /**
     * What {@code settings} ask for: tokens if there are keys, otherwise {@link Access#OPEN}. Reads the files of keys.
     *
     * @param clock the wall clock
     * @throws IllegalArgumentException if a key is none
     */
    public static Access of(SecuritySettings settings, InstantSource clock) {
        return settings.needsTokens()
                ? new TokenAccess(new TokenReader(PublicKeys.of(settings), settings.clockSkew(), clock))
                : OPEN;
    }

    @Override
    public Decision authorize(Optional<String> token, String database, Right needed) {
        if (token.isEmpty() || token.get().isBlank()) {
            return new Decision.Unauthenticated("AUTH_HEADER_NOT_FOUND", "this node needs a bearer token");
        }
        return switch (reader.read(token.get().strip())) {
            case TokenReader.Outcome.Bad bad -> new Decision.Unauthenticated(bad.code(), bad.message());
            case TokenReader.Outcome.Good good -> decide(good.grants(), database, needed);
        };
    }

    @Override
    public Optional<String> onlyDatabase(Optional<String> token) {
        return token.map(String::strip).map(reader::read).flatMap(outcome -> switch (outcome) {
            case TokenReader.Outcome.Bad bad -> Optional.<String>empty();
            case TokenReader.Outcome.Good good -> good.grants().onlyDatabase();
        });
    }

    private static Decision decide(Grants grants, String database, Right needed) {
        var right = grants.on(database);
        if (right.isEmpty()) {
            return new Decision.Forbidden("the token is not for this");
        }
        return right.get().compareTo(needed) >= 0
                ? new Decision.Allowed(right.get(), grants.expiresAt())
                : new Decision.Forbidden(
                        "the token gives " + lowerCase(right.get()) + ", this needs " + lowerCase(needed));
    }

    private static String lowerCase(Right right) {
        return right.name().toLowerCase(Locale.ROOT);
    }
}
