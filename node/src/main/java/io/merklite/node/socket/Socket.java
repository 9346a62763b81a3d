package io.merklite.node.socket;

import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket, for the {@link SocketSession} on it.
 *
 * <p><b>Threading.</b> Confined to its connection, but for {@link #await} and {@link #run}, which lead there.
 */
public interface Socket {
    /** Sends a message; nothing once the socket closes. */
    void sendText(ByteString payload);

    /** Sends a message; nothing once the socket closes. */
    void sendBinary(ByteString payload);

    /** Sends a closing frame and ends the session; what comes after is not looked at. */
    void close(int code, String reason);

    /** Closes the socket at a moment, in the place of the one that was set before. */
    void closeAt(Optional<Instant> moment);

    /** Whether more is waiting to be sent than should: then nothing new begins until {@link SocketSession#proceed}. */
    boolean isCongested();

    /** The session has room again. */
    void read();

    /** Calls back with a value or a failure, when there is one, unless the socket has closed. */
    <T> void await(CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> then);

    /** Runs work on the connection's thread, unless the socket has closed. Thread-safe. */
    void run(Runnable work);
}
