package io.merklite.client;

/** How fresh a read must be. */
public enum ReadLevel {
    /** What the node that is asked has, without a wait: neither bookmarks nor its own writes are waited for. */
    LOCAL("local"),
    /** All that this client has read and written before, and what was written through the node that is asked. */
    BOOKMARK("bookmark"),
    /** All that was written in the datacenter: its writer is asked. */
    WRITER("writer");

    private final String id;

    ReadLevel(String id) {
        this.id = id;
    }

    /** How a request says it. */
    public String id() {
        return id;
    }
}
