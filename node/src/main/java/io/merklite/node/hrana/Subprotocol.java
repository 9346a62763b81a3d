package io.merklite.node.hrana;

import java.util.Optional;

/** What may be spoken on a WebSocket, in the order in which the node prefers it. */
enum Subprotocol {
    HRANA3_PROTOBUF("hrana3-protobuf", 3, true),
    HRANA3("hrana3", 3, false),
    HRANA2("hrana2", 2, false),
    HRANA1("hrana1", 1, false);

    private final String id;
    private final int version;
    private final boolean isProtobuf;

    Subprotocol(String id, int version, boolean isProtobuf) {
        this.id = id;
        this.version = version;
        this.isProtobuf = isProtobuf;
    }

    int version() {
        return version;
    }

    boolean isProtobuf() {
        return isProtobuf;
    }

    /** A choice, and the client's own spelling of it, in which it must be confirmed. */
    record Choice(Subprotocol subprotocol, String spelling) {}

    /** The best of those that the client offers; none if it offers others only. */
    static Optional<Choice> choose(Iterable<String> offered) {
        for (var candidate : values()) {
            for (var spelling : offered) {
                if (spelling.equalsIgnoreCase(candidate.id)) {
                    return Optional.of(new Choice(candidate, spelling));
                }
            }
        }
        return Optional.empty();
    }
}
