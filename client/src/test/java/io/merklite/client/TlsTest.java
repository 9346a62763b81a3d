package io.merklite.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.client.replica.EmbeddedReplica;
import io.merklite.client.replica.ReplicaListener;
import io.merklite.client.replica.ReplicaOptions;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients of every kind over TLS, with an authority that only they know. */
class TlsTest {
    @TempDir
    static Path folder;

    private static RealNode node;
    private static Path authority;

    private final String database = node.newDatabase();

    @BeforeAll
    static void start() {
        authority = folder.resolve("certificates").resolve("authority.pem");
        node = RealNode.overTls(folder.resolve("data"), folder.resolve("certificates"));
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    @Test
    void clientWhoKnowsTheAuthorityIsServedAndOthersLeave() {
        var settings = ClientSettings.of(database, node.address());
        try (var knows = MerkliteClient.of(settings.withAuthorities(authority));
                var knowsNot = MerkliteClient.of(settings.withRetryFor(Duration.ZERO))) {
            assertThat(knows.blocking().execute("SELECT 7").as(Long.class)).containsExactly(7L);
            assertThatThrownBy(() -> knowsNot.blocking().execute("SELECT 7")).isInstanceOf(ClientException.class);
        }
    }

    @Test
    void driverTakesTheAuthorityFromItsUrl() throws SQLException {
        var url = "jdbc:merklite://127.0.0.1:" + node.port() + "/" + database + "?tls=true&authorityFile="
                + URLEncoder.encode(authority.toString(), StandardCharsets.UTF_8);
        try (var connection = DriverManager.getConnection(url)) {
            assertThat(connection.isValid(60)).isTrue();
        }
        assertThatThrownBy(() -> DriverManager.getConnection(url + "x"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("PEM");
    }

    @Test
    void replicaSyncsOverTls() {
        var settings = ClientSettings.of(database, node.address()).withAuthorities(authority);
        try (var client = MerkliteClient.of(settings);
                var replica = EmbeddedReplica.open(
                        folder.resolve(database + ".db"), settings, ReplicaOptions.DEFAULTS, ReplicaListener.SILENT)) {
            client.blocking().script("CREATE TABLE item(id INTEGER PRIMARY KEY)");

            RealNode.await(
                    "the table has come",
                    () -> replica.query("SELECT 1 FROM sqlite_schema WHERE name = 'item'")
                                    .toCompletableFuture()
                                    .join()
                                    .rows()
                                    .size()
                            == 1);
        }
    }
}
