package io.merklite.session.conformance;

import io.merklite.testkit.Vectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("vectors")
class SessionVectorsTest {
    @Test
    void goldenCasesHold() throws Exception {
        Vectors.run("session", (suite, vector) -> {
            if (suite.startsWith("apply")) {
                ApplyCases.check(vector);
            }
        });
    }
}
