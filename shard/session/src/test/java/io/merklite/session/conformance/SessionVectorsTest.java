package io.merklite.session.conformance;

import com.google.gson.JsonObject;
import io.merklite.testkit.Vectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("vectors")
class SessionVectorsTest {
    @Test
    void goldenCasesHold() throws Exception {
        Vectors.run("session", SessionVectorsTest::check);
    }

    /** By the suite's name; a foreign suite by what its cases have. */
    private static void check(String suite, JsonObject vector) throws Exception {
        if (suite.startsWith("capture") || vector.has("workload")) {
            CaptureCases.check(vector);
        } else if (suite.equals("diff") || vector.has("other")) {
            DiffCases.check(vector);
        } else if (suite.equals("concat") || vector.has("inputs")) {
            ChangeCases.checkConcat(vector);
        } else if (suite.equals("rebase") || vector.has("blobs")) {
            ChangeCases.checkRebase(vector);
        } else if (suite.equals("malformed") || vector.has("hex")) {
            ChangeCases.checkMalformed(vector);
        } else if (suite.startsWith("apply") || vector.has("changeset")) {
            ApplyCases.check(vector);
        } else {
            throw new AssertionError("suite " + suite + " is of no known kind");
        }
    }
}
