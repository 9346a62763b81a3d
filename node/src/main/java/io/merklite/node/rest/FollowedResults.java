package io.merklite.node.rest;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * The results that are followed on this node, also for a while after a connection broke, so that the reader can go on.
 *
 * <p><b>Invariant.</b> No more than a count is kept that nobody reads; the one that was kept for the longest time goes first.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class FollowedResults {
    private static final int ID_BYTES = 16;

    private final ActorSystem<?> system;
    private final Duration retain;
    private final int maxKeptCount;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, FollowedResult> results = new LinkedHashMap<>();

    FollowedResults(ActorSystem<?> system, RestSettings settings) {
        this.system = system;
        this.retain = settings.subscriptionRetain();
        this.maxKeptCount = settings.maxKeptSubscriptions();
    }

    /** A result that is followed from now on. */
    synchronized FollowedResult begin(String database, String sql, FeedFormat format) {
        var bytes = new byte[ID_BYTES];
        random.nextBytes(bytes);
        var result = new FollowedResult(HexFormat.of().formatHex(bytes), database, sql, format);
        results.put(result.id(), result);
        return result;
    }

    /** The one with this id, if it is of that database. */
    synchronized Optional<FollowedResult> of(String database, String id) {
        return Optional.ofNullable(results.get(id))
                .filter(result -> result.database().equals(database));
    }

    synchronized void forget(FollowedResult result) {
        results.remove(result.id(), result);
    }

    /** A connection has ended: its reader has a while to come back. */
    void left(FollowedResult result, long connection) {
        if (result.disconnected(connection)) {
            keep(result);
            system.scheduler()
                    .scheduleOnce(
                            retain,
                            () -> {
                                if (result.isAbandonedSince(connection)) {
                                    forget(result);
                                }
                            },
                            system.executionContext());
        }
    }

    private synchronized void keep(FollowedResult result) {
        if (results.remove(result.id(), result)) {
            results.put(result.id(), result); // behind those that are kept already
        }
        var excess = results.values().stream().filter(any -> !any.isRead()).count() - maxKeptCount;
        var oldest = results.values().iterator();
        while (excess > 0 && oldest.hasNext()) {
            if (!oldest.next().isRead()) {
                oldest.remove();
                excess--;
            }
        }
    }
}
