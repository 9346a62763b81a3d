package io.merklite.node.command;

import io.merklite.node.NodeException;

/** What the program tells the shell. */
enum ExitCode {
    OK(0, "All is well"),
    FAILED(1, "The request or the statement failed"),
    USAGE(2, "The command line is wrong"),
    CONFIGURATION(3, "Settings, keys or files are wrong; nothing was started"),
    UNREACHABLE(4, "No node answers"),
    REFUSED(5, "The node refuses: token, right, or no such thing"),
    DIFFERENT(6, "verify found copies that differ, or damage");

    private final int number;
    private final String meaning;

    ExitCode(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    int number() {
        return number;
    }

    String meaning() {
        return meaning;
    }

    static ExitCode of(NodeException failure) {
        return switch (failure) {
            case NodeException.InvalidConfiguration invalid -> CONFIGURATION;
            case NodeException.UnusableFile unusable -> CONFIGURATION;
            case NodeException.UnusableKey unusable -> CONFIGURATION;
            case NodeException.Unreachable unreachable -> UNREACHABLE;
            case NodeException.Refused refused -> REFUSED;
            case NodeException.UnexpectedAnswer unexpected -> FAILED;
            case NodeException.StatementFailed failed -> FAILED;
            case NodeException.StartFailed failed -> FAILED;
        };
    }
}
