package io.merklite.node.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows how the node and its databases are. */
@Command(
        name = "status",
        description = "Show a node with its cluster and databases, or one database.",
        mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private NodeOptions node = new NodeOptions();

    @Parameters(arity = "0..1", paramLabel = "DATABASE", description = "Only this database.")
    private @Nullable String database;

    @Override
    public Integer call() {
        try (var client = node.client()) {
            var status = database == null ? wholeNode(client) : client.get(pathOf(database));
            var out = command.commandLine().getOut();
            if (node.isJson()) {
                out.println(status);
                out.flush();
            } else {
                print(status);
            }
            return ExitCode.OK.number();
        }
    }

    static String pathOf(String database) {
        return "v1/databases/" + NodeClient.encoded(database) + "/status";
    }

    private static JsonNode wholeNode(NodeClient client) {
        var status = NodeClient.JSON.createObjectNode();
        status.set("node", client.get("v1/status"));
        status.set("nodes", client.get("v1/nodes").path("items"));
        status.set("databases", client.get("v1/databases?limit=1000").path("items"));
        return status;
    }

    /** Fields one below the other; lists of objects as tables. */
    private void print(JsonNode object) {
        var fields = new TextTable(List.of("what", "value"));
        object.properties().stream()
                .filter(field -> !isList(field.getValue()))
                .forEach(field -> add(field.getKey(), field.getValue(), fields));
        fields.print(command.commandLine().getOut());
        object.properties().stream().filter(field -> isList(field.getValue())).forEach(field -> {
            command.commandLine().getOut().println();
            command.commandLine().getOut().println(field.getKey() + ":");
            printList(field.getValue());
        });
    }

    /** Fields of objects come one by one, with the names of both. */
    private static void add(String name, JsonNode value, TextTable fields) {
        if (value.isObject()) {
            value.properties().forEach(field -> add(name + "." + field.getKey(), field.getValue(), fields));
        } else {
            fields.add(List.of(name, shown(value)));
        }
    }

    private void printList(JsonNode list) {
        var names = list.valueStream()
                .flatMap(item -> item.propertyStream().map(Map.Entry::getKey))
                .distinct()
                .toList();
        if (names.isEmpty()) {
            command.commandLine().getOut().println("none");
            command.commandLine().getOut().flush();
            return;
        }
        var table = new TextTable(names);
        list.forEach(item ->
                table.add(names.stream().map(name -> shown(item.path(name))).toList()));
        table.print(command.commandLine().getOut());
    }

    private static boolean isList(JsonNode value) {
        return value.isArray() && value.valueStream().allMatch(JsonNode::isObject);
    }

    private static String shown(JsonNode value) {
        return value.isValueNode() ? value.asText() : value.toString();
    }
}
