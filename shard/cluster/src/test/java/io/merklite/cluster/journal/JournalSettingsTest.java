package io.merklite.cluster.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalSettingsTest {
    private static Config merklite(String setting) {
        return ConfigFactory.parseString(setting)
                .withFallback(ConfigFactory.load())
                .getConfig("merklite");
    }

    @Test
    void settingsOfTheReferenceAreValid() {
        var journal = JournalSettings.from(merklite(""));
        var log = LogSettings.from(merklite(""));

        assertThat(journal.path()).isEqualTo(Path.of("data/journal.sqlite").toAbsolutePath());
        assertThat(journal.maxQueuedSizeBytes()).isEqualTo(64 << 20);
        assertThat(log.retain()).isEqualTo(new LogSettings.Retain(100_000, 256 << 20, Duration.ofDays(7)));
        assertThat(log.maxTransactionSizeBytes()).isLessThanOrEqualTo(journal.maxEventSizeBytes());
    }

    @Test
    void journalIsInTheDataDirectoryUnlessItSaysWhere() {
        assertThat(JournalSettings.from(merklite("merklite.data-directory = /var/lib/merklite"))
                        .path())
                .isEqualTo(Path.of("/var/lib/merklite/journal.sqlite"));
        assertThat(JournalSettings.from(merklite("merklite.journal.path = /fast/own"))
                        .path())
                .isEqualTo(Path.of("/fast/own"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "journal.max-event-size = 1 GiB",
                "journal.max-queued-size = 1 KiB",
                "journal.max-queued-size = 8 GiB",
                "journal.max-batch-count = 0",
                "journal.readers = 65",
                "journal.page-size = 10 GiB",
                "journal.checkpoint-size = 1",
                "journal.delete-count = 0"
            })
    void badSettingOfTheJournalIsRefusedByName(String setting) {
        var name = setting.substring(0, setting.indexOf(' '));

        assertThatThrownBy(() -> JournalSettings.from(merklite("merklite." + setting)))
                .hasMessageContaining("merklite." + name + " = ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "log.retain.count = 0",
                "log.retain.age = 0s",
                "log.cut-interval = 0s",
                "log.snapshot-every = 0",
                "log.max-transaction-size = 1 GiB",
                "log.max-reads = 0",
                "log.read-timeout = -1s"
            })
    void badSettingOfALogIsRefusedByName(String setting) {
        var name = setting.substring(0, setting.indexOf(' '));

        assertThatThrownBy(() -> LogSettings.from(merklite("merklite." + setting)))
                .hasMessageContaining("merklite." + name + " = ");
    }
}
