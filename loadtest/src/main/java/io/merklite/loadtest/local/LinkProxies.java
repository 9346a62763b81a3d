package io.merklite.loadtest.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A proxy before each node's port. Who connects is told by the loopback address that it connects from.
 *
 * <p>A connection of remoting carries messages in one direction, so a link is an ordered pair of nodes. While a link is cut its
 * connections stay open and carry nothing; bytes that were read already are held. When it is mended they are closed, as by a
 * timeout of the network, and nodes connect anew.
 *
 * <p><b>Invariant.</b> No byte that arrives at a proxy while its link is cut ever reaches the node behind.
 *
 * <p><b>Threading.</b> Thread-safe. A virtual thread for each direction of each connection.
 */
final class LinkProxies implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 << 10;

    private final List<ServerSocket> doors = new ArrayList<>();
    private final Map<String, String> namesByHost = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<Link> cut = new HashSet<>();
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private volatile boolean isClosed;

    private record Link(String source, String target) {}

    /** The two sockets of one connection through a proxy. */
    private record Connection(Link link, Socket near, Socket far) {
        void close() {
            closeQuietly(near);
            closeQuietly(far);
        }

        /** A socket that fails to close is closed. */
        private static void closeQuietly(Socket socket) {
            try {
                socket.close();
            } catch (IOException alreadyBroken) {
                Thread.onSpinWait();
            }
        }
    }

    LinkProxies(List<LocalNode> nodes) throws IOException {
        nodes.forEach(node -> namesByHost.put(node.host(), node.name()));
        for (var node : nodes) {
            var door = new ServerSocket();
            door.setReuseAddress(true);
            door.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.clusterPort()));
            doors.add(door);
            Thread.ofVirtual().name("proxy-" + node.name()).start(() -> accept(door, node));
        }
    }

    /** Nothing goes from {@code source} to {@code target} any more, nor back on the same connections. */
    void cut(LocalNode source, LocalNode target) {
        lock.lock();
        try {
            cut.add(new Link(source.name(), target.name()));
        } finally {
            lock.unlock();
        }
    }

    /** All links are whole again. */
    void mend() {
        lock.lock();
        try {
            connections.stream()
                    .filter(connection -> cut.contains(connection.link))
                    .forEach(Connection::close);
            cut.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void accept(ServerSocket door, LocalNode target) {
        while (!isClosed) {
            try {
                var near = door.accept();
                Thread.ofVirtual().start(() -> connect(near, target));
            } catch (IOException e) {
                if (!isClosed) {
                    throw new IllegalStateException("the proxy of " + target.name() + " accepts no more", e);
                }
            }
        }
    }

    private void connect(Socket near, LocalNode target) {
        var host = near.getInetAddress().getHostAddress();
        var link = new Link(namesByHost.getOrDefault(host, host), target.name());
        var far = new Socket();
        var connection = new Connection(link, near, far);
        connections.add(connection);
        try {
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            awaitWhole(connection);
            far.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target.bindPort()));
            Thread.ofVirtual().start(() -> pump(connection, far, near));
            pump(connection, near, far);
        } catch (IOException nodeIsDown) {
            end(connection);
        }
    }

    /** Carries bytes until either side ends. */
    private void pump(Connection connection, Socket from, Socket to) {
        var buffer = new byte[BUFFER_BYTES];
        try {
            var in = from.getInputStream();
            var out = to.getOutputStream();
            for (var count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                awaitWhole(connection);
                out.write(buffer, 0, count);
            }
        } catch (IOException ended) {
            Thread.onSpinWait(); // either end is gone, which is what the other end is told below
        }
        end(connection);
    }

    private void end(Connection connection) {
        connections.remove(connection);
        connection.close();
    }

    /** Returns at once if the link is whole; else waits for the mending, which closes the sockets. */
    private void awaitWhole(Connection connection) {
        lock.lock();
        try {
            while (cut.contains(connection.link) && !isClosed) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        isClosed = true;
        mend();
        connections.forEach(Connection::close);
        for (var door : doors) {
            try {
                door.close();
            } catch (IOException e) {
                throw new IllegalStateException("a proxy's port can't be closed", e);
            }
        }
    }
}
