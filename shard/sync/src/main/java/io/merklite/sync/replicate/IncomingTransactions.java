package io.merklite.sync.replicate;

import io.merklite.schema.SchemaException;
import io.merklite.session.SessionException;
import io.merklite.sync.SyncException;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.store.Merged;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.Inbox;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Transactions on their way from peers into the store: held until they are ready, then merged, as many in one commit as
 * limits allow. Who sent them, and who is to hear of them, is the {@link Replicator}'s business.
 *
 * <p><b>Invariants.</b> (1) What is merged was ready (see {@link Inbox}). (2) A transaction that fails keeps nothing back
 * but what waits for it: where a group fails, each of it is merged by itself.
 *
 * <p><b>Threading.</b> As the store: confined to its owner.
 */
final class IncomingTransactions {
    private final ReplicaStore store;
    private final ReplicatorOptions options;
    private final Consumer<Event> listener;
    private final BiConsumer<List<Transaction>, Merged> applied;
    private final Inbox<Transaction> inbox;
    /** Those that the listener knows to be too far ahead of the clock. */
    private final Set<Transaction> quarantined = new HashSet<>();

    /**
     * @param listener hears of what is held back, and of groups that failed
     * @param applied is told of what was merged in a commit
     */
    IncomingTransactions(
            ReplicaStore store,
            ReplicatorOptions options,
            Consumer<Event> listener,
            BiConsumer<List<Transaction>, Merged> applied) {
        this.store = store;
        this.options = options;
        this.listener = listener;
        this.applied = applied;
        this.inbox = new Inbox<>(store.clock(), store::knowsSchema, options.maxHeldCount(), options.maxHeldBytes());
    }

    /** Takes a transaction in, unless it is known or there is no room; then it is to be asked for again. */
    void offer(Transaction transaction) {
        inbox.offer(transaction, store.vector());
    }

    /** Those that wait, and for what. */
    List<Inbox.Waiting<Transaction>> waiting() {
        return inbox.waiting(store.vector());
    }

    /** How many are held. */
    int count() {
        return inbox.count();
    }

    /** The last seq of {@code origin} that is held or applied, with none missing before it. */
    long heldUpTo(Origin origin) {
        return inbox.heldUpTo(origin, store.vector());
    }

    /** Transactions of {@code origin} up to {@code seq} wait for the clock no longer. */
    void release(Origin origin, long seq) {
        inbox.release(origin, seq);
    }

    /**
     * Applies what is ready, as much at once as limits allow.
     *
     * @throws SyncException if one could not be; what does not depend on it was applied
     */
    void drain() {
        while (true) {
            var group = inbox.takeGroup(store.vector(), options.groups(), store::mayMergeTogether);
            if (group.isEmpty()) {
                break;
            }
            merge(group);
        }
        for (var waiting : waiting()) {
            if (waiting.reason() == Inbox.Reason.DRIFT && quarantined.add(waiting.transaction())) {
                listener.accept(new Event.Quarantined(
                        waiting.transaction(),
                        store.clock().aheadMillis(waiting.transaction().stamp().clock())));
            }
        }
        quarantined.removeIf(transaction -> store.vector().seq(transaction.origin()) >= transaction.seq());
    }

    private void merge(List<Transaction> group) {
        Merged merged;
        try {
            merged = store.merge(group);
        } catch (SyncException | SessionException | SchemaException e) {
            if (group.size() == 1) {
                throw e;
            }
            listener.accept(new Event.GroupFailed(group, e));
            mergeApart(group);
            return;
        }
        applied.accept(group, merged);
    }

    /** Something of the group has spoilt it for all: each merges by itself, so that only the one at fault fails. */
    private void mergeApart(List<Transaction> group) {
        Optional<RuntimeException> failure = Optional.empty();
        for (var transaction : group) {
            if (!isNext(transaction)) {
                offer(transaction); // it waits for one that failed
                continue;
            }
            try {
                applied.accept(List.of(transaction), store.merge(transaction));
            } catch (SyncException | SessionException | SchemaException e) {
                failure.ifPresent(e::addSuppressed);
                failure = Optional.of(e);
            }
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
    }

    private boolean isNext(Transaction transaction) {
        return store.vector().seq(transaction.origin()) == transaction.seq() - 1
                && store.vector().covers(transaction.dependencies());
    }
}
