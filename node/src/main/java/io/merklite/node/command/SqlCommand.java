package io.merklite.node.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.merklite.node.NodeException;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs SQL: a text, a file, or what is typed. */
@Command(
        name = "sql",
        description = "Run SQL on a database, from the command line, a file, or line by line from standard input.",
        mixinStandardHelpOptions = true)
final class SqlCommand implements Callable<Integer> {
    private static final String PROMPT = "merklite> ";
    private static final String PROMPT_INSIDE = "     ...> ";

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private NodeOptions node = new NodeOptions();

    @Parameters(index = "0", paramLabel = "DATABASE", description = "Name of the database.")
    private String database = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "SQL",
            description = "Statements; without them they are read from standard input, until its end or .quit.")
    private @Nullable String sql;

    @Option(names = "--file", paramLabel = "FILE", description = "Read the statements from a file.")
    private @Nullable Path file;

    @Option(names = "--create", description = "Create the database if it is not there.")
    private boolean isCreating;

    @Option(
            names = "--level",
            paramLabel = "LEVEL",
            description = "How fresh reads must be: local (what the node has), bookmark (the default), writer.")
    private @Nullable String level;

    @Override
    public Integer call() {
        try (var client = node.client();
                var session = new SqlSession(client, database, Optional.ofNullable(level))) {
            if (isCreating) {
                client.send("PUT", "v1/databases/" + NodeClient.encoded(database), Optional.empty());
            }
            if (sql != null || file != null) {
                statements(sql == null ? read(file) : sql).forEach(statement -> print(session.execute(statement)));
                return ExitCode.OK.number();
            }
            return converse(session);
        }
    }

    /** Statements from standard input; one that fails is told and does not end the conversation of a person. */
    private int converse(SqlSession session) {
        var isPerson = isTerminal();
        var reader = new StatementReader();
        var code = ExitCode.OK;
        try (var input = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()))) {
            for (var line = next(input, reader, isPerson); line != null; line = next(input, reader, isPerson)) {
                if (line.strip().equals(".quit") && !reader.isInside()) {
                    return code.number();
                }
                for (var statement : reader.add(line)) {
                    if (!run(session, statement)) {
                        code = ExitCode.FAILED;
                        if (!isPerson) {
                            return code.number();
                        }
                    }
                }
            }
            return reader.rest().isPresent() && !run(session, reader.rest().get())
                    ? ExitCode.FAILED.number()
                    : code.number();
        } catch (IOException e) {
            throw new NodeException.UnusableFile(Path.of("-"), "standard input ended", "Use --file", e);
        }
    }

    private @Nullable String next(BufferedReader input, StatementReader reader, boolean isPerson) throws IOException {
        if (isPerson) {
            out().print(reader.isInside() ? PROMPT_INSIDE : PROMPT);
            out().flush();
        }
        return input.readLine();
    }

    private boolean run(SqlSession session, String statement) {
        try {
            print(session.execute(statement));
            return true;
        } catch (NodeException.StatementFailed e) {
            command.commandLine().getErr().println(e.getMessage());
            command.commandLine().getErr().flush();
            return false;
        }
    }

    private static List<String> statements(String text) {
        var reader = new StatementReader();
        List<String> statements = new ArrayList<>(reader.add(text));
        reader.rest().ifPresent(statements::add);
        return statements;
    }

    private void print(JsonNode result) {
        if (node.isJson()) {
            out().println(asJson(result));
            out().flush();
            return;
        }
        if (result.path("cols").isEmpty()) {
            out().println(result.path("affected_row_count").asLong() + " rows changed");
            out().flush();
            return;
        }
        var table = new TextTable(StreamSupport.stream(result.path("cols").spliterator(), false)
                .map(column -> column.path("name").asText())
                .toList());
        result.path("rows")
                .forEach(row -> table.add(StreamSupport.stream(row.spliterator(), false)
                        .map(SqlCommand::shown)
                        .toList()));
        table.print(out());
    }

    /** {@code {"columns": […], "rows": [[…]], "changed": n}}, integers beyond 2^53 among the values in full. */
    private static JsonNode asJson(JsonNode result) {
        var json = NodeClient.JSON.createObjectNode();
        var columns = json.putArray("columns");
        result.path("cols").forEach(column -> columns.add(column.path("name").asText()));
        var rows = json.putArray("rows");
        result.path("rows").forEach(row -> {
            var cells = rows.addArray();
            row.forEach(value -> cells.add(plain(value)));
        });
        return json.put("changed", result.path("affected_row_count").asLong());
    }

    private static JsonNode plain(JsonNode value) {
        var nodes = NodeClient.JSON.getNodeFactory();
        return switch (value.path("type").asText()) {
            case "integer" ->
                nodes.numberNode(Long.parseLong(value.path("value").asText()));
            case "float" -> nodes.numberNode(value.path("value").asDouble());
            case "text" -> value.path("value");
            case "blob" -> nodes.objectNode().set("base64", value.path("base64"));
            default -> nodes.nullNode();
        };
    }

    private static String shown(JsonNode value) {
        return switch (value.path("type").asText()) {
            case "null" -> "NULL";
            case "blob" -> "x'" + value.path("base64").asText() + "' (base64)";
            default -> value.path("value").asText();
        };
    }

    private static String read(@Nullable Path file) {
        if (file == null) {
            return "";
        }
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new NodeException.UnusableFile(file, "cannot be read", "Name a readable file of SQL", e);
        }
    }

    /** Until Java 21 there is a console only at a terminal; since 22 there always is one, which knows. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal() {
        var console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException beforeJava22) {
            return true;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a public method can be called", e);
        }
    }

    private PrintWriter out() {
        return command.commandLine().getOut();
    }
}
