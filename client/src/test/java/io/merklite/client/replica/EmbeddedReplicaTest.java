package io.merklite.client.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.client.ClientSettings;
import io.merklite.client.replica.ReplicaStatus.Phase;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.DatabaseOptions;
import io.merklite.sync.database.QueryResult;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.message.SyncMessageCodec;
import io.merklite.testkit.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shell over a real WebSocket, against a server of one connection at a time. */
class EmbeddedReplicaTest {
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;

    @TempDir
    private Path folder;

    /** RFC 6455 as far as one peaceful client needs it; the node's end behind it. */
    private static final class SocketNode implements AutoCloseable {
        private final ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        private final SyncMessageCodec codec = new SyncMessageCodec(NodeEnd.MAX_MESSAGE_BYTES);
        private final NodeEnd node;
        private final Thread thread = new Thread(this::serve);
        private volatile Optional<Socket> open = Optional.empty();
        private volatile String request = "";

        private SocketNode() throws IOException {
            var random = Seeds.random(1);
            var options = DatabaseOptions.of("shop", InstantSource.system(), random)
                    .withSchema("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
            node = new NodeEnd(Database.open(Database.IN_MEMORY, options), random, Instant.ofEpochMilli(0), 100);
            thread.start();
        }

        private String address() {
            return "http://127.0.0.1:" + server.getLocalPort();
        }

        private void serve() {
            while (!server.isClosed()) {
                try (var socket = server.accept()) {
                    open = Optional.of(socket);
                    talk(new DataInputStream(socket.getInputStream()), socket.getOutputStream());
                } catch (IOException e) {
                    // a broken connection is what these tests are about
                    open = Optional.empty();
                }
                synchronized (node) {
                    node.disconnected();
                }
            }
        }

        private void talk(DataInputStream in, OutputStream out) throws IOException {
            var header = new StringBuilder();
            while (header.indexOf("\r\n\r\n") < 0) {
                header.append((char) in.readUnsignedByte());
            }
            request = header.toString();
            var key = request.replaceAll("(?is).*sec-websocket-key: *([^\\r]+).*", "$1");
            out.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Protocol: merklite-sync1\r\nSec-WebSocket-Accept: " + accept(key)
                            + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            synchronized (node) {
                node.connected(
                        text -> frame(out, TEXT, text.getBytes(StandardCharsets.UTF_8)),
                        message -> frame(out, BINARY, codec.encode(message)));
            }
            var whole = new ByteArrayOutputStream();
            var kind = 0;
            while (true) {
                var first = in.readUnsignedByte();
                kind = (first & 15) == 0 ? kind : first & 15;
                whole.writeBytes(payload(in));
                if (kind == CLOSE) {
                    return;
                }
                if ((first & 128) != 0) {
                    receive(kind, whole.toByteArray());
                    whole.reset();
                }
            }
        }

        private static byte[] payload(DataInputStream in) throws IOException {
            long length = in.readUnsignedByte() & 127;
            if (length == 126) {
                length = in.readUnsignedShort();
            } else if (length == 127) {
                length = in.readLong();
            }
            var mask = in.readNBytes(4);
            var bytes = in.readNBytes(Math.toIntExact(length));
            for (var i = 0; i < bytes.length; i++) {
                bytes[i] ^= mask[i % 4];
            }
            return bytes;
        }

        private void receive(int kind, byte[] bytes) {
            synchronized (node) {
                if (kind == TEXT) {
                    node.received(new String(bytes, StandardCharsets.UTF_8));
                } else if (kind == BINARY) {
                    SyncMessage message = codec.decode(bytes);
                    node.received(message);
                }
            }
        }

        private static String accept(String key) {
            try {
                var digest = MessageDigest.getInstance("SHA-1")
                        .digest((key.strip() + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                                .getBytes(StandardCharsets.US_ASCII));
                return Base64.getEncoder().encodeToString(digest);
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError(e);
            }
        }

        private static void frame(OutputStream out, int kind, byte[] bytes) {
            var frame = new ByteArrayOutputStream();
            frame.write(128 | kind);
            if (bytes.length < 126) {
                frame.write(bytes.length);
            } else if (bytes.length < 65_536) {
                frame.write(126);
                frame.write(bytes.length >> 8);
                frame.write(bytes.length);
            } else {
                frame.write(127);
                for (var shift = 56; shift >= 0; shift -= 8) {
                    frame.write((int) ((long) bytes.length >> shift));
                }
            }
            frame.writeBytes(bytes);
            try {
                out.write(frame.toByteArray());
                out.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void write(String sql) {
            synchronized (node) {
                node.database().exec(sql);
            }
        }

        private void breakConnection() throws IOException {
            if (open.isPresent()) {
                open.get().close();
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
            breakConnection();
        }
    }

    private static <T> void await(BlockingQueue<T> heard, Predicate<T> condition) throws InterruptedException {
        while (true) {
            var next = heard.poll(30, TimeUnit.SECONDS);
            assertThat(next).isNotNull();
            if (condition.test(next)) {
                return;
            }
        }
    }

    @Test
    void fileAndNodeBecomeEqualOverABrokenConnection() throws Exception {
        var statuses = new LinkedBlockingQueue<ReplicaStatus>();
        var results = new LinkedBlockingQueue<QueryResult>();
        var listener = new ReplicaListener() {
            @Override
            public void changed(ReplicaStatus status) {
                statuses.add(status);
            }
        };
        try (var node = new SocketNode();
                var replica = EmbeddedReplica.open(
                        folder.resolve("shop.db"),
                        ClientSettings.of("shop", node.address())
                                .withToken("t0k")
                                .withTimeouts(Duration.ofSeconds(5), Duration.ofSeconds(5)),
                        ReplicaOptions.DEFAULTS,
                        listener)) {
            await(statuses, status -> status.phase() == Phase.IN_SYNC || status.phase() == Phase.SYNCING);
            replica.subscribe("SELECT label FROM item ORDER BY id", results::add)
                    .toCompletableFuture()
                    .join();
            node.write("INSERT INTO item VALUES (1, 'theirs')");
            await(results, result -> result.rows().size() == 1);

            node.breakConnection();
            await(statuses, status -> status.phase() == Phase.OFFLINE);
            replica.exec("INSERT INTO item VALUES (2, 'ours')")
                    .toCompletableFuture()
                    .join();
            node.write("INSERT INTO item VALUES (3, 'theirs again')");
            await(results, result -> result.rows().size() == 3);
            await(statuses, status -> status.phase() == Phase.IN_SYNC && status.toSendCount() == 0);

            assertThat(node.request).contains("/db/shop/sync").contains("Bearer t0k");
            synchronized (node.node) {
                assertThat(node.node.database().query("SELECT * FROM item").rows())
                        .hasSize(3);
            }
        }
    }
}
