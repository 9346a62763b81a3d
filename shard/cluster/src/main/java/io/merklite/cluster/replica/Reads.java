package io.merklite.cluster.replica;

import com.typesafe.config.Config;
import java.util.Locale;

/** Where reads run: the setting {@code merklite.reads}. */
public enum Reads {
    /** At the node that is asked, if it has a copy that is far enough; else at the writer. */
    NEAREST,
    /** At the writer of the datacenter. */
    WRITER;

    private static final String PATH = "reads";

    static Reads from(Config merklite) {
        return switch (merklite.getString(PATH).toLowerCase(Locale.ROOT)) {
            case "nearest" -> NEAREST;
            case "writer" -> WRITER;
            default ->
                throw new IllegalArgumentException(
                        "merklite.reads = " + merklite.getString(PATH) + ", must be nearest or writer");
        };
    }
}
