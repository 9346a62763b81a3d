package io.merklite.session.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.merklite.testkit.Vectors;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The golden cases of apply that need no more of a database than keys, on the database in memory. */
class MemoryVectorsTest {
    /** Cases about comparing and converting as SQL does, which a database in memory leaves out. */
    private static final Set<String> ABOUT_SQL_VALUES =
            Set.of("old-values-compare-as-in-sql", "text-key-for-integer-key");

    @Test
    void goldenCasesOfPlainTablesHoldInMemory() throws Exception {
        assumeTrue(
                System.getProperty("merklite.vectors", "").isBlank(),
                "cases of others may be about values that only SQL takes for equal");
        var fitting = new AtomicInteger();

        Vectors.run("session", (suite, vector) -> {
            if (suite.startsWith("apply")
                    && MemoryTarget.fits(vector)
                    && !ABOUT_SQL_VALUES.contains(vector.get("name").getAsString())) {
                fitting.incrementAndGet();
                ApplyCases.checkInMemory(vector);
            }
        });

        assertThat(fitting.get()).as("cases that fit").isGreaterThan(50);
    }
}
