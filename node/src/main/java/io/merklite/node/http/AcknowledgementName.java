package io.merklite.node.http;

import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import java.util.Locale;

/** How requests say where a write must be on disk before it is answered. */
public final class AcknowledgementName {
    /** The header that says it. */
    public static final String HEADER = "merklite-ack";

    private AcknowledgementName() {}

    /**
     * The level of this name.
     *
     * @throws RefusedException if there is none
     */
    public static Acknowledgement level(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "local" -> Acknowledgement.LOCAL;
            case "majority" -> Acknowledgement.MAJORITY;
            case "all" -> Acknowledgement.ALL;
            case "each-dc" -> Acknowledgement.EACH_DATACENTER;
            default ->
                throw new RefusedException(new Refusal(
                        400, "HEADER_INVALID", "merklite-ack must be one of local, majority, all, each-dc"));
        };
    }
}
