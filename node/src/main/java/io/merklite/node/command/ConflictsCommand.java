package io.merklite.node.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists rows that lost in a merge, puts one back, or discards it. */
@Command(
        name = "conflicts",
        description = "List the rows of a database that lost in a merge, put one back, or discard it.",
        mixinStandardHelpOptions = true)
final class ConflictsCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private NodeOptions node = new NodeOptions();

    @Parameters(index = "0", paramLabel = "DATABASE", description = "Name of the database.")
    private String database = "";

    @Option(names = "--table", paramLabel = "TABLE", description = "Only rows of this table.")
    private @Nullable String table;

    @ArgGroup
    private @Nullable Action action;

    /** What to do with one of them. */
    static final class Action {
        @Option(names = "--restore", paramLabel = "ID", description = "Insert this row again.")
        private @Nullable String restored;

        @Option(names = "--discard", paramLabel = "ID", description = "Forget this row.")
        private @Nullable String discarded;
    }

    @Override
    public Integer call() {
        var path = "v1/databases/" + NodeClient.encoded(database) + "/conflicts";
        try (var client = node.client()) {
            if (action != null && action.restored != null) {
                print(client.send(
                        "POST", path + "/" + NodeClient.encoded(action.restored) + "/restore", Optional.empty()));
            } else if (action != null && action.discarded != null) {
                print(client.send("DELETE", path + "/" + NodeClient.encoded(action.discarded), Optional.empty()));
            } else {
                list(client.get(table == null ? path : path + "?table=" + NodeClient.encoded(table)));
            }
            return ExitCode.OK.number();
        }
    }

    private void list(JsonNode answer) {
        if (node.isJson()) {
            print(answer);
            return;
        }
        var names = answer.path("items")
                .valueStream()
                .flatMap(item -> item.propertyStream().map(field -> field.getKey()))
                .distinct()
                .toList();
        var table = new TextTable(names.isEmpty() ? List.of("no conflicts") : names);
        answer.path("items")
                .forEach(item -> table.add(names.stream()
                        .map(name -> item.path(name).isValueNode()
                                ? item.path(name).asText()
                                : item.path(name).toString())
                        .toList()));
        table.print(command.commandLine().getOut());
    }

    private void print(JsonNode answer) {
        command.commandLine().getOut().println(node.isJson() || !answer.isEmpty() ? answer.toString() : "done");
        command.commandLine().getOut().flush();
    }
}
