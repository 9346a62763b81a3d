package io.merklite.client.http;

/** Whether a request may be sent again when its answer was lost. */
public enum Safety {
    /** It changes nothing: any node may be asked again. */
    REPEATABLE,
    /** It carries a key: a node that knows keys applies it once. */
    KEYED,
    /** It must not be sent again. */
    ONCE
}
