package io.merklite.node.socket;

import io.merklite.node.encoding.ByteOutput;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.pekko.util.ByteString;

/** What a server sends on a WebSocket: frames as {@link FrameDecoder} describes them, whole and without a mask. */
final class Frames {
    private static final int MAX_REASON_SIZE_BYTES = 123;

    private Frames() {}

    static ByteString text(ByteString payload) {
        return frame(0x81, payload);
    }

    static ByteString binary(ByteString payload) {
        return frame(0x82, payload);
    }

    static ByteString ping() {
        return frame(0x89, ByteString.emptyByteString());
    }

    static ByteString pong(ByteString payload) {
        return frame(0x8A, payload);
    }

    /** @param reason of which as much is sent as fits */
    static ByteString close(int code, String reason) {
        var utf8 = reason.getBytes(StandardCharsets.UTF_8);
        var length = Math.min(utf8.length, MAX_REASON_SIZE_BYTES);
        while (length < utf8.length && length > 0 && (utf8[length] & 0xC0) == 0x80) {
            length--; // not in the middle of a character
        }
        var payload = new ByteOutput(Short.BYTES + length);
        payload.write(code >> 8);
        payload.write(code);
        payload.write(utf8, 0, length);
        return frame(0x88, payload.toByteString());
    }

    private static ByteString frame(int first, ByteString payload) {
        var length = payload.size();
        var header = new ByteOutput(2 + Long.BYTES);
        header.write(first);
        if (length < 126) {
            header.write(length);
        } else if (length <= 0xFFFF) {
            header.write(126);
            header.write(length >> 8);
            header.write(length);
        } else {
            header.write(127);
            header.write(ByteBuffer.allocate(Long.BYTES).putLong(length).flip());
        }
        return header.toByteString().concat(payload);
    }
}
