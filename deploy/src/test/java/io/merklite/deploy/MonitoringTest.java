package io.merklite.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.merklite.node.config.Configuration;
import io.merklite.node.config.ConfigurationSources;
import io.merklite.node.serve.NodeServer;
import io.merklite.node.serve.ServeSettings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MonitoringTest {
    private static final Pattern METRIC = Pattern.compile("\\b(merklite|jvm|process)_[a-z0-9_]+");
    private static final Path ALERTS = Path.of("monitoring/alerts.yaml");
    private static final Path DASHBOARD = Path.of("monitoring/dashboard.json");

    /** They have samples only after the first failure, so they are looked for where they are defined. */
    private static final Set<String> OF_FAILURES = Set.of(
            "merklite_journal_failures_total",
            "merklite_log_refusals_total",
            "merklite_alarms_total",
            "merklite_sql_refused_total");

    private static final List<Path> DEFINITIONS = List.of(
            Path.of("../shard/cluster/src/main/java/io/merklite/cluster/journal/JournalMetrics.java"),
            Path.of("../shard/cluster/src/main/java/io/merklite/cluster/replica/ReplicaMetrics.java"));

    @TempDir
    static Path directory;

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static NodeServer node;

    @BeforeAll
    static void startANodeAndWriteARow() throws Exception {
        var settings = Map.of(
                "merklite.data-directory", directory.toString(),
                "merklite.cluster.port", "0",
                "merklite.http.port", "0");
        node = NodeServer.start(
                        Configuration.load(
                                new ConfigurationSources(Optional.empty(), Map.of(), settings), ServeSettings.CHECKS),
                        "test")
                .toCompletableFuture()
                .join();
        var deadline = Instant.now().plusSeconds(60);
        while (send("PUT", "v1/databases/demo", "") >= 300) {
            assertThat(Instant.now()).isBefore(deadline);
        }
        send("POST", "db/demo/v2/pipeline", """
                {"requests":[{"type":"sequence","sql":"CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)"}]}""");
        send("POST", "db/demo/v2/pipeline", """
                {"requests":[{"type":"execute","stmt":{"sql":"SELECT * FROM nowhere"}}]}""");
    }

    @AfterAll
    static void stop() {
        node.stop().toCompletableFuture().join();
        CLIENT.close();
    }

    @Test
    void theDashboardNamesMetricsThatANodeExports() throws Exception {
        var expressions =
                new ObjectMapper().readTree(Files.readString(DASHBOARD)).findValuesAsText("expr");

        assertThat(expressions).hasSizeGreaterThan(10);
        assertThat(exported()).containsAll(metrics(expressions));
    }

    @Test
    void alertsNameMetricsThatANodeExports() throws Exception {
        assertThat(exported())
                .containsAll(metrics(
                        rules().stream().map(rule -> rule.path("expr").asText()).toList()));
    }

    @Test
    void countersOfFailuresAreDefined() throws Exception {
        var definitions = new StringBuilder();
        for (var file : DEFINITIONS) {
            definitions.append(Files.readString(file));
        }

        assertThat(definitions)
                .contains(OF_FAILURES.stream().map(name -> '"' + name + '"').toList());
    }

    @Test
    void everyAlertSaysWhatItIsAndIsInTheGuide() throws Exception {
        var guide = Files.readString(Path.of("../docs/operations.md"));

        assertThat(rules()).isNotEmpty().allSatisfy(rule -> {
            assertThat(rule.path("annotations").path("summary").asText()).isNotEmpty();
            assertThat(rule.path("labels").path("severity").asText()).isIn("warning", "critical");
            assertThat(guide).contains("### " + rule.path("alert").asText() + "\n");
        });
    }

    private static List<JsonNode> rules() throws Exception {
        List<JsonNode> rules = new ArrayList<>();
        new ObjectMapper(new YAMLFactory())
                .readTree(Files.readString(ALERTS))
                .path("groups")
                .forEach(group -> group.path("rules").forEach(rules::add));
        return rules;
    }

    private static Set<String> metrics(List<String> expressions) {
        Set<String> names = new TreeSet<>();
        expressions.forEach(
                expression -> METRIC.matcher(expression).results().forEach(match -> names.add(match.group())));
        return names;
    }

    /** Names of samples on the node's page. */
    private static Set<String> exported() throws Exception {
        var page = CLIENT.send(
                        HttpRequest.newBuilder(URI.create(node.url() + "metrics"))
                                .build(),
                        BodyHandlers.ofString())
                .body();
        Set<String> names = new TreeSet<>();
        page.lines().filter(line -> !line.startsWith("#")).forEach(line -> names.add(line.split("[{ ]", 2)[0]));
        // A metric without a sample yet still has its type.
        page.lines().filter(line -> line.startsWith("# TYPE ")).forEach(line -> {
            var words = line.split(" ");
            names.add(words[2]);
            if (words[3].equals("histogram") || words[3].equals("summary")) {
                names.addAll(List.of(words[2] + "_bucket", words[2] + "_sum", words[2] + "_count"));
            }
        });
        names.addAll(OF_FAILURES);
        return names;
    }

    private static int send(String method, String path, String body) throws Exception {
        return CLIENT.send(
                        HttpRequest.newBuilder(URI.create(node.url() + path))
                                .method(method, BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.ofString())
                .statusCode();
    }
}
