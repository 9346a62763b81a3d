package io.merklite.loadtest.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * One kept-alive connection that posts JSON. As little work as possible, since it shares the machine with the server.
 *
 * <p><b>Threading.</b> For one thread. Blocks.
 */
final class RawHttp implements AutoCloseable {
    /** A server that hangs, as rivals did, fails its connections and does not stop the run. */
    private static final int PATIENCE_MILLIS = 30_000;

    private static final int FIRST_BUFFER_BYTES = 16 << 10;
    private static final int STATUS_AT = "HTTP/1.1 ".length();
    private static final int STATUS_LENGTH = 3;
    private static final String LENGTH = "\r\ncontent-length:";
    private static final String CHUNKED = "\r\ntransfer-encoding: chunked";
    private static final int HEX = 16;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final String head;
    private byte[] buffer = new byte[FIRST_BUFFER_BYTES];
    private int filled;
    private String body = "";

    /** @param headers further lines, each with its line break */
    RawHttp(InetSocketAddress address, String path, String headers) throws IOException {
        socket = new Socket(address.getAddress(), address.getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
        in = socket.getInputStream();
        out = socket.getOutputStream();
        head = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers
                + "Content-Length: ";
    }

    /** Posts and waits for the whole answer; its status. */
    int post(String json) throws IOException {
        out.write((head + json.length() + "\r\n\r\n" + json).getBytes(StandardCharsets.ISO_8859_1));
        filled = 0;
        var headEnd = -1;
        while (headEnd < 0) {
            fill();
            headEnd = indexOfBlankLine();
        }
        var headers = new String(buffer, 0, headEnd, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
        body = headers.contains(CHUNKED) ? chunked(headEnd) : ofLength(headEnd, lengthIn(headers));
        return Integer.parseInt(headers, STATUS_AT, STATUS_AT + STATUS_LENGTH, 10);
    }

    /** The body of the last answer. */
    String body() {
        return body;
    }

    private static int lengthIn(String headers) {
        var at = headers.indexOf(LENGTH);
        if (at < 0) {
            return 0;
        }
        var end = headers.indexOf('\r', at + LENGTH.length());
        return Integer.parseInt(headers.substring(at + LENGTH.length(), end).strip());
    }

    private String ofLength(int start, int length) throws IOException {
        while (filled < start + length) {
            fill();
        }
        return new String(buffer, start, length, StandardCharsets.UTF_8);
    }

    private String chunked(int start) throws IOException {
        var text = new StringBuilder();
        var position = start;
        while (true) {
            var lineEnd = indexOfLineEnd(position);
            var length = Integer.parseInt(
                    new String(buffer, position, lineEnd - position, StandardCharsets.ISO_8859_1).strip(), HEX);
            position = lineEnd + 2;
            while (filled < position + length + 2) {
                fill();
            }
            if (length == 0) {
                return text.toString();
            }
            text.append(new String(buffer, position, length, StandardCharsets.UTF_8));
            position += length + 2;
        }
    }

    private int indexOfLineEnd(int from) throws IOException {
        for (var at = from; ; at++) {
            while (at >= filled) {
                fill();
            }
            if (buffer[at] == '\r') {
                return at;
            }
        }
    }

    /** Where the body starts; -1 if the head is not here yet. */
    private int indexOfBlankLine() {
        for (var i = 3; i < filled; i++) {
            if (buffer[i] == '\n' && buffer[i - 1] == '\r' && buffer[i - 2] == '\n') {
                return i + 1;
            }
        }
        return -1;
    }

    private void fill() throws IOException {
        if (filled == buffer.length) {
            buffer = java.util.Arrays.copyOf(buffer, 2 * filled);
        }
        var count = in.read(buffer, filled, buffer.length - filled);
        if (count < 0) {
            throw new IOException("the server closed the connection");
        }
        filled += count;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
