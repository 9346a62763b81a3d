package io.merklite.sync.replicate;

import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.log.TransactionLog;
import io.merklite.sync.message.Chunk;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.message.SyncMessage.Announce;
import io.merklite.sync.message.SyncMessage.Found;
import io.merklite.sync.message.SyncMessage.Part;
import io.merklite.sync.message.SyncMessage.Publish;
import io.merklite.sync.message.SyncMessage.Want;
import io.merklite.sync.message.SyncMessage.WantPart;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.transaction.TransactionCodec;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Transactions that do not fit into a message: announced, and fetched part by part.
 *
 * <p>A part is asked for by its offset, so nothing is kept where it is read; where it is put together one transaction at
 * a time is kept, up to the largest that is allowed.
 */
final class LargeTransactions {
    /** The largest transaction there can be. */
    private static final int MAX_TRANSACTION_BYTES = 1 << 30;

    private final TransactionLog log;
    private final int maxMessageBytes;
    private final TransactionCodec codec = new TransactionCodec(MAX_TRANSACTION_BYTES);
    private @Nullable Encoded lastRead;
    private @Nullable Assembly assembly;

    /** The bytes of the transaction that was read last: its parts are asked for one after the other. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this class
    private record Encoded(Origin origin, long seq, byte[] bytes) {}

    /** A transaction of which the first bytes are here. */
    private static final class Assembly {
        private final Origin origin;
        private final long seq;
        private byte[] bytes = {};
        private int size;

        private Assembly(Origin origin, long seq) {
            this.origin = origin;
            this.seq = seq;
        }

        /** Twice as much as there was, so that parts are not copied again for each that comes; never more than is due. */
        private void makeRoom(int count, int total) {
            if (size + count > bytes.length) {
                var doubled = (int) Math.min(total, 2L * bytes.length);
                bytes = Arrays.copyOf(bytes, Math.max(size + count, doubled));
            }
        }
    }

    LargeTransactions(TransactionLog log, int maxMessageBytes) {
        this.log = log;
        this.maxMessageBytes = maxMessageBytes;
    }

    private boolean isLarge(Transaction transaction) {
        return transaction.sizeBytes() > maxMessageBytes;
    }

    /** What is said of new transactions: as many as fit in a message, and of a large one only that it is there. */
    List<SyncMessage> publish(List<Transaction> transactions) {
        List<SyncMessage> messages = new ArrayList<>();
        List<Transaction> together = new ArrayList<>();
        var sizeBytes = 0L;
        for (var transaction : transactions) {
            if (!together.isEmpty() && sizeBytes + transaction.sizeBytes() > maxMessageBytes) {
                messages.add(new Publish(together));
                together.clear();
                sizeBytes = 0;
            }
            if (isLarge(transaction)) {
                messages.add(new Announce(transaction.origin(), transaction.seq()));
            } else {
                together.add(transaction);
                sizeBytes += transaction.sizeBytes();
            }
        }
        if (!together.isEmpty()) {
            messages.add(new Publish(together));
        }
        return messages;
    }

    /**
     * Answers what the log has: of each range as much as fits, up to the first that is large or gone. One of each in
     * turn, since what one range has may wait for what another has.
     */
    Found find(Want want) {
        List<Transaction> transactions = new ArrayList<>();
        List<SeqRange> largeOnes = new ArrayList<>();
        List<SeqRange> gone = new ArrayList<>();
        Deque<SeqRange> open = new ArrayDeque<>(want.ranges());
        var credit = (long) Math.min(want.maxSizeBytes(), maxMessageBytes);
        while (!open.isEmpty() && credit > 0) {
            var range = open.remove();
            var first = new SeqRange(range.origin(), range.first(), range.first());
            var found = log.read(range.origin(), range.first());
            if (found.isEmpty()) {
                gone.add(first);
            } else if (isLarge(found.get())) {
                largeOnes.add(first);
            } else {
                credit -= found.get().sizeBytes();
                transactions.add(found.get());
                if (range.first() < range.last()) {
                    open.add(new SeqRange(range.origin(), range.first() + 1, range.last()));
                }
            }
        }
        return new Found(transactions, largeOnes, gone);
    }

    /** Answers with a part; none if the log no longer has the transaction. */
    Optional<Part> part(WantPart want) {
        var encoded = lastRead;
        if (encoded == null || encoded.seq() != want.seq() || !encoded.origin().equals(want.origin())) {
            var found = log.read(want.origin(), want.seq());
            if (found.isEmpty()) {
                return Optional.empty();
            }
            encoded = new Encoded(want.origin(), want.seq(), codec.encode(found.get()));
        }
        var from = Math.min(want.offset(), encoded.bytes().length);
        var to = Math.min(encoded.bytes().length, from + maxMessageBytes);
        lastRead = to == encoded.bytes().length ? null : encoded;
        return Optional.of(new Part(
                want.origin(), want.seq(), from, encoded.bytes().length, Chunk.copyOf(encoded.bytes(), from, to)));
    }

    /** Begins to fetch a transaction, or goes on where it was left. */
    WantPart begin(Origin origin, long seq) {
        if (assembly == null || assembly.seq != seq || !assembly.origin.equals(origin)) {
            assembly = new Assembly(origin, seq);
        }
        return new WantPart(origin, seq, assembly.size);
    }

    /**
     * Takes a part in; the transaction once it is whole. A part that is not the next one is passed over.
     *
     * @throws io.merklite.sync.SyncException if the whole is no transaction, or too large
     */
    Optional<Transaction> add(Part part) {
        var current = assembly;
        if (current == null || !isOf(current, part) || part.offset() != current.size) {
            return Optional.empty();
        }
        if (part.totalSizeBytes() > MAX_TRANSACTION_BYTES
                || (long) part.offset() + part.bytes().sizeBytes() > part.totalSizeBytes()) {
            throw new TooLarge("transaction", part.totalSizeBytes(), MAX_TRANSACTION_BYTES);
        }
        current.makeRoom(part.bytes().sizeBytes(), part.totalSizeBytes());
        part.bytes().view().get(current.bytes, current.size, part.bytes().sizeBytes());
        current.size += part.bytes().sizeBytes();
        if (current.size < part.totalSizeBytes()) {
            return Optional.empty();
        }
        assembly = null;
        return Optional.of(codec.decode(
                current.size == current.bytes.length ? current.bytes : Arrays.copyOf(current.bytes, current.size)));
    }

    /** What to ask for after a part. */
    Optional<WantPart> next(Part part) {
        var current = assembly;
        return current == null || !isOf(current, part)
                ? Optional.empty()
                : Optional.of(new WantPart(part.origin(), part.seq(), current.size));
    }

    /** Starts over. */
    void forget(Part part) {
        if (assembly != null && isOf(assembly, part)) {
            assembly = null;
        }
    }

    private static boolean isOf(Assembly assembly, Part part) {
        return assembly.seq == part.seq() && assembly.origin.equals(part.origin());
    }
}
