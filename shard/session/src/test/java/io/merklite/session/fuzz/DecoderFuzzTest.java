package io.merklite.session.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.merklite.session.SessionException;
import io.merklite.session.changeset.ChangeGroup;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.Inversion;
import io.merklite.session.changeset.Rebaser;
import org.junit.jupiter.api.Tag;

/**
 * Any bytes at all are read, or refused by the sealed family of exceptions.
 *
 * <p>Coverage-guided in {@code mvn verify}; in {@code mvn test} the inputs kept in the resources are run.
 */
@Tag("fuzz")
class DecoderFuzzTest {
    @FuzzTest
    void anyBytesAreReadOrRefused(byte[] bytes) {
        refusable(() -> {
            var cursor = new ChangesetCursor(bytes);
            while (cursor.next()) {
                cursor.row();
            }
        });
        refusable(() -> Inversion.invert(bytes));
        refusable(() -> new ChangeGroup().add(bytes).add(bytes));
        refusable(() -> new Rebaser().configure(bytes).rebase(bytes));
    }

    private static void refusable(Runnable action) {
        try {
            action.run();
        } catch (SessionException e) {
            assertThat(e.code()).startsWith("session.");
        }
    }
}
