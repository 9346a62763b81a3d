package io.merklite.loadtest.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A history on disk: a line of JSON for each operation, in any order that keeps each session's, and beside it one object for the end.
 *
 * <pre>
 * {"kind":"write","session":1,"node":"a1","database":"d","start":10,"end":20,"outcome":"ok","bookmark":"…","values":{"k":7}}
 * {"kind":"read", … ,"values":{"k":7,"l":0}}
 *
 * {"replicas":{"a1":{"root":"…","values":{"k":7},"complaints":[]}},"conflicts":["l"]}
 * </pre>
 */
public final class HistoryFile {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WRITE = "write";
    private static final String READ = "read";
    private static final String VALUES = "values";

    private HistoryFile() {}

    /** Writes operations to {@code file}, anew. */
    public static void write(Path file, List<Operation> operations) throws IOException {
        try (var out = Files.newBufferedWriter(file)) {
            for (var operation : operations) {
                out.write(line(operation));
                out.write('\n');
            }
        }
    }

    /** Reads operations back. */
    public static List<Operation> read(Path file) throws IOException {
        List<Operation> operations = new ArrayList<>();
        try (var lines = Files.newBufferedReader(file)) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                operations.add(operation(line));
            }
        }
        return operations;
    }

    /** Writes the end to {@code file}, anew. */
    public static void writeEnd(Path file, EndState end) throws IOException {
        var json = JSON.createObjectNode();
        var replicas = json.putObject("replicas");
        new TreeMap<>(end.replicas()).forEach((name, replica) -> {
            var each = replicas.putObject(name).put("root", replica.root());
            each.set(VALUES, JSON.valueToTree(new TreeMap<>(replica.values())));
            each.set("complaints", JSON.valueToTree(replica.complaints()));
        });
        json.set("conflicts", JSON.valueToTree(new TreeSet<>(end.conflicts())));
        Files.writeString(file, json.toString());
    }

    /** Reads the end back. */
    public static EndState readEnd(Path file) throws IOException {
        var json = JSON.readTree(Files.readString(file));
        Map<String, EndState.Replica> replicas = new TreeMap<>();
        for (var replica : json.path("replicas").properties()) {
            List<String> complaints = new ArrayList<>();
            replica.getValue().path("complaints").forEach(complaint -> complaints.add(complaint.asText()));
            replicas.put(
                    replica.getKey(),
                    new EndState.Replica(
                            replica.getValue().path("root").asText(),
                            values(replica.getValue().path(VALUES)),
                            complaints));
        }
        Set<String> conflicts = new HashSet<>();
        json.path("conflicts").forEach(key -> conflicts.add(key.asText()));
        return new EndState(replicas, conflicts);
    }

    private static String line(Operation operation) {
        var call = operation.call();
        ObjectNode json = JSON.createObjectNode()
                .put("kind", operation instanceof Operation.Write ? WRITE : READ)
                .put("session", call.session())
                .put("node", call.node())
                .put("database", call.database())
                .put("start", call.startMicros())
                .put("end", call.endMicros())
                .put("outcome", call.outcome().name().toLowerCase(Locale.ROOT))
                .put("bookmark", call.bookmark());
        json.set(
                VALUES,
                JSON.valueToTree(new TreeMap<>(
                        switch (operation) {
                            case Operation.Write written -> written.values();
                            case Operation.Read read -> read.seen();
                        })));
        return json.toString();
    }

    private static Operation operation(String line) throws IOException {
        var json = JSON.readTree(line);
        var call = new Operation.Call(
                json.path("session").asInt(),
                json.path("node").asText(),
                json.path("database").asText(),
                json.path("start").asLong(),
                json.path("end").asLong(),
                Operation.Outcome.valueOf(json.path("outcome").asText().toUpperCase(Locale.ROOT)),
                json.path("bookmark").asText());
        var values = values(json.path(VALUES));
        return switch (json.path("kind").asText()) {
            case WRITE -> new Operation.Write(call, values);
            case READ -> new Operation.Read(call, values);
            default -> throw new IOException("a line is of kind write or read, not: " + line);
        };
    }

    private static Map<String, Long> values(JsonNode json) {
        Map<String, Long> values = new TreeMap<>();
        json.properties()
                .forEach(value -> values.put(value.getKey(), value.getValue().asLong()));
        return values;
    }
}
