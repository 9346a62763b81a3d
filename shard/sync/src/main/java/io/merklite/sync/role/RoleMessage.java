package io.merklite.sync.role;

import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.ErrorCode;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.RemoteRow;
import java.util.List;
import java.util.Set;

/**
 * What roles say to each other. Schemas are 32-bit fingerprints of the tables that replicate; numbers are those of a
 * master's changes, from 1.
 */
public sealed interface RoleMessage {
    /** Version of the protocol. */
    int PROTOCOL = 1;

    /** Replica: wants to be live, and has applied everything up to {@code seq}. Answered by {@link Standing}. */
    record Hello(int protocol, long round, int schema, long seq) implements RoleMessage {}

    /** Replica: wants to have the master's rows, whatever it has. Answered by {@link Standing}, up to two of them. */
    record Converge(int protocol, long round, int schema, long seq) implements RoleMessage {}

    /**
     * Master: where it stands.
     *
     * @param round of the request
     * @param seq if the replica {@code isCurrent} the number it has, otherwise that of the last change
     * @param latest number of the last change
     * @param horizon deaths up to this clock are forgotten
     * @param sum of the digests of all rows
     * @param isCurrent whether what the replica has not seen follows as {@link Changes}, so that it is live
     */
    record Standing(long round, long seq, long latest, long horizon, long sum, boolean isCurrent)
            implements RoleMessage {}

    /** Replica: a question along the merkle index. Answered by {@link Answer}. */
    record Ask(SyncMessage question) implements RoleMessage {}

    /** Master: an answer, of a time when {@code seq} was the last number. */
    record Answer(long seq, SyncMessage answer) implements RoleMessage {}

    /** Master: what was committed. Answered by {@link Acknowledged}. */
    record Changes(long seq, int schema, List<Segment> segments) implements RoleMessage {
        public Changes {
            segments = List.copyOf(segments);
        }
    }

    /** Master: what has number {@code seq} is too large for a message, or can't be told; the replica must converge. */
    record Skipped(long seq) implements RoleMessage {}

    /** Replica: it has everything up to {@code seq}. */
    record Acknowledged(long seq) implements RoleMessage {}

    /**
     * Either: something went wrong.
     *
     * @param text says what
     * @param schema fingerprint of the sender's tables; 0 unless schemas differ
     * @param ddl the sender's tables as CREATE TABLE statements; empty unless schemas differ
     */
    record Failed(ErrorCode code, String text, int schema, List<String> ddl) implements RoleMessage {
        public Failed {
            ddl = List.copyOf(ddl);
        }
    }

    /** Client peer: wants to own these tables. Answered by {@link Granted} or {@link Failed}. */
    record Claim(int protocol, Set<String> tables) implements RoleMessage {
        public Claim {
            tables = Set.copyOf(tables);
        }
    }

    /** Server peer: the client owns what it claimed. */
    record Granted() implements RoleMessage {}

    /** A piece of {@link Changes}. */
    sealed interface Segment {
        /** A changeset and the stamp it was written under. */
        record Written(Stamp stamp, Changeset changes) implements Segment {}

        /** Rows with their states, and keys of rows that are gone without a trace. */
        record Copied(String table, List<RemoteRow> rows, List<List<ChangesetValue>> gone) implements Segment {
            public Copied {
                rows = List.copyOf(rows);
                gone = List.copyOf(gone);
            }
        }
    }
}
