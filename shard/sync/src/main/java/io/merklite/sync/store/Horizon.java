package io.merklite.sync.store;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Forgets the deaths that lie behind the horizon: their tombstones, and what they add to the sums. */
final class Horizon {
    private static final int COLLECT_CHUNK = 1024;

    private final TableRegistry registry;
    private final ShadowRows shadow;
    private final StoreState state;

    Horizon(TableRegistry registry, ShadowRows shadow, StoreState state) {
        this.registry = registry;
        this.shadow = shadow;
        this.state = state;
    }

    /** Raises the horizon. Inside a transaction. */
    void raise(long clockUpTo) throws SQLException {
        for (var table : registry.tables().values()) {
            collect(table, clockUpTo);
        }
        state.horizon(clockUpTo);
        state.save();
    }

    private void collect(TrackedTable table, long clockUpTo) throws SQLException {
        while (true) {
            var dead = shadow.deadUpTo(table, clockUpTo, COLLECT_CHUNK);
            if (dead.isEmpty()) {
                return;
            }
            List<MerkleSums.Change> changes = new ArrayList<>();
            dead.forEach((key, state) -> {
                var digest =
                        RowDigest.dead(key.hash(), state.birth(), state.death().orElseThrow());
                changes.add(new MerkleSums.Change(key, -digest, MerkleSums.Presence.WENT));
            });
            for (var change : changes) {
                state.addToRoot(change.delta());
            }
            shadow.delete(table, List.copyOf(dead.keySet()));
            registry.sums(table).apply(changes);
        }
    }
}
