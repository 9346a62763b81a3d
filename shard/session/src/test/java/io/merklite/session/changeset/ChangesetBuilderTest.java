package io.merklite.session.changeset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.SessionException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangesetBuilderTest {
    private static final TableInfo USERS = new TableInfo("users", List.of(1, 0));
    private static final ChangesetValue ONE = new ChangesetValue.Integer(1);
    private static final ChangesetValue ADA = ChangesetValue.Text.of("Ada");
    private static final ChangesetValue GRACE = ChangesetValue.Text.of("Grace");
    private static final ChangesetValue UNDEFINED = ChangesetValue.UNDEFINED;

    @Test
    void changesOfOneRowBecomeOneNetChange() {
        var builder = new ChangesetBuilder();

        builder.table(USERS).insert(List.of(ONE, ADA)).update(List.of(ONE, ADA), List.of(UNDEFINED, GRACE));

        assertThat(builder.build().tables())
                .containsExactly(new TableChangeset(
                        USERS,
                        List.of(new ChangesetRow(
                                ChangeOp.INSERT, false, List.of(UNDEFINED, UNDEFINED), List.of(ONE, GRACE)))));
    }

    @Test
    void patchsetOfAChangesetIsWhatTheBuilderMakes() {
        var changeset = new ChangesetBuilder();
        changeset.table(USERS).indirect(true).update(List.of(ONE, ADA), List.of(UNDEFINED, GRACE));
        var patchset = new PatchsetBuilder();

        patchset.table(USERS).indirect(true).update(List.of(ONE, GRACE));

        assertThat(patchset.build()).isEqualTo(changeset.build().toPatchset());
    }

    @Test
    void deleteInAPatchsetNeedsTheKeyAlone() {
        var changeset = new ChangesetBuilder();
        changeset.table(USERS).delete(List.of(ONE, ADA));
        var patchset = new PatchsetBuilder();

        patchset.table(USERS).delete(List.of(ONE));

        assertThat(patchset.build()).isEqualTo(changeset.build().toPatchset());
    }

    @Test
    void impossibleChangesAreRefused() {
        var table = new ChangesetBuilder().table(USERS);

        assertThatThrownBy(() -> table.insert(List.of(ONE))).hasMessageContaining("1 values for users");
        assertThatThrownBy(() -> table.insert(List.of(ChangesetValue.NULL, ADA)))
                .hasMessageContaining("in the key");
        assertThatThrownBy(() -> table.insert(List.of(ONE, UNDEFINED))).hasMessageContaining("undefined");
        assertThatThrownBy(() -> table.update(List.of(ONE, ADA), List.of(ONE, GRACE)))
                .hasMessageContaining("changed key");
        assertThatThrownBy(() -> table.update(List.of(ONE, UNDEFINED), List.of(UNDEFINED, GRACE)))
                .hasMessageContaining("both an old and a new value");
        assertThatThrownBy(() -> table.update(List.of(ONE, UNDEFINED), List.of(UNDEFINED, UNDEFINED)))
                .hasMessageContaining("changes nothing");
        assertThatThrownBy(() -> new PatchsetBuilder().table(USERS).delete(List.of(ONE, ADA)))
                .hasMessageContaining("must be 1 values");
    }

    @Test
    void tableOfAnotherShapeIsRefused() {
        var builder = new ChangesetBuilder();
        builder.table(USERS).insert(List.of(ONE, ADA));
        var wider = builder.table(new TableInfo("USERS", List.of(1, 0, 0)));

        assertThatThrownBy(() -> wider.insert(List.of(ONE, ADA, GRACE)))
                .isInstanceOf(SessionException.SchemaMismatch.class);
    }
}
