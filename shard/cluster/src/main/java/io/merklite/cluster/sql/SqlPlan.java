package io.merklite.cluster.sql;

import java.util.ArrayList;
import java.util.List;

/**
 * Requests as far as their tokens tell, and the lane that this wants. Cheap: the texts of statements are analysed once.
 *
 * <p>A wrong guess is harmless: a run that finds out {@linkplain SqlRun.Progress.Moves moves}.
 */
public final class SqlPlan {
    /** How requests run. */
    public enum Kind {
        /** On a connection that only reads. */
        READ,
        /** In one transaction of the writer together with others: complete in themselves. */
        GROUP,
        /** On the writer's connection, alone. */
        EXCLUSIVE
    }

    /** A request with its texts analysed. */
    sealed interface Planned {
        record Batch(List<Step> steps) implements Planned {
            public Batch {
                steps = List.copyOf(steps);
            }
        }

        record Step(SqlStep step, AnalysedText text) {}

        record Sequence(AnalysedText text) implements Planned {}

        record Describe(AnalysedText text) implements Planned {}

        enum Autocommit implements Planned {
            AUTOCOMMIT
        }
    }

    private final List<Planned> requests;
    private final Kind kind;
    private final Kind writingKind;
    private final int statementCount;
    private final boolean isForAnyCopy;
    private final boolean isReadOnlyTransaction;

    private SqlPlan(List<Planned> requests, boolean isReadOnly, Scan scan) {
        this.requests = List.copyOf(requests);
        this.kind = isReadOnly ? Kind.READ : scan.kind();
        this.writingKind = scan.writingKind();
        this.statementCount = scan.statementCount;
        this.isForAnyCopy = isReadOnly || scan.onlyReads();
        this.isReadOnlyTransaction = scan.onlyReads() && scan.isOpen;
    }

    /** The plan for the next requests of a stream in this state, which may write. */
    public static SqlPlan of(List<SqlRequest> requests, SqlStreamState state) {
        return of(requests, state, false);
    }

    /**
     * The plan for the next requests of a stream in this state.
     *
     * @param isReadOnly whether statements that write will be refused
     */
    public static SqlPlan of(List<SqlRequest> requests, SqlStreamState state, boolean isReadOnly) {
        List<Planned> planned = new ArrayList<>(requests.size());
        var scan = new Scan(state.facts());
        for (var request : requests) {
            planned.add(
                    switch (request) {
                        case SqlRequest.Batch batch ->
                            new Planned.Batch(batch.steps().stream()
                                    .map(step -> new Planned.Step(
                                            step,
                                            scan.see(AnalysedText.of(
                                                    step.statement().sql()))))
                                    .toList());
                        case SqlRequest.Sequence sequence ->
                            new Planned.Sequence(scan.see(AnalysedText.of(sequence.sql())));
                        case SqlRequest.Describe describe -> new Planned.Describe(AnalysedText.of(describe.sql()));
                        case SqlRequest.Autocommit autocommit -> Planned.Autocommit.AUTOCOMMIT;
                    });
        }
        return new SqlPlan(planned, isReadOnly, scan);
    }

    /** The lane that the requests want. */
    public Kind kind() {
        return kind;
    }

    /**
     * Whether requests of a stream that has nothing open may run at any copy of the database: they read, and leave nothing
     * behind that a later write would have to know of.
     */
    public boolean isForAnyCopy() {
        return isForAnyCopy;
    }

    /** Whether they leave a transaction open that says that it will not write: {@code BEGIN TRANSACTION READONLY}. */
    public boolean isReadOnlyTransaction() {
        return isReadOnlyTransaction;
    }

    List<Planned> requests() {
        return requests;
    }

    /** The lane that they want if they turn out to write. */
    public Kind writingKind() {
        return writingKind;
    }

    int statementCount() {
        return statementCount;
    }

    /** Follows transactions through the statements, as if none failed and every condition held. */
    private static final class Scan {
        private final SqlStreamState.Facts start;
        private boolean isOpen;
        private boolean isBegunBySavepoint;
        private final List<String> savepoints;
        private boolean foreignKeys;
        private boolean writes;
        private boolean wantsWriter;
        private boolean needsExclusive;
        private boolean changesSettings;
        private boolean isReadOnlyTransaction;
        private int statementCount;

        private Scan(SqlStreamState.Facts start) {
            this.start = start;
            this.isOpen = !start.isAutocommit();
            this.isBegunBySavepoint = start.isBegunBySavepoint();
            this.savepoints = new ArrayList<>(start.savepoints());
            this.foreignKeys = start.foreignKeys();
        }

        private AnalysedText see(AnalysedText text) {
            text.statements().forEach(this::see);
            return text;
        }

        private void see(AnalysedStatement statement) {
            statementCount++;
            switch (statement.kind()) {
                case READ, PRAGMA -> {}
                case WRITE -> {
                    writes = true;
                    needsExclusive |= statement.mayRollBack() || !foreignKeys;
                }
                case SCHEMA, DEFER_FOREIGN_KEYS -> {
                    writes = true;
                    needsExclusive = true;
                }
                case FOREIGN_KEYS -> {
                    changesSettings = true;
                    if (!isOpen) {
                        foreignKeys = statement.isSwitchedOn().orElse(foreignKeys);
                    }
                }
                case BEGIN -> {
                    isOpen = true;
                    isReadOnlyTransaction = statement.isReadOnlyBegin();
                    wantsWriter |= statement.isImmediate();
                }
                case COMMIT, ROLLBACK -> end();
                case SAVEPOINT -> {
                    isBegunBySavepoint |= !isOpen;
                    isOpen = true;
                    savepoints.add(statement.name());
                }
                case RELEASE -> {
                    var index = savepoints.lastIndexOf(statement.name());
                    if (index == 0 && isBegunBySavepoint) {
                        end();
                    } else if (index >= 0) {
                        savepoints.subList(index, savepoints.size()).clear();
                    }
                }
                case ROLLBACK_TO -> {}
            }
        }

        /** A transaction that stays open may write later, unless it says that it will not. */
        private boolean onlyReads() {
            return !writes && !wantsWriter && !changesSettings && (!isOpen || isReadOnlyTransaction);
        }

        private void end() {
            isOpen = false;
            isReadOnlyTransaction = false;
            isBegunBySavepoint = false;
            savepoints.clear();
        }

        private Kind kind() {
            return switch (start.phase()) {
                case WRITING -> Kind.EXCLUSIVE;
                // Its reader's connection must at least let go of the snapshot, before the run moves.
                case READING, STALE -> Kind.READ;
                case DEFERRED, AUTOCOMMIT ->
                    start.wasTakenAway() || (!writes && !wantsWriter) ? Kind.READ : writingKind();
            };
        }

        private Kind writingKind() {
            return !start.isAutocommit() || needsExclusive || isOpen ? Kind.EXCLUSIVE : Kind.GROUP;
        }
    }
}
