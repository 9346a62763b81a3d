package io.merklite.testkit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executors;

/** The architecture rules of all modules. A module's {@code ArchitectureTest} calls {@link #check} with its package. */
public final class ArchitectureRules {
    /** Time comes from an {@code InstantSource} or a timer, never from the system. */
    public static final ArchRule NO_SYSTEM_CLOCK = noClasses()
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(Instant.class, "now")
            .because("time is a parameter");

    /** Nothing waits by sleeping. */
    public static final ArchRule NO_SLEEP = noClasses()
            .should()
            .callMethod(Thread.class, "sleep", long.class)
            .orShould()
            .callMethod(Thread.class, "sleep", java.time.Duration.class)
            .because("waiting is a timer or a condition");

    /** Libraries start no threads. */
    public static final ArchRule NO_EXECUTORS =
            noClasses().should().dependOnClassesThat().areAssignableTo(Executors.class);

    /** Libraries print nothing. */
    public static final ArchRule NO_PRINTING = noClasses()
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .because("libraries do not print");

    /** Java's own serialization is used nowhere. */
    public static final ArchRule NO_JAVA_SERIALIZATION = noClasses()
            .should()
            .dependOnClassesThat()
            .areAssignableTo(ObjectOutputStream.class)
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(ObjectInputStream.class);

    /** Only the cluster and what stands on it know Pekko. */
    public static final ArchRule NO_PEKKO =
            noClasses().should().dependOnClassesThat().resideInAPackage("org.apache.pekko..");

    private ArchitectureRules() {}

    /** Checks the rules that hold for a library module rooted at package {@code root}: main classes only. */
    public static void check(String root) {
        var classes = mainClasses(root);
        rules(root).forEach(rule -> rule.check(classes));
    }

    static List<ArchRule> rules(String root) {
        var acyclic =
                slices().matching(root + ".(*)..").should().beFreeOfCycles().allowEmptyShould(true);
        return List.of(NO_SYSTEM_CLOCK, NO_SLEEP, NO_EXECUTORS, NO_PRINTING, NO_JAVA_SERIALIZATION, NO_PEKKO, acyclic);
    }

    /** The main classes under {@code root}, for rules of a module's own. */
    public static JavaClasses mainClasses(String root) {
        return new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages(root);
    }
}
