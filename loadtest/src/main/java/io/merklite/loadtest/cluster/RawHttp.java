package io.merklite.loadtest.cluster;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** One kept-alive connection that posts JSON. As little work as possible, since it shares the machine with the server. */
final class RawHttp implements AutoCloseable {
    private static final int BUFFER_BYTES = 16 << 10;
    private static final int STATUS_AT = "HTTP/1.1 ".length();
    private static final String LENGTH = "content-length:";

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final String head;
    private String body = "";

    RawHttp(InetSocketAddress address, String path) throws IOException {
        socket = new Socket(address.getAddress(), address.getPort());
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES);
        out = socket.getOutputStream();
        head = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ";
    }

    /** Posts and waits for the whole answer; its status. */
    int post(String json) throws IOException {
        var content = json.getBytes(StandardCharsets.UTF_8);
        var request = (head + content.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        var whole = new byte[request.length + content.length];
        System.arraycopy(request, 0, whole, 0, request.length);
        System.arraycopy(content, 0, whole, request.length, content.length);
        out.write(whole);
        var statusLine = line();
        var status = Integer.parseInt(statusLine, STATUS_AT, STATUS_AT + 3, 10);
        var length = 0;
        for (var line = line(); !line.isEmpty(); line = line()) {
            if (line.regionMatches(true, 0, LENGTH, 0, LENGTH.length())) {
                length = Integer.parseInt(line.substring(LENGTH.length()).strip());
            }
        }
        body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
        return status;
    }

    /** The body of the last answer. */
    String body() {
        return body;
    }

    private String line() throws IOException {
        var line = new StringBuilder();
        for (var next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("the server closed the connection");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
