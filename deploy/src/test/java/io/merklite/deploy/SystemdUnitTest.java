package io.merklite.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SystemdUnitTest {
    private static final Pattern OPTIONS = Pattern.compile("(?m)^Environment=\"JAVA_TOOL_OPTIONS=(.*)\"$");
    private static final int KILLED = 128 + 9;

    /** Takes all memory there is. */
    static final class Greedy {
        private Greedy() {}

        public static void main(String[] arguments) {
            List<byte[]> taken = new ArrayList<>();
            while (taken.size() < Integer.MAX_VALUE) {
                taken.add(new byte[1 << 20]);
            }
        }
    }

    private static List<String> lines() throws IOException {
        return Files.readAllLines(Path.of("systemd/merklite.service")).stream()
                .filter(line -> !line.startsWith("#"))
                .toList();
    }

    @Test
    void wrongSettingsAreNotTriedAgainAndEverythingElseIs() throws IOException {
        assertThat(lines())
                .contains("Restart=on-failure", "RestartPreventExitStatus=2 3")
                .as("systemd looks at the status of the main process alone")
                .noneMatch(line -> line.startsWith("ExecStartPre="));
    }

    @Test
    void nodeWithoutMemoryEndsAsOneThatIsStartedAgain() throws Exception {
        var options = OPTIONS.matcher(String.join("\n", lines()));
        assertThat(options.find()).isTrue();
        var builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx16m",
                        "-cp",
                        Path.of("target", "test-classes").toString(),
                        Greedy.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("JAVA_TOOL_OPTIONS", options.group(1).replace("%%", "%"));

        var process = builder.start();

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(KILLED);
    }
}
