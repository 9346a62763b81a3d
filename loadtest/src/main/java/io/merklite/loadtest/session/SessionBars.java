package io.merklite.loadtest.session;

import io.merklite.loadtest.Bar;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** Command: the session library against the session extension of a current SQLite, workload by workload. */
public final class SessionBars {
    private static final int WARM_UP_ROUNDS = 40;
    private static final int WARM_UP_ROWS = 200_000;
    private static final int ROUNDS = 31;
    private static final int FRESH_CONNECTIONS = 2000;
    private static final List<Workload> WORKLOADS = workloads();

    private SessionBars() {}

    private static List<Workload> workloads() {
        List<Workload> workloads = new ArrayList<>();
        for (var store : List.of("mem", "file")) {
            for (var operation : List.of("insert", "update", "delete")) {
                for (var rows : List.of(10, 100, 500, 5000)) {
                    workloads.add(new Workload(store, operation, rows));
                }
            }
            workloads.add(new Workload(store, "mixed", 75));
            workloads.add(new Workload(store, "mixed", 600));
        }
        return workloads;
    }

    public static void main(String[] arguments) throws Exception {
        var folder = Files.createTempDirectory("merklite-bars");
        var rival = NodeRival.start(Path.of(System.getProperty("merklite.rival", "target/rival")));
        if (rival.isEmpty()) {
            System.out.println("# No rival: npm could not install Node 24, so bars against it are left out");
        }
        List<Comparison> comparisons = new ArrayList<>();
        System.out.println("# microseconds, medians of " + ROUNDS + ": workload, ours and theirs for each step");
        for (var store : List.of("mem", "file")) {
            try (var side = new MerkliteSide(store, folder)) {
                for (var workload : WORKLOADS) {
                    if (workload.store().equals(store)) {
                        comparisons.add(measure(workload, side, rival, folder));
                    }
                }
                if (store.equals("mem")) {
                    System.out.println(new Bar("session.end-to-end.100", endToEnd(side), "us", 460));
                }
            }
        }
        System.out.println(new Bar("session.create-and-attach", createSession(), "us", 60));
        comparisons.forEach(SessionBars::printBars);
        if (rival.isPresent()) {
            rival.get().close();
        }
    }

    /** Medians of both sides for one workload. */
    private record Comparison(Workload workload, SessionTimes mine, Optional<SessionTimes> other) {}

    private static Comparison measure(Workload workload, MerkliteSide side, Optional<NodeRival> rival, Path folder)
            throws Exception {
        for (var round = 0; round < Math.max(WARM_UP_ROUNDS, WARM_UP_ROWS / workload.rows()); round++) {
            side.run(workload);
            if (rival.isPresent() && round % 4 == 0) {
                rival.get().run(workload, folder);
            }
        }
        List<SessionTimes> mine = new ArrayList<>();
        List<SessionTimes> other = new ArrayList<>();
        for (var round = 0; round < ROUNDS; round++) {
            mine.add(side.run(workload));
            if (rival.isPresent()) {
                other.add(rival.get().run(workload, folder));
            }
        }
        if (!other.isEmpty() && mine.getFirst().sizeBytes() != other.getFirst().sizeBytes()) {
            throw new IllegalStateException("changesets of " + workload + " differ in size");
        }
        var comparison = new Comparison(
                workload, medians(mine), other.isEmpty() ? Optional.empty() : Optional.of(medians(other)));
        print(comparison.workload(), comparison.mine(), comparison.other());
        return comparison;
    }

    private static SessionTimes medians(List<SessionTimes> rounds) {
        return new SessionTimes(
                median(rounds, SessionTimes::untracked),
                median(rounds, SessionTimes::create),
                median(rounds, SessionTimes::tracked),
                median(rounds, SessionTimes::changeset),
                median(rounds, SessionTimes::patchset),
                median(rounds, SessionTimes::apply),
                rounds.getFirst().sizeBytes());
    }

    private static double median(List<SessionTimes> rounds, ToDoubleFunction<SessionTimes> figure) {
        return Bar.median(rounds.stream().mapToDouble(figure).toArray());
    }

    private static void print(Workload workload, SessionTimes mine, Optional<SessionTimes> other) {
        System.out.printf(
                Locale.ROOT,
                "# %-16s plain %.1f %s  tracked %.1f %s  changeset %.1f %s  patchset %.1f %s  apply %.1f %s%n",
                workload.label(),
                mine.untracked(),
                text(other, SessionTimes::untracked),
                mine.tracked(),
                text(other, SessionTimes::tracked),
                mine.changeset(),
                text(other, SessionTimes::changeset),
                mine.patchset(),
                text(other, SessionTimes::patchset),
                mine.apply(),
                text(other, SessionTimes::apply));
    }

    private static String text(Optional<SessionTimes> times, ToDoubleFunction<SessionTimes> figure) {
        return times.map(some -> String.format(Locale.ROOT, "%.1f", figure.applyAsDouble(some)))
                .orElse("-");
    }

    private static double endToEnd(MerkliteSide side) throws Exception {
        var times = new double[ROUNDS * 10];
        for (var i = 0; i < times.length; i++) {
            times[i] = side.endToEnd(100);
        }
        return Bar.median(times);
    }

    private static double createSession() throws Exception {
        var times = new double[FRESH_CONNECTIONS];
        for (var i = 0; i < times.length; i++) {
            times[i] = MerkliteSide.createSession();
        }
        return Bar.median(times);
    }

    private static void printBars(Comparison comparison) {
        var workload = comparison.workload();
        var mine = comparison.mine();
        var isInsert = workload.operation().equals("insert");
        if (isInsert && workload.rows() == 500) {
            var name = "session.capture." + workload.label();
            System.out.println(new Bar(name + ".ratio", mine.tracked() / mine.untracked(), "x", 1.5));
            System.out.println(
                    new Bar(name + ".more", (mine.tracked() - mine.untracked()) / workload.rows(), "us/row", 1.0));
        }
        comparison.other().ifPresent(other -> {
            if (isInsert && workload.rows() >= 500) {
                System.out.println(new Bar(
                        "session.changeset." + workload.label(), mine.changeset() / other.changeset(), "x", 2.0));
            }
            System.out.println(new Bar(
                    "session.apply." + workload.label(), mine.apply() / other.apply(), "x", applyLimit(workload)));
        });
    }

    private static double applyLimit(Workload workload) {
        if (workload.rows() <= 100) {
            return 2.5;
        }
        return workload.operation().equals("insert") ? 1.0 : 1.5;
    }
}
