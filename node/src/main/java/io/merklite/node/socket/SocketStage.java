package io.merklite.node.socket;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket, from its upgrade to its end: bytes in, bytes out, a {@link SocketSession} in between.
 *
 * <p>Pekko HTTP has WebSockets of its own, but those close with code 1000 or 1011 only, and never notice a peer that is gone; so frames
 * are done here, on the bytes of the connection.
 *
 * <p><b>Back-pressure.</b> Nothing is read while the session has no room, or too many bytes wait to be sent: TCP then stops the
 * client.
 *
 * <p><b>Ends.</b> A violation sends a closing frame, and what still comes is read and dropped until the client closes too, or some
 * seconds have gone: closing at once would reset the connection, and the client would never see why. However it ends, {@code postStop} ends
 * the session.
 */
final class SocketStage extends GraphStage<FlowShape<ByteString, ByteString>> {
    private static final Logger LOG = LoggerFactory.getLogger(SocketStage.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

    private static final long MAX_OUTGOING_SIZE_BYTES = 1 << 20;

    private static final String PING = "ping";
    private static final String EXPIRE = "expire";
    private static final String GIVE_UP = "give up";

    private final Inlet<ByteString> in = Inlet.create("WebSocket.in");
    private final Outlet<ByteString> out = Outlet.create("WebSocket.out");
    private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
    private final Function<Socket, SocketSession> sessions;
    private final int maxMessageSizeBytes;
    private final Duration pingInterval;
    private final InstantSource clock;

    /**
     * A WebSocket.
     *
     * @param sessions what is said on it
     * @param pingInterval a peer that has answered no ping until the next is dropped
     */
    SocketStage(
            Function<Socket, SocketSession> sessions,
            int maxMessageSizeBytes,
            Duration pingInterval,
            InstantSource clock) {
        this.sessions = sessions;
        this.maxMessageSizeBytes = maxMessageSizeBytes;
        this.pingInterval = pingInterval;
        this.clock = clock;
    }

    @Override
    public FlowShape<ByteString, ByteString> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Connection();
    }

    private final class Connection extends TimerGraphStageLogic implements Socket {
        private final FrameDecoder frames = new FrameDecoder(maxMessageSizeBytes);
        private final SocketSession session;
        private final AsyncCallback<Runnable> callback = createAsyncCallback(Runnable::run);
        private final Queue<ByteString> outgoing = new ArrayDeque<>();
        private long outgoingSizeBytes;
        private boolean hasHeard = true;
        private boolean isClosing;
        private boolean isPeerClosed;

        Connection() {
            super(shape);
            session = sessions.apply(this);
            setHandler(in, new AbstractInHandler() {
                @Override
                public void onPush() {
                    onBytes(grab(in));
                }
            });
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    flush();
                }
            });
        }

        @Override
        public void preStart() {
            scheduleAtFixedRate(PING, pingInterval, pingInterval);
            pull(in);
        }

        @Override
        public void postStop() {
            session.end();
        }

        @Override
        public void onTimer(Object key) {
            if (key.equals(PING)) {
                onPing();
            } else if (key.equals(EXPIRE)) {
                close(1008, "the token has expired: connect again with a new one");
            } else {
                completeStage();
            }
        }

        /** Judges the peer only if it was listened to, and has taken all that was sent: otherwise its answer may be on its way. */
        private void onPing() {
            var isJudged = isAvailable(out) && hasBeenPulled(in);
            if (isJudged && !hasHeard) {
                LOG.debug("websocket dropped: peer has not answered a ping");
                completeStage();
            } else if (isJudged) {
                hasHeard = false;
                enqueue(Frames.ping());
            }
        }

        private void onBytes(ByteString bytes) {
            hasHeard = true;
            if (!isPeerClosed) {
                try {
                    frames.decode(bytes, this::onEvent);
                } catch (FrameDecoder.BrokenFrameException e) {
                    isPeerClosed = isClosing; // nothing can be made of what comes after
                    close(e.closeCode(), e.found());
                }
            }
            read();
        }

        private void onEvent(FrameDecoder.Event event) {
            switch (event) {
                case FrameDecoder.Event.Message(var isText, var payload) -> onMessage(isText, payload);
                case FrameDecoder.Event.Ping(var payload) -> enqueue(Frames.pong(payload));
                case FrameDecoder.Event.Pong pong -> {}
                case FrameDecoder.Event.Close(var code) -> onPeerClose(code);
            }
        }

        private void onMessage(boolean isText, ByteString payload) {
            if (isClosing) {
                return;
            }
            session.receive(isText, payload);
        }

        private void onPeerClose(int code) {
            isPeerClosed = true;
            if (!isClosing) {
                isClosing = true;
                session.end();
                enqueue(Frames.close(code == 1005 || code == 1006 ? FrameDecoder.NORMAL : code, ""));
            }
            completeIfDone();
        }

        @Override
        public void sendText(ByteString payload) {
            if (!isClosing) {
                enqueue(Frames.text(payload));
            }
        }

        @Override
        public void sendBinary(ByteString payload) {
            if (!isClosing) {
                enqueue(Frames.binary(payload));
            }
        }

        @Override
        public void close(int code, String reason) {
            if (isClosing) {
                return;
            }
            LOG.debug("websocket closes code={} reason={}", code, reason);
            isClosing = true;
            session.end();
            enqueue(Frames.close(code, reason));
            scheduleOnce(GIVE_UP, CLOSE_TIMEOUT);
        }

        @Override
        public void closeAt(Optional<Instant> moment) {
            cancelTimer(EXPIRE);
            moment.ifPresent(at -> {
                var left = Duration.between(clock.instant(), at);
                scheduleOnce(EXPIRE, left.isNegative() ? Duration.ZERO : left);
            });
        }

        @Override
        public boolean isCongested() {
            return outgoingSizeBytes > MAX_OUTGOING_SIZE_BYTES;
        }

        @Override
        public <T> void await(CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> then) {
            stage.whenComplete((value, failure) -> callback.invoke(() -> {
                if (!isClosing) {
                    then.accept(value, failure);
                }
            }));
        }

        @Override
        public void run(Runnable work) {
            callback.invoke(() -> {
                if (!isClosing) {
                    work.run();
                }
            });
        }

        private void enqueue(ByteString frame) {
            outgoing.add(frame);
            outgoingSizeBytes += frame.size();
            flush();
        }

        private void flush() {
            if (isAvailable(out) && !outgoing.isEmpty()) {
                var wasCongested = isCongested();
                var frame = outgoing.remove();
                outgoingSizeBytes -= frame.size();
                push(out, frame);
                if (wasCongested && !isCongested()) {
                    session.proceed();
                }
                read();
            }
            completeIfDone();
        }

        private void completeIfDone() {
            if (isPeerClosed && outgoing.isEmpty()) {
                completeStage();
            }
        }

        @Override
        public void read() {
            if (!hasBeenPulled(in) && !isClosed(in) && (isClosing || hasRoom())) {
                hasHeard = true;
                pull(in);
            }
        }

        private boolean hasRoom() {
            return !isCongested() && session.hasRoom();
        }
    }
}
