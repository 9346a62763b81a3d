package io.merklite.node.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.merklite.node.hrana.HranaSettings;
import io.merklite.node.http.HttpSettings;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignPagesTest {
    private static final ForeignPages PAGES = pages("");

    private static ForeignPages pages(String settings) {
        var config = ConfigFactory.parseString(settings)
                .withFallback(ConfigFactory.load().getConfig("merklite"));
        return new ForeignPages(HttpSettings.from(config), HranaSettings.from(config));
    }

    private static String refusal(ForeignPages pages, String host, String origin) {
        var request = HttpRequest.POST("/db/shop/").addHeader(RawHeader.create("Host", host));
        return pages.answer(origin.isEmpty() ? request : request.addHeader(RawHeader.create("Origin", origin)))
                .map(answer -> answer.toCompletableFuture().join())
                .map(response -> {
                    assertThat(response.status().intValue()).isEqualTo(403);
                    return ((HttpEntity.Strict) response.entity()).getData().utf8String();
                })
                .orElse("");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080", "db.localhost:8080", "127.1.2.3"})
    void programsOfThisMachineAreServed(String host) {
        assertThat(refusal(PAGES, host, "")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:8080", "10.0.0.1:8080"})
    void nameThatWasMadeToMeanThisMachineIsNone(String host) {
        assertThat(refusal(PAGES, host, "http://" + host)).contains("HOST_DENIED");
        assertThat(refusal(PAGES, host, "")).contains("HOST_DENIED");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://evil.example",
                "null",
                "http://localhost.evil.example",
                "http://127.0.0.1.evil.example",
                "x"
            })
    void pageOfAnotherOriginIsRefused(String origin) {
        assertThat(refusal(PAGES, "127.0.0.1:8080", origin)).contains("ORIGIN_DENIED");
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:8080, http://localhost:3000",
        "127.0.0.1:8080, http://127.0.0.1:8080",
        "[::1]:1, http://[::1]:1"
    })
    void pageOfThisMachineIsServed(String host, String origin) {
        assertThat(refusal(PAGES, host, origin)).isEmpty();
    }

    @Test
    void namesThatAreSetAreServed() {
        var pages = pages("http.cors-origins = [\"https://app.example.org\"], hrana.host-suffix = db.example.org");

        assertThat(refusal(pages, "shop.db.example.org", "https://app.example.org"))
                .isEmpty();
        assertThat(refusal(pages, "shop.db.example.org", "https://other.example.org"))
                .contains("ORIGIN_DENIED");
    }
}
