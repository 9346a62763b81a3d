package io.merklite.node.command;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** The version that the JAR says it has. */
final class ProgramVersion implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"merklite " + number(), "Java " + Runtime.version()};
    }

    static String number() {
        return Optional.ofNullable(ProgramVersion.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}
