package io.merklite.cluster.replica;

import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.sync.SyncException;
import io.merklite.sync.database.QueryResult;
import io.merklite.sync.database.Registration;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Who is told of what happens to a database: results of queries, and transactions.
 *
 * <p><b>Threading.</b> Confined to the database's actor.
 */
final class Watchers {
    private final ReplicaCore core;
    private final Map<ActorRef<Watch>, Registration> queries = new HashMap<>();
    private final Map<ActorRef<Watch>, Boolean> changes = new HashMap<>();

    Watchers(ReplicaCore core) {
        this.core = core;
    }

    /** Tells {@code watcher} the result of a query, now and whenever it changes. Not while a transaction is open. */
    void watchQuery(String sql, ActorRef<Watch> watcher) {
        try {
            var registration = core.database().subscribe(sql, result -> watcher.tell(new Watch.Result(of(result))));
            Optional.ofNullable(queries.put(watcher, registration)).ifPresent(Registration::close);
        } catch (SyncException e) {
            watcher.tell(new Watch.Ended(new SqlError(e.code(), String.valueOf(e.getMessage()))));
        }
    }

    private static StatementResult of(QueryResult result) {
        var columns = result.columns().stream()
                .map(name -> new ResultColumn(name, Optional.empty()))
                .toList();
        return new StatementResult(
                columns, result.rows(), 0, OptionalLong.empty(), result.rows().size(), 0, 0);
    }

    /** Tells {@code watcher} of transactions, those first that {@code after} does not have, if they are still at hand. */
    void watchChanges(VersionVector after, ActorRef<Watch> watcher) {
        var missed = core.recent(after);
        if (missed.isEmpty()) {
            watcher.tell(new Watch.Gap(core.vector()));
        } else {
            var bookmark = after;
            for (var transaction : missed.get()) {
                bookmark = bookmark.with(transaction.origin(), transaction.seq());
                watcher.tell(new Watch.Changed(transaction, bookmark));
            }
        }
        changes.put(watcher, true);
    }

    /** A transaction was committed. */
    void changed(Transaction transaction) {
        changes.keySet().forEach(watcher -> watcher.tell(new Watch.Changed(transaction, core.vector())));
    }

    /** The watcher is gone. */
    void forget(ActorRef<Watch> watcher) {
        Optional.ofNullable(queries.remove(watcher)).ifPresent(Registration::close);
        changes.remove(watcher);
    }

    boolean isEmpty() {
        return queries.isEmpty() && changes.isEmpty();
    }

    /** Tells all that it is over. */
    void end(SqlError why) {
        queries.forEach((watcher, registration) -> {
            registration.close();
            watcher.tell(new Watch.Ended(why));
        });
        changes.keySet().forEach(watcher -> watcher.tell(new Watch.Ended(why)));
        queries.clear();
        changes.clear();
    }
}
