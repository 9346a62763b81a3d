package io.merklite.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;

/** Stands between a client and a node, loses what it is told to lose, and remembers what was asked. */
public final class FaultyProxy implements AutoCloseable {
    private static final int CHUNK_BYTES = 64 << 10;
    private static final String END_OF_HEAD = "\r\n\r\n";
    private static final Pattern CONTENT_LENGTH = Pattern.compile("(?i)\r\ncontent-length: *([0-9]+)");

    /** What happens to a POST. */
    public enum Fault {
        /** The connection breaks before the node has heard of it. */
        LOST_BEFORE,
        /** The node has done it, and its answer gets lost. */
        LOST_AFTER,
        /** It is answered that there is no writer now. */
        NO_WRITER,
        /** It is answered that the token has expired. */
        EXPIRED_TOKEN
    }

    private final ServerSocket server;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Queue<Fault> faults = new ArrayDeque<>();
    private volatile boolean hidesFeatures;
    private final Queue<String> seen = new ConcurrentLinkedQueue<>();

    /** @param target port of the node */
    public FaultyProxy(int target) {
        this.target = target;
        try {
            this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    private static void start(Runnable work) {
        var thread = new Thread(work, "faulty-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    public int port() {
        return server.getLocalPort();
    }

    public String address() {
        return "http://127.0.0.1:" + port();
    }

    /** The next POSTs meet these faults, one each. */
    public void failNext(Fault... next) {
        synchronized (faults) {
            faults.addAll(List.of(next));
        }
    }

    /** The requests, as text: head and body; of those without a length, the head and what came with it. */
    public List<String> seen() {
        return List.copyOf(seen);
    }

    /** From now on the node seems to be one that announces nothing. */
    public void hideFeatures() {
        hidesFeatures = true;
    }

    /** Breaks all connections. */
    public void disconnect() {
        open.forEach(FaultyProxy::quietly);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                var client = server.accept();
                var node = new Socket(InetAddress.getLoopbackAddress(), target);
                new Line(client, node).begin();
            } catch (IOException e) {
                // the proxy is closed, or the node is not there: the client sees its connection break
            }
        }
    }

    /** One connection through the proxy. */
    private final class Line {
        private final Socket client;
        private final Socket node;
        private volatile boolean losesAnswer;

        private Line(Socket client, Socket node) {
            this.client = client;
            this.node = node;
        }

        private void begin() {
            open.add(client);
            open.add(node);
            start(() -> pump(client, node, true));
            start(() -> pump(node, client, false));
        }

        private void pump(Socket from, Socket to, boolean isFromClient) {
            try (from;
                    to) {
                var chunk = new byte[CHUNK_BYTES];
                var in = from.getInputStream();
                var out = to.getOutputStream();
                for (var size = in.read(chunk); size >= 0; size = in.read(chunk = new byte[CHUNK_BYTES])) {
                    if (isFromClient) {
                        chunk = wholeRequest(chunk, size, in);
                        size = chunk.length;
                    }
                    if (isFromClient ? !passes(chunk) : losesAnswer) {
                        return;
                    }
                    if (!isFromClient && hidesFeatures) {
                        chunk = new String(chunk, 0, size, StandardCharsets.ISO_8859_1)
                                .replace("merklite-features", "merklite-nothing0")
                                .getBytes(StandardCharsets.ISO_8859_1);
                    }
                    out.write(chunk, 0, size);
                    out.flush();
                }
            } catch (IOException e) {
                // one end has gone: so does the other
            } finally {
                open.remove(from);
                open.remove(to);
            }
        }

        /** A client may send head and body in packets of their own: what begins a request is read to its end. */
        private static byte[] wholeRequest(byte[] chunk, int size, InputStream in) throws IOException {
            var request = new ByteArrayOutputStream();
            request.write(chunk, 0, size);
            if (!isRequest(request.toString(StandardCharsets.ISO_8859_1))) {
                return request.toByteArray();
            }
            var more = new byte[CHUNK_BYTES];
            while (!isComplete(request.toString(StandardCharsets.ISO_8859_1))) {
                var count = in.read(more);
                if (count < 0) {
                    break;
                }
                request.write(more, 0, count);
            }
            return request.toByteArray();
        }

        private static boolean isRequest(String text) {
            return text.startsWith("POST ") || text.startsWith("GET ");
        }

        private static boolean isComplete(String text) {
            var end = text.indexOf(END_OF_HEAD);
            if (end < 0) {
                return false;
            }
            var length = CONTENT_LENGTH.matcher(text).region(0, end);
            return !length.find() || text.length() - end - END_OF_HEAD.length() >= Integer.parseInt(length.group(1));
        }

        private boolean passes(byte[] chunk) throws IOException {
            var text = new String(chunk, StandardCharsets.ISO_8859_1);
            if (!isRequest(text)) {
                return true;
            }
            seen.add(text);
            if (text.startsWith("GET ")) {
                return true;
            }
            Fault fault;
            synchronized (faults) {
                fault = faults.poll();
            }
            if (fault == Fault.NO_WRITER || fault == Fault.EXPIRED_TOKEN) {
                refuse(fault == Fault.NO_WRITER ? "503 Unavailable" : "401 Unauthorized", fault.name());
                return false;
            }
            losesAnswer = fault == Fault.LOST_AFTER;
            return fault != Fault.LOST_BEFORE;
        }

        private void refuse(String status, String code) throws IOException {
            var body = "{\"message\":\"told by the proxy\",\"code\":\"" + code + "\"}";
            client.getOutputStream()
                    .write(("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: "
                                    + body.length() + "\r\nConnection: close\r\n\r\n" + body)
                            .getBytes(StandardCharsets.ISO_8859_1));
            client.shutdownOutput();
        }
    }

    private static void quietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // it was closed by the other end at the same time
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        disconnect();
    }
}
