package io.merklite.node.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.merklite.node.NodeException;
import io.merklite.node.demo.LocalPlan;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** What a new local cluster shows: rows written in one datacenter and read in another, and how to go on. */
final class Showcase {
    static final String DATABASE = "demo";

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long RETRY_MILLIS = 50;
    private static final String QUERY = "SELECT name, country, population FROM city ORDER BY population DESC LIMIT 5";
    private static final String SCHEMA =
            "CREATE TABLE IF NOT EXISTS city(name TEXT PRIMARY KEY, country TEXT NOT NULL, population INTEGER NOT NULL)";

    /** Population of cities proper, rounded, as encyclopedias have it for about 2020. */
    private static final String ROWS = """
            INSERT INTO city(name, country, population) VALUES
              ('Istanbul', 'Turkey', 15460000), ('Moscow', 'Russia', 12680000), ('London', 'United Kingdom', 8800000),
              ('Saint Petersburg', 'Russia', 5390000), ('Berlin', 'Germany', 3680000), ('Madrid', 'Spain', 3310000),
              ('Kyiv', 'Ukraine', 2960000), ('Rome', 'Italy', 2750000), ('Paris', 'France', 2150000),
              ('Vienna', 'Austria', 1930000), ('Hamburg', 'Germany', 1850000), ('Warsaw', 'Poland', 1860000)
            ON CONFLICT DO NOTHING""";

    private final LocalPlan plan;
    private final Function<String, NodeClient> clients;
    private final PrintWriter out;
    private final InstantSource clock;

    Showcase(LocalPlan plan, Function<String, NodeClient> clients, PrintWriter out, InstantSource clock) {
        this.plan = plan;
        this.clients = clients;
        this.out = out;
        this.clock = clock;
    }

    /**
     * Writes in the first datacenter and reads in the last.
     *
     * @throws NodeException.StartFailed if the rows do not arrive
     */
    void show() {
        var writer = plan.firstOf(plan.datacenters().getFirst());
        var reader = plan.firstOf(plan.datacenters().getLast());
        write(writer);
        var started = clock.instant();
        var result = read(reader, started.plus(PATIENCE));
        out.printf(
                "Rows written in datacenter %s, read in datacenter %s after %d ms:%n%n",
                writer.datacenter(),
                reader.datacenter(),
                Duration.between(started, clock.instant()).toMillis());
        var table = new TextTable(List.of("name", "country", "population"));
        result.path("rows")
                .forEach(row -> table.add(row.valueStream()
                        .map(cell -> cell.path("value").asText())
                        .toList()));
        table.print(out);
    }

    private void write(LocalPlan.Node node) {
        try (var client = clients.apply(node.url());
                var session = new SqlSession(client, DATABASE, Optional.empty())) {
            client.send("PUT", "v1/databases/" + DATABASE, Optional.empty());
            session.execute(SCHEMA);
            session.execute(ROWS);
        }
    }

    /** A datacenter that has not heard of the database or its table says so; then it is asked again. */
    private JsonNode read(LocalPlan.Node node, Instant deadline) {
        try (var client = clients.apply(node.url())) {
            while (true) {
                try (var session = new SqlSession(client, DATABASE, Optional.empty())) {
                    var result = session.execute(QUERY);
                    if (!result.path("rows").isEmpty()) {
                        return result;
                    }
                    retry(deadline, "no rows");
                } catch (NodeException.Refused | NodeException.StatementFailed e) {
                    retry(deadline, String.valueOf(e.getMessage()));
                }
            }
        }
    }

    private void retry(Instant deadline, String last) {
        if (clock.instant().isAfter(deadline)) {
            throw new NodeException.StartFailed(
                    "rows written in one datacenter did not arrive in the other: " + last,
                    "Look at the nodes' logs",
                    null);
        }
        try {
            if (new CountDownLatch(1).await(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("nobody counts this latch down");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NodeException.StartFailed("interrupted while rows were waited for", "Run it again", e);
        }
    }

    /** Addresses, and requests to copy. */
    void explain(String howToStop) {
        var table = new TextTable(List.of("datacenter", "node", "address"));
        plan.nodes().stream()
                .sorted(Comparator.comparing(LocalPlan.Node::name))
                .forEach(node -> table.add(List.of(node.datacenter(), node.name(), node.url())));
        out.println();
        table.print(out);
        var writer = plan.firstOf(plan.datacenters().getLast());
        var reader = plan.firstOf(plan.datacenters().getFirst());
        out.printf("%nWrite in datacenter %s:%n%n  %s%n", writer.datacenter(), curl(writer, """
                INSERT INTO city VALUES ('\\''Lisbon'\\'', '\\''Portugal'\\'', 550000)"""));
        out.printf(
                "%nRead in datacenter %s:%n%n  %s%n",
                reader.datacenter(), curl(reader, "SELECT * FROM city WHERE name = '\\''Lisbon'\\''"));
        out.printf("%nLogs and data: %s%nStop: %s%n", plan.directory(), howToStop);
        out.flush();
    }

    private static String curl(LocalPlan.Node node, String sql) {
        return "curl -s " + node.url() + "db/" + DATABASE
                + "/v2/pipeline -d '{\"requests\":[{\"type\":\"execute\",\"stmt\":" + "{\"sql\":\"" + sql.strip()
                + "\"}},{\"type\":\"close\"}]}'";
    }
}
