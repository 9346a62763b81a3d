package io.merklite.node.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.merklite.node.NodeException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares what nodes have of a database, and has each of them check its file. */
@Command(
        name = "verify",
        description = {
            "Check that nodes have the same rows of a database, by its merkle root, and that each file is sound.",
            "Name a node of each datacenter with --url and --with. While clients write, roots differ for moments: --wait."
        },
        mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
    private static final long RETRY_MILLIS = 200;

    private final InstantSource clock;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private NodeOptions node = new NodeOptions();

    @Parameters(index = "0", paramLabel = "DATABASE", description = "Name of the database.")
    private String database = "";

    @Option(names = "--with", paramLabel = "URL", description = "Another node to compare with; as often as needed.")
    private List<String> others = new ArrayList<>();

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "How long nodes may take to become equal; ${DEFAULT-VALUE}.")
    private int waitSeconds;

    VerifyCommand() {
        clock = InstantSource.system();
    }

    @Override
    public Integer call() {
        List<NodeClient> clients = new ArrayList<>();
        try {
            clients.add(node.client());
            others.forEach(url -> clients.add(node.client(url)));
            var copies = compare(clients);
            var unsound = clients.stream().filter(client -> !isSound(client)).toList();
            print(copies, clients, unsound);
            return areEqual(copies) && unsound.isEmpty() ? ExitCode.OK.number() : ExitCode.DIFFERENT.number();
        } finally {
            clients.forEach(NodeClient::close);
        }
    }

    private List<JsonNode> compare(List<NodeClient> clients) {
        var deadline = clock.instant().plus(Duration.ofSeconds(waitSeconds));
        var copies = statuses(clients);
        while (!areEqual(copies) && clock.instant().isBefore(deadline)) {
            pause();
            copies = statuses(clients);
        }
        return copies;
    }

    private List<JsonNode> statuses(List<NodeClient> clients) {
        return clients.stream()
                .map(client -> client.get(StatusCommand.pathOf(database)))
                .toList();
    }

    private static boolean areEqual(List<JsonNode> copies) {
        Set<String> roots = new HashSet<>();
        copies.forEach(copy -> roots.add(copy.path("root").asText()));
        return roots.size() == 1;
    }

    private boolean isSound(NodeClient client) {
        try (var session = new SqlSession(client, database, Optional.empty())) {
            var rows = session.execute("PRAGMA integrity_check").path("rows");
            return rows.size() == 1
                    && Objects.equals(rows.path(0).path(0).path("value").asText(), "ok");
        }
    }

    private void print(List<JsonNode> copies, List<NodeClient> clients, List<NodeClient> unsound) {
        var out = command.commandLine().getOut();
        if (node.isJson()) {
            var json =
                    NodeClient.JSON.createObjectNode().put("database", database).put("equal", areEqual(copies));
            var items = json.putArray("copies");
            for (var i = 0; i < copies.size(); i++) {
                items.addObject()
                        .put("url", clients.get(i).base().toString())
                        .put("sound", !unsound.contains(clients.get(i)))
                        .set("status", copies.get(i));
            }
            out.println(json);
            out.flush();
            return;
        }
        var table = new TextTable(List.of("node", "root", "file"));
        for (var i = 0; i < copies.size(); i++) {
            table.add(List.of(
                    clients.get(i).base().toString(),
                    copies.get(i).path("root").asText(),
                    unsound.contains(clients.get(i)) ? "damaged" : "sound"));
        }
        table.print(out);
        out.println(areEqual(copies) ? "All are equal." : "They differ.");
        out.flush();
    }

    /** Waits without sleeping: an interrupt ends it, and the command with it. */
    private static void pause() {
        try {
            if (new CountDownLatch(1).await(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("nobody counts this latch down");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NodeException.StartFailed("interrupted while nodes became equal", "Run it again", e);
        }
    }
}
