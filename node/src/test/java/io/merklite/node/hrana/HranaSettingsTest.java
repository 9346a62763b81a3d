package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.merklite.node.http.Bookmark;
import io.merklite.node.http.HttpSettings;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HranaSettingsTest {
    @Test
    void defaultsAreValid() {
        var merklite = ConfigFactory.load().getConfig("merklite");
        var hrana = HranaSettings.from(merklite);
        var http = HttpSettings.from(merklite);

        assertThat(hrana.streamIdle()).isEqualTo(Duration.ofSeconds(10));
        assertThat(hrana.maxResultSizeBytes()).isEqualTo(64 << 20);
        assertThat(hrana.maxStreamsPerSocket()).isEqualTo(256);
        assertThat(hrana.maxStreamsPerDatabase()).isEqualTo(1024);
        assertThat(http.maxRequestSizeBytes()).isEqualTo(16 << 20);
        assertThat(http.host()).isEqualTo("127.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "default-database = v2",
                "host-suffix = \"No Suffix\"",
                "base-url = \"http://host/\"",
                "base-url = nonsense",
                "stream-idle = 0s",
                "expired-retain = -1s",
                "answer-timeout = 0s",
                "max-result-size = 1",
                "cursor-page-size = 1",
                "cursor-heartbeat = 0s",
                "max-streams-per-database = 0",
                "max-streams = 0",
                "max-streams-per-socket = 0",
                "stored-texts-per-stream = 0",
                "stored-texts-per-socket = 0",
                "max-stored-text-size = 0",
                "ping-interval = 0s"
            })
    void badSettingIsToldWithItsPathAndWhatIsAllowed(String override) {
        assertThatThrownBy(() -> HranaSettings.from(TestServer.settings("hrana." + override)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("merklite.hrana." + override.substring(0, override.indexOf(' ')))
                .hasMessageContaining("must be");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "max-connections = 0",
                "backlog = 0",
                "idle-timeout = 0s",
                "max-request-size = 1",
                "compress-above = 1"
            })
    void badSettingOfTheServerIsToldToo(String override) {
        assertThatThrownBy(() -> HttpSettings.from(TestServer.settings("http." + override)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("merklite.http." + override.substring(0, override.indexOf(' ')));
    }

    @Test
    void bookmarkComesBackAsItWent() {
        var vector = VersionVector.of(Map.of(new Origin(5), 7L, new Origin(-1), Long.MAX_VALUE));

        assertThat(Bookmark.decode(Bookmark.encode(vector))).hasValue(vector);
        assertThat(Bookmark.decode(Bookmark.encode(VersionVector.EMPTY))).hasValue(VersionVector.EMPTY);
        assertThat(Bookmark.decode("")).isEmpty();
        assertThat(Bookmark.decode("Ag")).isEmpty();
    }
}
