package io.merklite.node.command;

import io.merklite.node.NodeException;
import io.merklite.node.log.LogSetup;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The program: its commands, and what becomes of their failures. */
@Command(
        name = "merklite",
        description = "Multi-master replication of SQLite.",
        mixinStandardHelpOptions = true,
        versionProvider = ProgramVersion.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            NodeCommand.class,
            DemoCommand.class,
            SqlCommand.class,
            StatusCommand.class,
            VerifyCommand.class,
            ConflictsCommand.class,
            BackupCommand.class,
            RestoreCommand.class,
            TokenCommand.class,
            CertificatesCommand.class
        })
public final class MerkliteCommand {
    private MerkliteCommand() {}

    /** Runs the command that {@code arguments} name, and returns what to tell the shell. */
    public static int run(String... arguments) {
        LogSetup.applyForCommands();
        return commandLine().execute(arguments);
    }

    static CommandLine commandLine() {
        var line = new CommandLine(new MerkliteCommand());
        describeExitCodes(line);
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure instanceof NodeException known) {
                command.getErr().println("merklite: " + known.getMessage());
                command.getErr().flush();
                return ExitCode.of(known).number();
            }
            throw failure;
        });
        line.setParameterExceptionHandler((failure, ignored) -> {
            var command = failure.getCommandLine();
            command.getErr().println("merklite: " + failure.getMessage());
            command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
            command.getErr().flush();
            return ExitCode.USAGE.number();
        });
        return line;
    }

    private static void describeExitCodes(CommandLine line) {
        Map<String, String> codes = new LinkedHashMap<>();
        for (var code : ExitCode.values()) {
            codes.put(String.valueOf(code.number()), code.meaning());
        }
        UsageMessageSpec usage = line.getCommandSpec().usageMessage();
        usage.exitCodeListHeading("%nExit codes:%n");
        usage.exitCodeList(codes);
        line.getSubcommands().values().forEach(MerkliteCommand::describeExitCodes);
    }
}
