package io.merklite.node.socket;

import io.merklite.node.encoding.ByteOutput;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Takes apart what a client sends on a WebSocket (RFC 6455, section 5), in whatever pieces it comes.
 *
 * <p>A frame: one byte with FIN (0x80), three reserved bits that must be 0, and the opcode; one byte with MASK (0x80, always set by
 * clients) and the length, where 126 and 127 mean that two or eight bytes with the length follow; four bytes of mask; the payload,
 * each byte xor the mask's in turn. A message is a frame with opcode 1 (text) or 2 (binary), continued by frames with opcode 0 until
 * FIN. Control frames (8 close, 9 ping, 10 pong) have at most 125 bytes, FIN, and may come between the frames of a message.
 *
 * <p>Memory grows with what has come, not with what a header promises.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
public final class FrameDecoder {
    static final int NORMAL = 1000;
    static final int PROTOCOL_ERROR = 1002;
    /** The code that closes a socket on which a message of the wrong kind came: text for binary, or the other way round. */
    public static final int WRONG_KIND = 1003;

    static final int TOO_LARGE = 1009;

    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int MAX_CONTROL_SIZE_BYTES = 125;
    private static final int MAX_HEADER_SIZE_BYTES = 14;
    private static final int MASK_SIZE_BYTES = 4;

    /** What has come. */
    public sealed interface Event {
        /** A whole message. */
        record Message(boolean isText, ByteString payload) implements Event {}

        /** To be answered by a pong with the same payload. */
        record Ping(ByteString payload) implements Event {}

        /** The answer to a ping. */
        enum Pong implements Event {
            PONG
        }

        /** The client closes. */
        record Close(int code) implements Event {}
    }

    /** The bytes are none of a WebSocket, and how it must be closed therefore. */
    public static final class BrokenFrameException extends RuntimeException {
        private final int closeCode;
        private final String found;

        BrokenFrameException(int closeCode, String found) {
            super(found, null, false, false);
            this.closeCode = closeCode;
            this.found = found;
        }

        String found() {
            return found;
        }

        /** The code that the socket must be closed with. */
        public int closeCode() {
            return closeCode;
        }
    }

    private final int maxMessageSizeBytes;
    private final ByteBuffer header = ByteBuffer.allocate(MAX_HEADER_SIZE_BYTES);

    private boolean isInPayload;
    private boolean isFinal;
    private int opcode;
    private int mask;
    private long missing;
    private int maskIndex;
    private int messageOpcode;
    private @Nullable ByteOutput message;
    private @Nullable ByteOutput control;

    /** @param maxMessageSizeBytes of a message; a larger one is an error */
    public FrameDecoder(int maxMessageSizeBytes) {
        this.maxMessageSizeBytes = maxMessageSizeBytes;
    }

    /** Takes the next bytes, and gives what they complete to {@code sink}, in order. */
    public void decode(ByteString bytes, Consumer<Event> sink) {
        var in = bytes.asByteBuffer();
        while (in.hasRemaining()) {
            if (!isInPayload) {
                readHeader(in);
            }
            if (isInPayload) {
                readPayload(in);
                if (missing == 0) {
                    isInPayload = false;
                    endFrame(sink);
                }
            }
        }
    }

    private void readHeader(ByteBuffer in) {
        while (in.hasRemaining() && header.position() < headerSizeBytes()) {
            header.put(in.get());
        }
        if (header.position() == headerSizeBytes()) {
            header.flip();
            beginFrame();
            header.clear();
        }
    }

    private int headerSizeBytes() {
        if (header.position() < 2) {
            return 2;
        }
        var isMasked = (header.get(1) & 0x80) != 0;
        return 2
                + (isMasked ? MASK_SIZE_BYTES : 0) // without, there is an error to tell, and not bytes to wait for
                + switch (header.get(1) & 0x7F) {
                    case 126 -> Short.BYTES;
                    case 127 -> Long.BYTES;
                    default -> 0;
                };
    }

    private void beginFrame() {
        var first = header.get();
        var second = header.get();
        isFinal = (first & 0x80) != 0;
        opcode = first & 0x0F;
        require((first & 0x70) == 0, "a reserved bit is set");
        require((second & 0x80) != 0, "a frame of a client is not masked");
        missing = switch (second & 0x7F) {
            case 126 -> header.getShort() & 0xFFFFL;
            case 127 -> header.getLong();
            default -> second & 0x7F;
        };
        mask = header.getInt();
        maskIndex = 0;
        isInPayload = true;
        if (opcode >= CLOSE) {
            beginControl();
        } else {
            beginData();
        }
    }

    private void beginControl() {
        require(opcode <= PONG, "an unknown opcode " + opcode);
        require(
                isFinal && missing >= 0 && missing <= MAX_CONTROL_SIZE_BYTES,
                "a control frame that is too long or in pieces");
        control = new ByteOutput((int) missing);
    }

    private void beginData() {
        require(opcode <= BINARY, "an unknown opcode " + opcode);
        require((opcode == CONTINUATION) == (message != null), "a frame that does not continue the one before it");
        if (message == null) {
            messageOpcode = opcode;
            message = new ByteOutput(256);
        }
        if (missing < 0 || missing > maxMessageSizeBytes - message.size()) {
            throw new BrokenFrameException(TOO_LARGE, "a message may have " + maxMessageSizeBytes + " bytes");
        }
    }

    private void readPayload(ByteBuffer in) {
        var target = opcode >= CLOSE ? control : message;
        var count = (int) Math.min(missing, in.remaining());
        var part = new byte[count];
        in.get(part);
        for (var i = 0; i < count; i++) {
            part[i] ^= (byte) (mask >>> (24 - 8 * (maskIndex++ & 3)));
        }
        if (target != null) {
            target.write(part);
        }
        missing -= count;
    }

    private void endFrame(Consumer<Event> sink) {
        if (opcode >= CLOSE && control != null) {
            var payload = control.toByteString();
            control = null;
            switch (opcode) {
                case PING -> sink.accept(new Event.Ping(payload));
                case PONG -> sink.accept(Event.Pong.PONG);
                default -> sink.accept(new Event.Close(closeCode(payload)));
            }
        } else if (isFinal && message != null) {
            var payload = message.toByteString();
            message = null;
            sink.accept(new Event.Message(messageOpcode == TEXT, payload));
        }
    }

    private static int closeCode(ByteString payload) {
        require(payload.size() != 1, "half a code in a closing frame");
        return payload.isEmpty() ? NORMAL : payload.asByteBuffer().getShort() & 0xFFFF;
    }

    private static void require(boolean isGood, String found) {
        if (!isGood) {
            throw new BrokenFrameException(PROTOCOL_ERROR, found);
        }
    }
}
