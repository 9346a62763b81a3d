package io.merklite.node.http;

import io.merklite.cluster.sql.StreamOptions.Level;
import java.util.Locale;

/** How fresh a read must be, as requests name it. */
public final class ReadLevel {
    /** The header that names it. */
    public static final String HEADER = "merklite-level";

    private ReadLevel() {}

    /** The level called {@code name}; a {@link RefusedException} if there is none. */
    public static Level of(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "local" -> Level.LOCAL;
            case "bookmark" -> Level.BOOKMARK;
            case "writer" -> Level.WRITER;
            default ->
                throw new RefusedException(
                        new Refusal(400, "HEADER_INVALID", "a level must be one of local, bookmark, writer"));
        };
    }
}
