package io.merklite.cluster.journal;

import java.util.regex.Pattern;
import org.apache.pekko.persistence.typed.PersistenceId;

/**
 * Whose changeset log it is: one replica, in one life of its file. A file that is made anew gets a new log, because a log
 * that knows more than its file would use sequence numbers again.
 *
 * @param database name of the database
 * @param node the node that has the replica: its journal is its own
 * @param incarnation what tells this file of the replica from those before it
 */
public record LogId(String database, String node, String incarnation) {
    private static final Pattern PART = Pattern.compile("[^|]{1,255}");

    public LogId {
        require("database", database);
        require("node", node);
        require("incarnation", incarnation);
    }

    /** The name under which a journal knows it. */
    public PersistenceId persistenceId() {
        return PersistenceId.ofUniqueId("log|" + database + "|" + node + "|" + incarnation);
    }

    private static void require(String part, String value) {
        if (!PART.matcher(value).matches()) {
            throw new IllegalArgumentException(part + " '" + value + "' of a log, must match " + PART);
        }
    }
}
