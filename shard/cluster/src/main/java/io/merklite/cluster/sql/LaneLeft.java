package io.merklite.cluster.sql;

/** A run can't go on in its lane. Never leaves this package. */
@SuppressWarnings("serial") // never serialised
final class LaneLeft extends Exception {
    private final transient SqlRun.Progress progress;

    LaneLeft(SqlRun.Progress progress) {
        super(progress.toString(), null, false, false);
        this.progress = progress;
    }

    SqlRun.Progress progress() {
        return progress;
    }
}
