package io.merklite.client;

/** How a transaction begins. */
public enum TransactionMode {
    /** It takes the writer at once, and waits for it. */
    WRITE("BEGIN IMMEDIATE"),
    /** It begins as a reader. Its first write fails as busy if somebody committed since its first read. */
    DEFERRED("BEGIN DEFERRED"),
    /** It only reads, all of it from one snapshot. */
    READ("BEGIN TRANSACTION READONLY");

    private final String sql;

    TransactionMode(String sql) {
        this.sql = sql;
    }

    /** The statement that begins it. */
    public String sql() {
        return sql;
    }
}
