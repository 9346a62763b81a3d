package io.merklite.schema.conformance;

import com.google.gson.JsonObject;
import io.merklite.testkit.Vectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("vectors")
class SchemaVectorsTest {
    @Test
    void goldenCasesHold() throws Exception {
        Vectors.run("sqlift", SchemaVectorsTest::check);
    }

    private static void check(String suite, JsonObject vector) throws Exception {
        if (vector.has("a") && vector.has("b")) {
            HashCases.check(vector);
        } else if (vector.has("plan_json")) {
            MigrationCases.checkPlanJson(vector);
        } else if (vector.has("to")) {
            MigrationCases.check(vector);
        } else {
            throw new AssertionError("suite " + suite + " is of no known kind");
        }
    }
}
