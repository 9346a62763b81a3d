package io.merklite.node.health;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;

/**
 * Whether the node lives, and whether it can serve.
 *
 * <p>A check says what keeps the node from it, or nothing. <b>Threading.</b> Thread-safe; checks must not block.
 */
public final class Health {
    private final Map<String, Supplier<Optional<String>>> live = new ConcurrentSkipListMap<>();
    private final Map<String, Supplier<Optional<String>>> ready = new ConcurrentSkipListMap<>();
    private final Map<String, Supplier<Optional<String>>> caughtUp = new ConcurrentSkipListMap<>();

    /**
     * What came of the checks.
     *
     * @param problems what is not as it should be, by the check's name; all is well if there are none
     */
    public record Verdict(Map<String, String> problems) {
        public Verdict {
            problems = Map.copyOf(problems);
        }

        /** Whether all is well. */
        public boolean isGood() {
            return problems.isEmpty();
        }
    }

    /** Adds what has to hold for the node to be of any use: if it doesn't, only a restart helps. */
    public Health live(String name, Supplier<Optional<String>> problem) {
        live.put(name, problem);
        return this;
    }

    /** Adds what has to hold for requests to be served. */
    public Health ready(String name, Supplier<Optional<String>> problem) {
        ready.put(name, problem);
        return this;
    }

    /** Adds what has to hold for requests to be served from what this node has itself. */
    public Health caughtUp(String name, Supplier<Optional<String>> problem) {
        caughtUp.put(name, problem);
        return this;
    }

    /** Whether the node lives. */
    public Verdict live() {
        return verdict(live);
    }

    /** Whether the node lives and can serve. */
    public Verdict ready() {
        var problems = new TreeMap<>(verdict(live).problems());
        problems.putAll(verdict(ready).problems());
        return new Verdict(problems);
    }

    /** Whether the node lives, can serve, and has caught up with what was written while it did not. */
    public Verdict caughtUp() {
        var problems = new TreeMap<>(ready().problems());
        problems.putAll(verdict(caughtUp).problems());
        return new Verdict(problems);
    }

    private static Verdict verdict(Map<String, Supplier<Optional<String>>> checks) {
        Map<String, String> problems = new TreeMap<>();
        checks.forEach((name, check) -> check.get().ifPresent(problem -> problems.put(name, problem)));
        return new Verdict(problems);
    }
}
