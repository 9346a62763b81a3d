package io.merklite.node.command;

import io.merklite.node.NodeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a database from a SQLite file. */
@Command(
        name = "restore",
        description = {
            "Make a database from a plain SQLite file, such as one that backup wrote.",
            "The database must be new: its rows replicate as new writes. To replace one, restore it under another name."
        },
        mixinStandardHelpOptions = true)
final class RestoreCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private NodeOptions node = new NodeOptions();

    @Parameters(index = "0", paramLabel = "DATABASE", description = "Name of the new database.")
    private String database = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "File to read.")
    private Path file = Path.of("");

    @Override
    public Integer call() {
        if (!Files.isReadable(file)) {
            throw new NodeException.UnusableFile(file, "cannot be read", "Name a readable file", null);
        }
        var path = "v1/databases/" + NodeClient.encoded(database);
        try (var client = node.client()) {
            client.send("PUT", path, Optional.empty());
            var answer = client.upload(path + "/import", file);
            var out = command.commandLine().getOut();
            out.println(node.isJson() ? answer.toString() : database + " has the rows of " + file);
            out.flush();
            return ExitCode.OK.number();
        }
    }
}
