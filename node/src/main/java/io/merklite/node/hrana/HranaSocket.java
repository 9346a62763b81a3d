package io.merklite.node.hrana;

import io.merklite.node.http.Bookmark;
import io.merklite.node.socket.FrameDecoder;
import io.merklite.node.socket.Socket;
import io.merklite.node.socket.SocketSession;
import io.merklite.sync.vector.VersionVector;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Between a WebSocket's messages and a {@link Conversation}: decodes, encodes, and counts what waits.
 *
 * <p><b>Back-pressure.</b> There is room for so many requests for each stream that is open, and for as many more as may be about
 * to open, unless they are too large.
 */
final class HranaSocket implements SocketSession, Conversation.Peer {
    private static final int WAITING_PER_STREAM = 8;
    private static final int STREAMS_TO_COME = 32;

    private final Socket socket;
    private final Conversation conversation;
    private final AnswerEncoder encoder;
    private final boolean isBinary;
    private final boolean isToldBookmarks;
    private final long maxWaitingSizeBytes;
    private int waitingCount;
    private long waitingSizeBytes;

    /**
     * @param conversations what is said
     * @param isBinary whether messages are binary, or else text
     * @param isToldBookmarks whether answers have bookmarks
     */
    HranaSocket(
            Socket socket,
            Function<Conversation.Peer, Conversation> conversations,
            AnswerEncoder encoder,
            boolean isBinary,
            boolean isToldBookmarks,
            int maxMessageSizeBytes) {
        this.socket = socket;
        this.conversation = conversations.apply(this);
        this.encoder = encoder;
        this.isBinary = isBinary;
        this.isToldBookmarks = isToldBookmarks;
        this.maxWaitingSizeBytes = 2L * maxMessageSizeBytes;
    }

    @Override
    public void receive(boolean isText, ByteString payload) {
        if (isText == isBinary) {
            close(FrameDecoder.WRONG_KIND, isBinary ? "messages must be binary" : "messages must be text");
            return;
        }
        try {
            conversation.receive(payload.toArrayUnsafe());
        } catch (HranaException e) {
            close(e.closeCode(), e.what());
        }
    }

    @Override
    public void proceed() {
        conversation.proceed();
    }

    @Override
    public boolean hasRoom() {
        return waitingCount < WAITING_PER_STREAM * (STREAMS_TO_COME + conversation.streamCount())
                && waitingSizeBytes <= maxWaitingSizeBytes;
    }

    @Override
    public void end() {
        conversation.end();
    }

    @Override
    public void admit(Conversation.Ticket ticket) {
        waitingCount++;
        waitingSizeBytes += ticket.sizeBytes();
    }

    @Override
    public void answer(Conversation.Ticket ticket, Answer answer, VersionVector bookmark) {
        waitingCount--;
        waitingSizeBytes -= ticket.sizeBytes();
        conversation.answered(ticket, answer);
        send(new ServerMessage.Answered(
                ticket.requestId(),
                answer,
                isToldBookmarks && !bookmark.isEmpty() ? Optional.of(Bookmark.encode(bookmark)) : Optional.empty()));
        socket.read();
    }

    @Override
    public void send(ServerMessage message) {
        var payload = encoder.message(message);
        if (isBinary) {
            socket.sendBinary(payload);
        } else {
            socket.sendText(payload);
        }
    }

    @Override
    public void close(int code, String reason) {
        socket.close(code, reason);
    }

    @Override
    public void closeAt(Optional<Instant> moment) {
        socket.closeAt(moment);
    }

    @Override
    public boolean isCongested() {
        return socket.isCongested();
    }

    @Override
    public <T> void await(CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        socket.await(stage, then);
    }
}
