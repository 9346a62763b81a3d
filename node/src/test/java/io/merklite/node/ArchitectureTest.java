package io.merklite.node;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import io.merklite.testkit.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final String ROOT = "io.merklite.node";
    private static final JavaClasses CLASSES = ArchitectureRules.mainClasses(ROOT);

    @Test
    void featuresAreFreeOfCycles() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void nothingSleepsOrUsesJavaSerialization() {
        ArchitectureRules.NO_SLEEP.check(CLASSES);
        ArchitectureRules.NO_JAVA_SERIALIZATION.check(CLASSES);
    }

    @Test
    void nothingTouchesJdbc() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.sql..")
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLinePrints() {
        ArchitectureRules.NO_PRINTING
                .allowEmptyShould(true)
                .check(CLASSES.that(new DescribedPredicate<>("outside the command line") {
                    @Override
                    public boolean test(JavaClass type) {
                        return !type.getPackageName().startsWith(ROOT + ".command");
                    }
                }));
    }
}
