package io.merklite.node.sync;

/** Why a link is closed, as a code of WebSockets: those from 4000 on are Merklite's own, after the statuses of HTTP. */
enum CloseCode {
    /** The node stops: come back, to another one if there is one. */
    GOING_AWAY(1001),
    /** What came is none of the protocol. */
    VIOLATED(1008),
    /** A message is larger than the other end takes. */
    TOO_LARGE(1009),
    /** The database's writer moves: come back. */
    WRITER_MOVES(1012),
    /** The database can't be opened now: come back later. */
    TRY_LATER(1013),
    /** The token is missing, malformed, expired, or signed by someone else. */
    UNAUTHENTICATED(4401),
    /** The token is good, and not for this database. */
    FORBIDDEN(4403),
    /** There is no such database. */
    NO_DATABASE(4404),
    /** Another link of the same replica has come. */
    REPLACED(4409),
    /** The node serves as many replicas as it may. */
    TOO_MANY(4429);

    private final int number;

    CloseCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
