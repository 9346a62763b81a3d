package io.merklite.node.command;

import io.merklite.node.NodeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Copies a database into a plain SQLite file. */
@Command(
        name = "backup",
        description = "Copy a database, as it is at one moment, into a plain SQLite file.",
        mixinStandardHelpOptions = true)
final class BackupCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private NodeOptions node = new NodeOptions();

    @Parameters(index = "0", paramLabel = "DATABASE", description = "Name of the database.")
    private String database = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "File to write.")
    private Path file = Path.of("");

    @Option(names = "--force", description = "Replace the file if it is there.")
    private boolean isForced;

    @Override
    public Integer call() {
        if (Files.exists(file) && !isForced) {
            throw new NodeException.UnusableFile(file, "is there already", "Name another file, or say --force", null);
        }
        var path = "v1/databases/" + NodeClient.encoded(database) + "/snapshots";
        try (var client = node.client()) {
            var snapshot = client.send("POST", path, Optional.empty());
            if (!snapshot.hasNonNull("id")) {
                throw new NodeException.UnexpectedAnswer(client.base().toString(), "a snapshot without id", null);
            }
            var size = client.download(
                    path + "/" + NodeClient.encoded(snapshot.path("id").asText()), file);
            var out = command.commandLine().getOut();
            out.println(
                    node.isJson()
                            ? NodeClient.JSON
                                    .createObjectNode()
                                    .put("file", file.toString())
                                    .put("sizeBytes", size)
                                    .toString()
                            : file + ": " + size + " bytes");
            out.flush();
            return ExitCode.OK.number();
        }
    }
}
