package io.merklite.sync.role;

import io.merklite.session.changeset.Changeset;
import io.merklite.sync.database.RowEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What came of handling messages of a peer; see {@link Outcome}.
 *
 * @param answers to be sent back
 * @param changes what changed in the replicated tables
 * @param failure of the message at which handling stopped, or of a subscription's query
 */
public record PeerOutcome(List<PeerMessage> answers, List<Changeset> changes, Optional<RuntimeException> failure) {
    public PeerOutcome {
        answers = List.copyOf(answers);
        changes = List.copyOf(changes);
    }

    /** The changed rows, in order. */
    public List<RowEvent> rows() {
        List<RowEvent> rows = new ArrayList<>();
        changes.forEach(change -> rows.addAll(RowEvent.of(change)));
        return rows;
    }
}
