package io.merklite.node.hrana;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A WebSocket that waits for what comes. */
final class SocketClient implements WebSocket.Listener, AutoCloseable {
    private final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
    private final BlockingQueue<byte[]> binaries = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder text = new StringBuilder();
    private final java.io.ByteArrayOutputStream binary = new java.io.ByteArrayOutputStream();
    final BlockingQueue<Boolean> pings = new LinkedBlockingQueue<>();
    private WebSocket socket;

    static SocketClient connect(TestServer server, String path, String... subprotocols) throws Exception {
        return connect(server.client.newWebSocketBuilder(), server.url(path), subprotocols);
    }

    /** Connects as {@code builder} says. */
    static SocketClient connect(WebSocket.Builder builder, String url, String... subprotocols) throws Exception {
        var client = new SocketClient();
        if (subprotocols.length > 0) {
            builder.subprotocols(subprotocols[0], java.util.Arrays.copyOfRange(subprotocols, 1, subprotocols.length));
        }
        client.socket = builder.buildAsync(URI.create(url.replace("http:", "ws:")), client)
                .get(60, TimeUnit.SECONDS);
        return client;
    }

    String subprotocol() {
        return socket.getSubprotocol();
    }

    WebSocket socket() {
        return socket;
    }

    SocketClient send(String message) throws Exception {
        socket.sendText(message, true).get(60, TimeUnit.SECONDS);
        return this;
    }

    SocketClient hello() throws Exception {
        return send("{\"type\":\"hello\",\"jwt\":null}");
    }

    SocketClient request(int id, String request) throws Exception {
        return send("{\"type\":\"request\",\"request_id\":" + id + ",\"request\":" + request + "}");
    }

    JsonObject next() throws Exception {
        var message = texts.poll(60, TimeUnit.SECONDS);
        if (message == null) {
            throw new AssertionError("nothing came in 20 s");
        }
        return JsonParser.parseString(message).getAsJsonObject();
    }

    byte[] nextBinary() throws Exception {
        var message = binaries.poll(60, TimeUnit.SECONDS);
        if (message == null) {
            throw new AssertionError("nothing came in 20 s");
        }
        return message;
    }

    int closeCode() throws Exception {
        return closed.get(60, TimeUnit.SECONDS);
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean isLast) {
        text.append(data);
        if (isLast) {
            texts.add(text.toString());
            text.setLength(0);
        }
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean isLast) {
        var part = new byte[data.remaining()];
        data.get(part);
        binary.writeBytes(part);
        if (isLast) {
            binaries.add(binary.toByteArray());
            binary.reset();
        }
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
        pings.add(true);
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int statusCode, String reason) {
        closed.complete(statusCode);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        closed.completeExceptionally(error);
    }

    @Override
    public void close() {
        socket.abort();
    }
}
