package io.merklite.node.http;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;

/**
 * Limits of the HTTP server: {@code merklite.http}.
 *
 * @param host the interface to listen on
 * @param port to listen on; 0 takes a free one
 * @param maxConnections open at the same time; more wait in the backlog
 * @param backlog connections that wait to be accepted
 * @param idleTimeout after which a connection without a byte in either direction is closed
 * @param headTimeout within which a new connection has to bring the head of its first request
 * @param maxRequestSizeBytes of a body or a message of a WebSocket
 * @param compressAboveBytes from which size on answers are compressed for clients that accept it
 * @param corsOrigins whose pages may call the node from a browser; {@code *} is all, none switches it off
 */
public record HttpSettings(
        String host,
        int port,
        int maxConnections,
        int backlog,
        Duration idleTimeout,
        Duration headTimeout,
        int maxRequestSizeBytes,
        int compressAboveBytes,
        List<String> corsOrigins) {
    public HttpSettings {
        corsOrigins = List.copyOf(corsOrigins);
        require(port >= 0 && port <= 65_535, "port", port, "0 to 65535");
        require(maxConnections > 0, "max-connections", maxConnections, "at least 1");
        require(backlog > 0, "backlog", backlog, "at least 1");
        require(idleTimeout.toSeconds() >= 1, "idle-timeout", idleTimeout, "at least 1 s");
        require(headTimeout.toMillis() >= 100, "head-timeout", headTimeout, "at least 100 ms");
        require(maxRequestSizeBytes >= 1024, "max-request-size", maxRequestSizeBytes, "at least 1 KiB");
        require(compressAboveBytes >= 256, "compress-above", compressAboveBytes, "at least 256 bytes");
    }

    /** The settings in the block {@code merklite}. */
    public static HttpSettings from(Config merklite) {
        var http = merklite.getConfig("http");
        return new HttpSettings(
                http.getString("host"),
                http.getInt("port"),
                http.getInt("max-connections"),
                http.getInt("backlog"),
                http.getDuration("idle-timeout"),
                http.getDuration("head-timeout"),
                (int) Math.min(http.getBytes("max-request-size"), Integer.MAX_VALUE),
                (int) Math.min(http.getBytes("compress-above"), Integer.MAX_VALUE),
                http.getStringList("cors-origins"));
    }

    private static void require(boolean isGood, String name, Object found, String allowed) {
        if (!isGood) {
            throw new IllegalArgumentException("merklite.http." + name + " = " + found + ", must be " + allowed);
        }
    }
}
