package io.merklite.loadtest;

import io.merklite.loadtest.cluster.EmbeddedBars;
import io.merklite.loadtest.cluster.HttpBars;
import io.merklite.loadtest.cluster.IdleBars;
import io.merklite.loadtest.cluster.MajorityBars;
import io.merklite.loadtest.cluster.PartitionBars;
import io.merklite.loadtest.cluster.ReplicationBars;
import io.merklite.loadtest.cluster.TakeOverBars;
import io.merklite.loadtest.journal.JournalBars;
import io.merklite.loadtest.query.TranspileBars;
import io.merklite.loadtest.results.BarLines;
import io.merklite.loadtest.results.HeardStream;
import io.merklite.loadtest.results.Results;
import io.merklite.loadtest.schema.SchemaBars;
import io.merklite.loadtest.session.SessionBars;
import io.merklite.loadtest.subscribe.SubscriptionBars;
import io.merklite.loadtest.sync.SyncBars;
import io.merklite.loadtest.wal.WalBars;
import io.merklite.node.log.LogSetup;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Command: runs the benchmarks named as arguments, or all, and prints a line for each bar. A part is named behind a dot. */
public final class Bars {
    private Bars() {}

    /** A program that prints bars. */
    @FunctionalInterface
    private interface Benchmark {
        void run(String[] arguments) throws Exception;
    }

    private static Map<String, Benchmark> all() {
        Map<String, Benchmark> all = new LinkedHashMap<>();
        all.put("session", SessionBars::main);
        all.put("wal", WalBars::main);
        all.put("schema", SchemaBars::main);
        all.put("transpile", TranspileBars::main);
        all.put("subscribe", SubscriptionBars::main);
        all.put("sync", SyncBars::main);
        all.put("journal", JournalBars::main);
        all.put("embedded", EmbeddedBars::main);
        all.put("http", HttpBars::main);
        all.put("majority", MajorityBars::main);
        all.put("replication", ReplicationBars::main);
        all.put("partition", PartitionBars::main);
        all.put("take-over", TakeOverBars::main);
        all.put("idle", IdleBars::main);
        return all;
    }

    /** What there is, in the order in which all run. */
    public static List<String> names() {
        return List.copyOf(all().keySet());
    }

    /** Listens to what it prints, since some benchmarks end the JVM or have limits in words. */
    private static void run(String name, Benchmark benchmark, String[] arguments) throws Exception {
        var results = Results.ofProperty();
        var bars = new BarLines(results);
        var out = System.out;
        System.setOut(new HeardStream(out, line -> {
            bars.accept(line);
            results.put("bars-" + name, bars.figures());
        }));
        try {
            benchmark.run(arguments);
        } finally {
            System.setOut(out);
        }
    }

    public static void main(String[] arguments) throws Exception {
        LogSetup.applyForCommands(); // otherwise everything is logged, and that is what would be measured
        var all = all();
        var chosen = arguments.length == 0 ? List.copyOf(all.keySet()) : List.of(arguments);
        for (var name : chosen) {
            var parts = name.split("\\.", -1); // sync.merge is the part merge of sync
            var benchmark = all.get(parts[0]);
            if (benchmark == null) {
                throw new IllegalArgumentException("benchmark " + name + ", must be one of " + all.keySet());
            }
            System.out.println("# " + name);
            run(parts[0], benchmark, Arrays.copyOfRange(parts, 1, parts.length));
        }
        System.exit(0); // what logs may hold threads
    }
}
