package io.merklite.sync.database;

/** Hears what happens beside results and errors. Called on the thread of the database, and must not throw. */
@FunctionalInterface
public interface LogListener {
    /** How much a line matters. */
    enum Level {
        /** A step of normal work. */
        DEBUG,
        /** Something began or ended. */
        INFO,
        /** Something will not work as its author may think. */
        WARN,
        /** Something failed, and a human must act. */
        ERROR
    }

    /** Hears nothing. */
    LogListener SILENT = (level, text) -> {};

    /** @param text an event, with names of tables but never with values of rows */
    void log(Level level, String text);
}
