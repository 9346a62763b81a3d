package io.merklite.cluster;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What can fail in this module. Each variant has a stable {@link #code()} and a {@link #remedy()} for the reader. */
public abstract sealed class ClusterException extends RuntimeException {
    private final String code;
    private final String remedy;

    private ClusterException(String code, String what, String remedy, @Nullable Throwable cause) {
        super("[" + code + "] " + what + ". " + remedy + ".", cause);
        this.code = code;
        this.remedy = remedy;
    }

    /** Stable identifier, {@code part.reason}. */
    public final String code() {
        return code;
    }

    /** What the user should do. */
    public final String remedy() {
        return remedy;
    }

    /** The journal's file is damaged. What was read before is right; nothing more is acknowledged. */
    public static final class JournalDamaged extends ClusterException {
        /**
         * @param file the journal, or the part of it that is damaged
         * @param found the damage
         */
        public JournalDamaged(String file, String found) {
            this(file, found, null);
        }

        /**
         * @param file the journal, or the part of it that is damaged
         * @param found the damage
         * @param cause SQLite's answer, if it found it
         */
        public JournalDamaged(String file, String found, @Nullable Throwable cause) {
            super(
                    "journal.damaged",
                    file + ": " + found,
                    "Stop the node, move its journal and its databases aside, check the disk, and start it again:"
                            + " it fetches its databases from the other replicas",
                    cause);
        }
    }

    /** The file is a SQLite database, and not a journal. It was left as it is. */
    public static final class JournalForeign extends ClusterException {
        /**
         * @param file the file
         * @param found what it is
         */
        public JournalForeign(Path file, String found) {
            super(
                    "journal.foreign-file",
                    file + " is no journal: " + found,
                    "Set merklite.journal.path to the journal of this node, or to a file that does not exist",
                    null);
        }
    }

    /** The journal was written by a later version. It was left as it is. */
    public static final class JournalNewer extends ClusterException {
        /**
         * @param file the file
         * @param found its version
         * @param known the highest version known here
         */
        public JournalNewer(Path file, int found, int known) {
            super(
                    "journal.newer-version",
                    file + " has format " + found + ", known up to " + known,
                    "Start the version that wrote it, or a later one",
                    null);
        }
    }

    /** There are databases and no journal: it was lost, or is elsewhere. Nothing was opened. */
    public static final class JournalMissing extends ClusterException {
        /**
         * @param journal where it should be
         * @param databases where databases are
         */
        public JournalMissing(Path journal, Path databases) {
            super(
                    "journal.missing",
                    "there is no journal at " + journal + ", and there are databases in " + databases,
                    "Bring the journal of these databases back, or correct merklite.journal.path. If it is lost: move the"
                            + " databases aside, and the node fetches them from the others; or, if this node is the only"
                            + " one, start it once with merklite.journal.allow-missing = on, and what was acknowledged"
                            + " and is not in the databases' files yet is lost",
                    null);
        }
    }

    /** Another process, or another actor system of this one, has the journal. */
    public static final class JournalInUse extends ClusterException {
        /** @param file the file */
        public JournalInUse(Path file) {
            super(
                    "journal.in-use",
                    file + " belongs to another running node",
                    "Stop that node, or set merklite.journal.path to a file of this node's own",
                    null);
        }
    }

    /** There is no room for a write. Nothing of it was kept; reads go on, and writes once there is room. */
    public static final class JournalFull extends ClusterException {
        /**
         * @param file the journal
         * @param cause SQLite's answer
         */
        public JournalFull(Path file, Throwable cause) {
            super(
                    "journal.full",
                    file + " cannot grow",
                    "Make room on its volume, or raise merklite.journal.max-size",
                    cause);
        }
    }

    /** The disk did not do what it was asked to do. Whether a write is there cannot be known. */
    public static final class JournalFailure extends ClusterException {
        /**
         * @param what what was being done, and what came of it
         * @param cause the answer
         */
        public JournalFailure(String what, @Nullable Throwable cause) {
            super("journal.failure", what, "Mend the cause, and restart the node if writes do not go on", cause);
        }
    }

    /** Two writers claim the same sequence number: an actor runs twice. Nothing was written. */
    public static final class JournalSequenceUsed extends ClusterException {
        /**
         * @param persistenceId whose
         * @param sequenceNr the first number of the write that was refused
         * @param highest the highest number that was used
         */
        public JournalSequenceUsed(String persistenceId, long sequenceNr, long highest) {
            super(
                    "journal.sequence-used",
                    persistenceId + " writes " + sequenceNr + ", and " + highest + " is there",
                    "See that each persistence id runs once; the actor that was refused must recover first",
                    null);
        }
    }

    /** An event that this journal cannot keep. */
    public static final class JournalUnsupported extends ClusterException {
        /**
         * @param what the event, and what is wrong with it
         * @param remedy what to do instead
         */
        public JournalUnsupported(String what, String remedy) {
            super("journal.unsupported", what, remedy, null);
        }
    }

    /** The configured read journal cannot answer what the changeset log asks. */
    public static final class LogPlugin extends ClusterException {
        /** @param what which plugin, and what it lacks */
        public LogPlugin(String what) {
            super(
                    "log.plugin",
                    what,
                    "Set merklite.log.read-journal-plugin to one with currentEventsByPersistenceId",
                    null);
        }
    }

    /** An event or a snapshot of the changeset log is not what it should be. */
    public static final class LogDamaged extends ClusterException {
        /**
         * @param what which log or bytes, and what is wrong
         * @param cause the decoder's answer, if it found it
         */
        public LogDamaged(String what, @Nullable Throwable cause) {
            super(
                    "log.damaged",
                    what,
                    "Move the database's file aside and let the replica bootstrap again: it begins a new log",
                    cause);
        }
    }

    /** An event or a snapshot of the changeset log was written by a later version. */
    public static final class LogNewer extends ClusterException {
        /** @param manifest what it calls itself */
        public LogNewer(String manifest) {
            super(
                    "log.newer-version",
                    "an event of kind '" + manifest + "'",
                    "Start the version that wrote it, or a later one",
                    null);
        }
    }

    /** There is no database of this name. */
    public static final class NoDatabase extends ClusterException {
        /** @param database the name */
        public NoDatabase(String database) {
            super(
                    "cluster.no-database",
                    "there is no database '" + database + "'",
                    "Create it first, or look whether the name is spelt as it was created",
                    null);
        }
    }

    /** More is asked of a database than it can do. Nothing was done. */
    public static final class Overloaded extends ClusterException {
        /**
         * @param database its name
         * @param what what was exceeded
         */
        public Overloaded(String database, String what) {
            super(
                    "cluster.overloaded",
                    "database " + database + ": " + what,
                    "Try again later, with fewer at once",
                    null);
        }
    }

    /** A database can't be reached or opened. Nothing was done. */
    public static final class Unavailable extends ClusterException {
        /**
         * @param database its name
         * @param what why
         */
        public Unavailable(String database, String what) {
            super(
                    "cluster.unavailable",
                    "database " + database + ": " + what,
                    "Try again; if it lasts, look at the log of the node that has its writer",
                    null);
        }
    }

    /** Whether something was done can't be known now. */
    public static final class UnknownOutcome extends ClusterException {
        /**
         * @param database its name
         * @param what what is known
         */
        public UnknownOutcome(String database, String what) {
            super(
                    "cluster.unknown-outcome",
                    "database " + database + ": " + what,
                    "Read with the bookmark, if there is one, or look for the write before you repeat it",
                    null);
        }
    }

    /** The key of a request is that of another one, which was applied. Nothing was done. */
    public static final class KeyReused extends ClusterException {
        /**
         * @param database its name
         * @param what which key
         */
        public KeyReused(String database, String what) {
            super("cluster.key-reused", "database " + database + ": " + what, "Take a new key for each request", null);
        }
    }
}
