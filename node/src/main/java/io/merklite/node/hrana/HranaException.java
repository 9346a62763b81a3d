package io.merklite.node.hrana;

import io.merklite.node.http.Refusal;

/**
 * A client does not keep to the protocol. Over HTTP the answer has status 400, a WebSocket is closed. It carries no stack
 * trace: whose fault it is stands in the message.
 */
abstract sealed class HranaException extends RuntimeException {
    private final String code;
    private final String what;

    private HranaException(String code, String what, String remedy) {
        super("[" + code + "] " + what + ". " + remedy + ".", null, false, false);
        this.code = code;
        this.what = what + ". " + remedy;
    }

    /** The answer over HTTP. */
    final Refusal toRefusal() {
        return new Refusal(400, code, what);
    }

    /** The code of a closing WebSocket (RFC 6455, section 7.4.1). */
    final int closeCode() {
        return switch (this) {
            case Malformed malformed -> 1007;
            case Violated violated -> 1008;
        };
    }

    /** What is wrong, short enough for the reason of a closing WebSocket. */
    final String what() {
        return what;
    }

    /** The bytes are no request. */
    static final class Malformed extends HranaException {
        Malformed(String found) {
            super("MALFORMED_REQUEST", found, "Send what the Hrana protocol describes");
        }
    }

    /** The request is one, but not here and now. */
    static final class Violated extends HranaException {
        Violated(String found) {
            super("PROTOCOL_VIOLATED", found, "Send requests in an order that the Hrana protocol allows");
        }
    }
}
