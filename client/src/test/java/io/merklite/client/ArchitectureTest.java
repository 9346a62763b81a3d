package io.merklite.client;

import io.merklite.testkit.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void moduleObeysTheRulesOfLibraries() {
        ArchitectureRules.check("io.merklite.client");
    }
}
