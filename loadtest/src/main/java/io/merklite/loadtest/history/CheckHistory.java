package io.merklite.loadtest.history;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** Command: judges {@code history.jsonl} and {@code end.json} in the folder that is named; exit code 1 if anything is broken. */
public final class CheckHistory {
    /** Names of the files in a run's folder. */
    public static final String HISTORY = "history.jsonl";

    /** The other one. */
    public static final String END = "end.json";

    private CheckHistory() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 1 || arguments.length > 2) {
            System.err.println("Usage: CheckHistory FOLDER [CLOCK-UNCERTAINTY-MILLIS]");
            System.exit(2);
        }
        var folder = Path.of(arguments[0]);
        var checker = arguments.length == 1
                ? HistoryChecker.causal()
                : HistoryChecker.realTime(Duration.ofMillis(Long.parseLong(arguments[1])));
        var operations = HistoryFile.read(folder.resolve(HISTORY));
        var anomalies = checker.check(operations, HistoryFile.readEnd(folder.resolve(END)));
        anomalies.forEach(System.out::println);
        System.out.println(operations.size() + " operations, " + anomalies.size() + " anomalies");
        System.exit(anomalies.isEmpty() ? 0 : 1);
    }
}
