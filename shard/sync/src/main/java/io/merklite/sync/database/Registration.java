package io.merklite.sync.database;

/** Something that is called until this is closed. Closing it again, or after the database, is harmless. */
@FunctionalInterface
public interface Registration extends AutoCloseable {
    @Override
    void close();
}
