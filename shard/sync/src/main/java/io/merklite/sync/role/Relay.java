package io.merklite.sync.role;

import io.merklite.query.subscribe.Report;
import io.merklite.query.subscribe.SubscriptionId;
import io.merklite.sync.database.Database;
import io.merklite.sync.store.ReplicaStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A replica upstream and a master downstream, on one file: what comes from above goes on to the leaves.
 *
 * <p>The numbers of the two directions have nothing to do with each other. Stamps go through as they are, so the leaves
 * have the states of the first master, and a leaf that changes its relay has nothing to fetch.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection, which it borrows. Blocks on disk.
 */
public final class Relay implements AutoCloseable {
    private final Replica upstream;
    private final Master downstream;
    private final Map<Long, Consumer<RoleMessage>> sinks = new LinkedHashMap<>();
    private long lastSink;

    private Relay(Host host, RoleOptions options) {
        this.downstream =
                Master.open(host, options.withName(options.name() + ":downstream"), RoleTables.filter(options));
        this.upstream = Replica.open(host, options.withName(options.name() + ":upstream"), RoleTables.filter(options));
        downstream.onFlush(message -> List.copyOf(sinks.values()).forEach(sink -> sink.accept(message)));
    }

    /** A relay in {@code store}, which stays the caller's. */
    public static Relay open(ReplicaStore store, RoleOptions options) {
        return new Relay(Host.of(store), options);
    }

    /** A relay in {@code database}, which stays the caller's and whose subscriptions hear of changes as well. */
    public static Relay open(Database database, RoleOptions options) {
        return new Relay(Host.of(database), options);
    }

    /** Where it stands upstream. */
    public Replica.State state() {
        return upstream.state();
    }

    /** The last number applied from upstream. */
    public long upstreamSeq() {
        return upstream.currentSeq();
    }

    /** The last number given downstream. */
    public long downstreamSeq() {
        return downstream.currentSeq();
    }

    /** Greets the master; see {@link Replica#hello}. */
    public RoleMessage hello() {
        return upstream.hello();
    }

    /** Asks the master to compare; see {@link Replica#converge}. */
    public RoleMessage converge() {
        return upstream.converge();
    }

    /** Begins anew upstream; see {@link Replica#reset}. */
    public void reset() {
        upstream.reset();
    }

    /** Handles a message of the master, and hands what it changed to every sink; see {@link Replica#handleMessage}. */
    public Outcome handleUpstream(RoleMessage message) {
        try {
            return upstream.handleMessage(message);
        } finally {
            downstream.flush();
        }
    }

    /** Handles a message of a leaf; see {@link Master#handleMessage}. */
    public List<RoleMessage> handleDownstream(RoleMessage message) {
        return downstream.handleMessage(message);
    }

    /**
     * Adds a leaf to hand changes to.
     *
     * @return its id, never used twice
     */
    public long addSink(Consumer<RoleMessage> sink) {
        sinks.put(++lastSink, sink);
        return lastSink;
    }

    /** Removes a leaf. Harmless if there is none of this id. */
    public void removeSink(long id) {
        sinks.remove(id);
    }

    /** Follows the result of a query; see {@link Replica#subscribe}. */
    public SubscriptionId subscribe(String sql, Consumer<Report> subscriber) {
        return upstream.subscribe(sql, subscriber);
    }

    /** Ends a subscription. Harmless if there is none of this id. */
    public void unsubscribe(SubscriptionId id) {
        upstream.unsubscribe(id);
    }

    @Override
    public void close() {
        upstream.close();
        downstream.close();
    }
}
