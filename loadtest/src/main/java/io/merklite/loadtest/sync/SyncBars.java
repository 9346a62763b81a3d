package io.merklite.loadtest.sync;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Command: what replication costs. Arguments choose among the parts; none means all. */
public final class SyncBars {
    private SyncBars() {}

    /** Prints some bars. */
    @FunctionalInterface
    private interface Part {
        void run() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, Part> all = new LinkedHashMap<>();
        all.put("converge", ConvergenceBars::run);
        all.put("live", LiveBars::run);
        all.put("tracking", TrackingBars::run);
        all.put("merge", MergeBars::run);
        all.put("metadata", MetadataBars::run);
        for (var name : arguments.length == 0 ? List.copyOf(all.keySet()) : List.of(arguments)) {
            var part = all.get(name);
            if (part == null) {
                throw new IllegalArgumentException("part " + name + ", must be one of " + all.keySet());
            }
            part.run();
        }
    }
}
