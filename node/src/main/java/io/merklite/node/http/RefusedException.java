package io.merklite.node.http;

/** A request that can't be served. It has no stack trace: it is an answer on its way, not a fault. */
public final class RefusedException extends RuntimeException {
    private final transient Refusal refusal;

    public RefusedException(Refusal refusal) {
        super("[" + refusal.code() + "] " + refusal.message(), null, false, false);
        this.refusal = refusal;
    }

    public Refusal refusal() {
        return refusal;
    }
}
