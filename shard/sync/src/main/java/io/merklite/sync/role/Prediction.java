package io.merklite.sync.role;

import io.merklite.session.changeset.Changeset;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.store.ReplicaStore;

/**
 * Local writes that anticipate what the master will say: visible at once, never confirmed, gone with the next message.
 *
 * <p>They are the transaction that is open on the connection from {@link #begin} until they are taken back, so a crash
 * takes them back as well. While they are still drafted, a message is handled underneath: the draft is taken back, the
 * message handled, the draft put on top again.
 */
final class Prediction {
    private final ReplicaStore store;
    private State state = State.NONE;

    private enum State {
        NONE,
        DRAFTING,
        COMMITTED
    }

    Prediction(ReplicaStore store) {
        this.store = store;
    }

    boolean isActive() {
        return state != State.NONE;
    }

    void begin() {
        require(state == State.NONE, "a prediction is active", "Roll it back, or handle the next message");
        store.stampUnstamped();
        store.beginOpen();
        state = State.DRAFTING;
    }

    void commit() {
        require(state == State.DRAFTING, "no prediction is being drafted", "Begin one first");
        state = State.COMMITTED;
    }

    void rollback() {
        require(state != State.NONE, "there is no prediction", "Begin one first");
        undo();
    }

    /** Takes it back if there is one. */
    void undo() {
        if (state != State.NONE) {
            state = State.NONE;
            store.rollbackOpen();
        }
    }

    /** Takes it back for as long as a message is handled; what is returned puts a draft on top again. */
    Runnable suspend() {
        if (state != State.DRAFTING) {
            undo();
            return () -> {};
        }
        var draft = store.session().changeset();
        undo();
        return () -> resume(draft);
    }

    private void resume(Changeset draft) {
        store.beginOpen();
        state = State.DRAFTING;
        if (!draft.isEmpty()) {
            store.redoOpen(draft);
        }
    }

    private static void require(boolean holds, String what, String remedy) {
        if (!holds) {
            throw new InvalidState(what, remedy);
        }
    }
}
