package io.merklite.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ArchitectureRulesTest {
    private static final JavaClasses OFFENDERS = new ClassFileImporter().importPackages("io.merklite.testkit.offender");

    static Stream<ArchRule> rules() {
        return Stream.of(
                ArchitectureRules.NO_SYSTEM_CLOCK,
                ArchitectureRules.NO_SLEEP,
                ArchitectureRules.NO_EXECUTORS,
                ArchitectureRules.NO_PRINTING,
                ArchitectureRules.NO_JAVA_SERIALIZATION);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void ruleBitesWhoBreaksIt(ArchRule rule) {
        assertThatThrownBy(() -> rule.check(OFFENDERS)).isInstanceOf(AssertionError.class);
    }
}
