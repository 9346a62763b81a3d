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

    public static void main(String[] arguments) throws Exception {
        LogSetup.applyForCommands(); // otherwise everything is logged, and that is what would be measured
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
        var chosen = arguments.length == 0 ? List.copyOf(all.keySet()) : List.of(arguments);
        for (var name : chosen) {
            var parts = name.split("\\.", -1); // sync.merge is the part merge of sync
            var benchmark = all.get(parts[0]);
            if (benchmark == null) {
                throw new IllegalArgumentException("benchmark " + name + ", must be one of " + all.keySet());
            }
            System.out.println("# " + name);
            benchmark.run(Arrays.copyOfRange(parts, 1, parts.length));
        }
        System.exit(0); // what logs may hold threads
    }
}
