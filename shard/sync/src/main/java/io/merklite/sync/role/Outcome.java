package io.merklite.sync.role;

import io.merklite.session.changeset.ChangeGroup;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.database.RowEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What came of handling messages.
 *
 * @param answers to be sent back
 * @param changes what changed in the replicated tables, one for each message that changed something
 * @param failure of the message at which handling stopped, or of a subscription's query
 */
public record Outcome(List<RoleMessage> answers, List<Changeset> changes, Optional<RuntimeException> failure) {
    /** Nothing came of it. */
    static final Outcome NOTHING = new Outcome(List.of(), List.of(), Optional.empty());

    public Outcome {
        answers = List.copyOf(answers);
        changes = List.copyOf(changes);
    }

    /** The changed rows, in order. */
    public List<RowEvent> rows() {
        List<RowEvent> rows = new ArrayList<>();
        changes.forEach(change -> rows.addAll(RowEvent.of(change)));
        return rows;
    }

    /** All changes as one. */
    public Changeset netChanges() {
        var group = new ChangeGroup();
        changes.forEach(group::add);
        return group.changeset();
    }

    static Outcome answering(RoleMessage... answers) {
        return new Outcome(List.of(answers), List.of(), Optional.empty());
    }
}
