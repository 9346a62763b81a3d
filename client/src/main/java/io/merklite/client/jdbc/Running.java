package io.merklite.client.jdbc;

import io.merklite.client.ClientException;
import io.merklite.client.http.Alarm;
import io.merklite.client.http.Failures;
import java.sql.SQLException;
import java.sql.SQLNonTransientException;
import java.sql.SQLTimeoutException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * A statement that runs, its time limit, and the way to give it up. Once given up it stays so: a limit that ends between two
 * steps of it holds for the second.
 *
 * <p><b>Threading.</b> Thread-safe: {@link #cancel} comes from any thread, and from a timer.
 */
final class Running {
    private final Optional<Duration> limit;
    private final Optional<Alarm> alarm;
    private Optional<Runnable> canceller = Optional.empty();
    private boolean isCancelled;
    private boolean isLate;

    Running(Optional<Duration> limit) {
        this.limit = limit;
        this.alarm = limit.map(time -> Alarm.after(time, () -> giveUp(true)));
    }

    boolean isLimited() {
        return limit.isPresent();
    }

    /** From now on this is how it is given up; at once if it already was. */
    private void canBeCancelledBy(Runnable how) throws SQLException {
        synchronized (this) {
            canceller = Optional.of(how);
            if (!isCancelled) {
                return;
            }
        }
        how.run();
        throw failure(new CancellationException("given up before"));
    }

    /** It has been executed: its time limit no longer counts, also where rows of it are still read. */
    void executed() {
        alarm.ifPresent(Alarm::callOff);
    }

    private synchronized void ended() {
        canceller = Optional.empty();
    }

    /** Gives up what blocks now, or else what would block next. */
    void cancel() {
        giveUp(false);
    }

    private void giveUp(boolean itIsLate) {
        Optional<Runnable> how;
        synchronized (this) {
            if (isCancelled) {
                return;
            }
            isCancelled = true;
            isLate = itIsLate;
            how = canceller;
        }
        how.ifPresent(Runnable::run);
    }

    /** Waits for a stage. */
    <T> T await(CompletableFuture<T> stage) throws SQLException {
        canBeCancelledBy(() -> stage.cancel(true));
        return reading(stage::join);
    }

    /** Something that blocks on the network. */
    interface Blocking<T> {
        T run();
    }

    /** Blocks on what {@code how} gives up. */
    <T> T reading(Runnable how, Blocking<T> work) throws SQLException {
        canBeCancelledBy(how);
        return reading(work);
    }

    private <T> T reading(Blocking<T> work) throws SQLException {
        try {
            return work.run();
        } catch (RuntimeException e) {
            throw failure(Failures.cause(e));
        } finally {
            ended();
        }
    }

    private synchronized SQLException failure(Throwable cause) {
        if (isLate) {
            return new SQLTimeoutException(
                    "the statement took longer than " + limit.orElse(Duration.ZERO), SqlStates.CANCELLED, cause);
        }
        if (isCancelled) {
            return new SQLNonTransientException("the statement was cancelled", SqlStates.CANCELLED, cause);
        }
        return switch (cause) {
            case ClientException failed -> SqlStates.of(failed);
            case RuntimeException bug -> throw bug;
            default -> new SQLException("the request failed", "58000", cause);
        };
    }
}
