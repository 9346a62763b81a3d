package io.merklite.node;

import io.merklite.node.command.MerkliteCommand;

/** The program {@code merklite}. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(MerkliteCommand.run(arguments));
    }
}
