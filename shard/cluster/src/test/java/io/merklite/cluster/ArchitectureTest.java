package io.merklite.cluster;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import io.merklite.testkit.ArchitectureRules;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses CLASSES = ArchitectureRules.mainClasses("io.merklite.cluster");

    @Test
    void moduleObeysTheRulesOfLibrariesButThoseOnPekko() {
        Stream.of(
                        ArchitectureRules.NO_SYSTEM_CLOCK,
                        ArchitectureRules.NO_SLEEP,
                        ArchitectureRules.NO_EXECUTORS,
                        ArchitectureRules.NO_PRINTING,
                        ArchitectureRules.NO_JAVA_SERIALIZATION)
                .forEach(rule -> rule.check(CLASSES));
    }

    @Test
    void featuresAreFreeOfCycles() {
        slices().matching("io.merklite.cluster.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void connectionsAreOwnedInTheirPackagesOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.merklite.cluster.checkpoint..",
                        "io.merklite.cluster.journal..",
                        "io.merklite.cluster.replica..",
                        "io.merklite.cluster.sql..",
                        "io.merklite.cluster.transfer..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.sql..")
                .check(CLASSES);
    }
}
