package io.merklite.node.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import io.merklite.node.NodeException;
import io.merklite.node.http.HttpSettings;
import io.merklite.node.log.LogSettings;
import io.merklite.node.security.ListenPolicy;
import io.merklite.node.security.SecuritySettings;
import io.merklite.node.security.TlsSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
    private static final List<Consumer<Config>> RECORDS = List.of(
            HttpSettings::from, SecuritySettings::from, TlsSettings::from, LogSettings::from, ListenPolicy::check);

    @TempDir
    Path directory;

    @Test
    void everySettingsRecordIsBuiltFromTheDefaults() {
        var config = load("", Map.of(), Map.of());

        assertThat(config.getInt("http.port")).isEqualTo(8080);
    }

    @Test
    void flagsWinOverTheEnvironmentAndThatOverTheFile() {
        var file = "merklite.http { port = 1, backlog = 2, max-connections = 3 }";

        var config = load(
                file,
                Map.of("MERKLITE_HTTP_PORT", "10", "MERKLITE_HTTP_BACKLOG", "20"),
                Map.of("merklite.http.port", "100"));

        assertThat(config.getInt("http.port")).isEqualTo(100);
        assertThat(config.getInt("http.backlog")).isEqualTo(20);
        assertThat(config.getInt("http.max-connections")).isEqualTo(3);
    }

    @Test
    void listsOfTheEnvironmentAreApartByCommas() {
        var config = load("", Map.of("MERKLITE_CLUSTER_SEED_NODES", "a:1, b:2"), Map.of());

        assertThat(config.getStringList("cluster.seed-nodes")).containsExactly("a:1", "b:2");
    }

    @Test
    void everySettingHasAVariableOfItsOwn() {
        assertThat(Configuration.variables())
                .containsEntry("MERKLITE_HTTP_MAX_REQUEST_SIZE", "merklite.http.max-request-size")
                .allSatisfy((variable, path) -> assertThat(variable).matches("MERKLITE_[A-Z0-9_]+"));
    }

    @Test
    void everythingThatIsWrongIsToldAtOnce() {
        var file = """
                merklite.http { prot = 1, max-request-size = "much", idle-timeout = 0 s }
                merklite.log { level = LOUD, format = xml }
                """;

        assertThatThrownBy(() -> load(file, Map.of("MERKLITE_HTTP_BAKLOG", "1"), Map.of("merklite.security.keys", "x")))
                .isInstanceOfSatisfying(
                        NodeException.InvalidConfiguration.class,
                        invalid -> assertThat(invalid.problems())
                                .anySatisfy(problem -> assertThat(problem)
                                        .contains(
                                                "merklite.http.prot",
                                                "is no setting",
                                                "merklite.http.port",
                                                "node.conf: 1"))
                                .anySatisfy(problem -> assertThat(problem)
                                        .contains("merklite.http.max-request-size = \"much\"", "must be a size"))
                                .anySatisfy(problem -> assertThat(problem)
                                        .contains("merklite.http.idle-timeout = PT0S", "must be at least 1 s"))
                                .anySatisfy(problem -> assertThat(problem)
                                        .contains("merklite.log.format = xml", "must be text or json"))
                                .anySatisfy(problem -> assertThat(problem)
                                        .contains("MERKLITE_HTTP_BAKLOG", "is no setting", "MERKLITE_HTTP_BACKLOG"))
                                .anySatisfy(problem -> assertThat(problem)
                                        .contains(
                                                "merklite.security.keys",
                                                "is no setting",
                                                "merklite.security.public-keys"))
                                .hasSize(6));
    }

    @Test
    void aSectionInPlaceOfAValueIsRefused() {
        assertThatThrownBy(() -> load("merklite.http.port { a = 1 }", Map.of(), Map.of()))
                .hasMessageContaining("merklite.http.port")
                .hasMessageContaining("must be a number");
    }

    @Test
    void passwordsAreNotShown() {
        assertThatThrownBy(() -> load("merklite.http.tls.store-password = [hunter2]", Map.of(), Map.of()))
                .hasMessageContaining("store-password = (not shown)")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hunter2"));
    }

    @Test
    void aMissingFileIsAProblem() {
        var sources = new ConfigurationSources(Optional.of(directory.resolve("none.conf")), Map.of(), Map.of());

        assertThatThrownBy(() -> Configuration.load(sources, RECORDS)).hasMessageContaining("none.conf cannot be read");
    }

    @Test
    void aMalformedFileIsAProblem() {
        assertThatThrownBy(() -> load("merklite {", Map.of(), Map.of())).hasMessageContaining("is malformed");
    }

    @Test
    void otherAddressesThanLoopbackNeedAKey() {
        assertThatThrownBy(() -> load("merklite.http.host = 0.0.0.0", Map.of(), Map.of()))
                .hasMessageContaining("merklite.http.host = 0.0.0.0, must be a loopback address")
                .hasMessageContaining("merklite token keys");

        assertThat(load("merklite { http.host = 0.0.0.0, security.allow-anonymous = on }", Map.of(), Map.of()))
                .isNotNull();
    }

    @Test
    void settingsOfPekkoPassThrough() {
        var config = read("pekko.loglevel = DEBUG", Map.of(), Map.of("pekko.cluster.log-info", "off"))
                .given();

        assertThat(config.getString("pekko.loglevel")).isEqualTo("DEBUG");
        assertThat(config.getBoolean("pekko.cluster.log-info")).isFalse();
    }

    private Config load(String text, Map<String, String> environment, Map<String, String> flags) {
        return read(text, environment, flags).merklite();
    }

    private Configuration read(String text, Map<String, String> environment, Map<String, String> flags) {
        try {
            var file = Files.writeString(directory.resolve("node.conf"), text);
            return Configuration.load(new ConfigurationSources(Optional.of(file), environment, flags), RECORDS);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
