package io.merklite.node.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.slf4j.LoggerFactory;

@ResourceLock(Resources.SYSTEM_OUT)
class LogSetupTest {
    private static final LogSettings TEXT = new LogSettings(LogSettings.Format.TEXT, "INFO", Map.of());

    private final PrintStream original = System.out;

    @AfterEach
    void restore() {
        System.setOut(original);
        LogSetup.apply(TEXT);
    }

    @Test
    void jsonIsOneObjectALineWithTheFormattedMessage() {
        var output = logged(new LogSettings(LogSettings.Format.JSON, "INFO", Map.of()));

        var event = JsonParser.parseString(output.strip()).getAsJsonObject();
        assertThat(event.get("formattedMessage").getAsString()).isEqualTo("took over seq=7");
        assertThat(event.get("level").getAsString()).isEqualTo("INFO");
        assertThat(event.get("loggerName").getAsString()).isEqualTo("io.merklite.test");
        assertThat(event.keySet()).doesNotContain("context", "arguments", "message");
    }

    @Test
    void textIsALine() {
        assertThat(logged(TEXT)).contains("INFO").contains("took over seq=7").hasLineCount(1);
    }

    @Test
    void aLoggerHasItsOwnLevel() {
        var quiet = new LogSettings(LogSettings.Format.TEXT, "INFO", Map.of("io.merklite.test", "WARN"));

        assertThat(logged(quiet)).isEmpty();
    }

    @Test
    void unknownLevelsAreRefused() {
        assertThatThrownBy(() -> new LogSettings(LogSettings.Format.TEXT, "LOUD", Map.of("a", "b")))
                .hasMessageContaining("merklite.log.level = LOUD, must be OFF, ERROR")
                .hasMessageContaining("merklite.log.levels = a=b, must be LOGGER=LEVEL");
    }

    private static String logged(LogSettings settings) {
        var bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        LogSetup.apply(settings);
        LoggerFactory.getLogger("io.merklite.test").info("took over seq={}", 7);
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
