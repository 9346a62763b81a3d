package io.merklite.client;

/** Where a write must be on disk before it is answered. */
public enum Acknowledgement {
    /** At the writer of the datacenter. */
    LOCAL("local"),
    /** At a majority of the datacenter's replicas. */
    MAJORITY("majority"),
    /** At all of the datacenter's replicas. */
    ALL("all"),
    /** At the writer of each datacenter. */
    EACH_DATACENTER("each-dc");

    private final String id;

    Acknowledgement(String id) {
        this.id = id;
    }

    /** How a request says it. */
    public String id() {
        return id;
    }
}
