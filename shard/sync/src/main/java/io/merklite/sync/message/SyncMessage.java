package io.merklite.sync.message;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A message between two replicas of one database.
 *
 * <p>Live flow: {@link Publish}, answered by {@link Acknowledge}; a large transaction is only announced. Comparing:
 * {@link Status}. Catch-up from the log: {@link Want}, answered by {@link Found}; {@link WantPart}, answered by {@link
 * Part}; {@link WantSchema}, answered by {@link Schema}. The merkle path: {@link Inspect}, answered by {@link Inspected}; {@link Fetch} and {@link FetchRange}, answered
 * by {@link Rows}.
 */
public sealed interface SyncMessage {
    /**
     * Transactions, by their writer or by a replica that passes them on: those that were committed together, say.
     *
     * @param transactions at least one; of each origin in the order of their seqs
     */
    record Publish(List<Transaction> transactions) implements SyncMessage {
        public Publish {
            transactions = List.copyOf(transactions);
            if (transactions.isEmpty()) {
                throw new IllegalArgumentException("nothing to publish");
            }
        }
    }

    /**
     * There is a transaction that is too large to be sent unasked.
     *
     * @param origin its writer
     * @param seq its seq
     */
    record Announce(Origin origin, long seq) implements SyncMessage {}

    /**
     * A transaction that was published is applied, and everything of its origin before it: one answers for all that were
     * applied together.
     *
     * @param origin its writer
     * @param seq its seq
     */
    record Acknowledge(Origin origin, long seq) implements SyncMessage {}

    /**
     * What the sender has. Under 200 bytes for up to six origins.
     *
     * @param vector what it has applied
     * @param clocks by origin the clock of the last transaction that it has applied
     * @param clock its hybrid clock: what it writes later has a later stamp
     * @param horizon deaths up to this clock are forgotten there
     * @param root its merkle root
     * @param schema fingerprint of its schema
     * @param isAhead whether rows may be there whose transactions the vector does not have
     * @param isAnswer whether it answers a status, and so wants none back
     */
    record Status(
            VersionVector vector,
            Map<Origin, Long> clocks,
            long clock,
            long horizon,
            long root,
            long schema,
            boolean isAhead,
            boolean isAnswer)
            implements SyncMessage {
        public Status {
            clocks = Map.copyOf(clocks);
        }
    }

    /**
     * Asks for transactions of the log.
     *
     * @param ranges which
     * @param maxSizeBytes how much the answer may carry, about
     */
    record Want(List<SeqRange> ranges, int maxSizeBytes) implements SyncMessage {
        public Want {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * Transactions of the log.
     *
     * @param transactions of each range the first ones, as many as fit
     * @param large transactions that must be asked for in parts
     * @param gone what the log no longer has
     */
    record Found(List<Transaction> transactions, List<SeqRange> large, List<SeqRange> gone) implements SyncMessage {
        public Found {
            transactions = List.copyOf(transactions);
            large = List.copyOf(large);
            gone = List.copyOf(gone);
        }
    }

    /**
     * Asks for a part of a large transaction.
     *
     * @param origin its writer
     * @param seq its seq
     * @param offset of the first byte wanted
     */
    record WantPart(Origin origin, long seq, int offset) implements SyncMessage {}

    /**
     * A part of a large transaction.
     *
     * @param origin its writer
     * @param seq its seq
     * @param offset of the first byte of {@code bytes}
     * @param totalSizeBytes size of the whole
     * @param bytes the part
     */
    record Part(Origin origin, long seq, int offset, int totalSizeBytes, Chunk bytes) implements SyncMessage {}

    /** Asks what a schema with this fingerprint was: a transaction that was written on it waits. */
    record WantSchema(long fingerprint) implements SyncMessage {}

    /**
     * What a schema was.
     *
     * @param fingerprint its fingerprint
     * @param columns column names by table name, all folded
     */
    record Schema(long fingerprint, Map<String, List<String>> columns) implements SyncMessage {
        public Schema {
            columns = Map.copyOf(columns);
        }
    }

    /**
     * A range of keys of one table.
     *
     * @param table name of the table
     * @param from values of the first key, none for the beginning
     * @param to values of the first key behind it, none for the end
     */
    record Range(String table, Optional<List<ChangesetValue>> from, Optional<List<ChangesetValue>> to) {}

    /**
     * A range and what it sums up to at the sender.
     *
     * @param range the range
     * @param sum sum of the digests of its rows
     */
    record Summed(Range range, long sum) {}

    /**
     * Asks what ranges look like.
     *
     * @param round of which this is part
     * @param request number of the request in its round
     * @param ranges the ranges
     */
    record Inspect(long round, int request, List<Summed> ranges) implements SyncMessage {
        public Inspect {
            ranges = List.copyOf(ranges);
        }
    }

    /** What a range looks like at the sender. */
    sealed interface Finding {
        /** It has the same sum. */
        enum Same implements Finding {
            SAME
        }

        /**
         * It is large: what its parts sum up to.
         *
         * @param boundaries keys that begin the second and later parts
         * @param sums one more than boundaries
         */
        record Parts(List<List<ChangesetValue>> boundaries, List<Long> sums) implements Finding {
            public Parts {
                boundaries = List.copyOf(boundaries);
                sums = List.copyOf(sums);
            }
        }

        /**
         * Its keys, each with a short digest, which depends on the round.
         *
         * @param keys the keys in order
         * @param digests one for each
         * @param rest where the rest of the range begins if it did not fit
         */
        record Keys(List<List<ChangesetValue>> keys, List<Integer> digests, Optional<List<ChangesetValue>> rest)
                implements Finding {
            public Keys {
                keys = List.copyOf(keys);
                digests = List.copyOf(digests);
            }
        }
    }

    /**
     * What ranges look like, in the order in which they were asked for.
     *
     * @param round the round of the request
     * @param request its number
     * @param schema fingerprint of its schema
     * @param applied what its sender has applied
     * @param reach what its rows depend on: that, or more
     * @param clocks by origin the clock of the last transaction that it has applied
     * @param findings one for each range
     */
    record Inspected(
            long round,
            int request,
            long schema,
            VersionVector applied,
            VersionVector reach,
            Map<Origin, Long> clocks,
            List<Finding> findings)
            implements SyncMessage {
        public Inspected {
            clocks = Map.copyOf(clocks);
            findings = List.copyOf(findings);
        }
    }

    /** Asks for rows by key. */
    record Fetch(long round, int request, String table, List<List<ChangesetValue>> keys) implements SyncMessage {
        public Fetch {
            keys = List.copyOf(keys);
        }
    }

    /** Asks for the rows of a range, in order. */
    record FetchRange(long round, int request, Range range) implements SyncMessage {}

    /**
     * Rows with their states.
     *
     * @param round the round of the request
     * @param request its number
     * @param schema fingerprint of its schema
     * @param applied what its sender has applied
     * @param reach what its rows depend on: that, or more
     * @param table their table
     * @param rows as many as fit
     * @param restKeys keys asked for that did not fit
     * @param restFrom where the rest of a range begins if it did not fit
     */
    record Rows(
            long round,
            int request,
            long schema,
            VersionVector applied,
            VersionVector reach,
            String table,
            List<RemoteRow> rows,
            List<List<ChangesetValue>> restKeys,
            Optional<List<ChangesetValue>> restFrom)
            implements SyncMessage {
        public Rows {
            rows = List.copyOf(rows);
            restKeys = List.copyOf(restKeys);
        }
    }
}
