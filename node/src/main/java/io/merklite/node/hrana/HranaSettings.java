package io.merklite.node.hrana;

import com.typesafe.config.Config;
import io.merklite.node.http.DatabasePath;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * Limits of Hrana: {@code merklite.hrana}.
 *
 * @param defaultDatabase that requests mean which name none
 * @param hostSuffix after which names of hosts name databases: {@code NAME.suffix}
 * @param baseUrl under which clients reach this very node, told to them with each stream that stays open
 * @param streamIdle after which a stream over HTTP expires
 * @param expiredRetain how long an expired stream is remembered
 * @param answerTimeout after which the outcome of a request is called unknown
 * @param maxResultSizeBytes of the answer to one request
 * @param cursorPageSizeBytes of the entries that are read ahead of a cursor's reader
 * @param cursorHeartbeat after which a blank is sent to a reader who waits, to learn whether it is still there
 * @param maxStreamsPerDatabase that are open over HTTP
 * @param maxStreams that are open over HTTP on this node
 * @param maxStreamsPerSocket of one WebSocket
 * @param storedTextsPerStream over HTTP
 * @param storedTextsPerSocket of one WebSocket
 * @param maxStoredTextSizeBytes of one
 * @param pingInterval between pings of a WebSocket; a peer that has answered none until the next is dropped
 */
public record HranaSettings(
        Optional<String> defaultDatabase,
        Optional<String> hostSuffix,
        Optional<String> baseUrl,
        Duration streamIdle,
        Duration expiredRetain,
        Duration answerTimeout,
        int maxResultSizeBytes,
        int cursorPageSizeBytes,
        Duration cursorHeartbeat,
        int maxStreamsPerDatabase,
        int maxStreams,
        int maxStreamsPerSocket,
        int storedTextsPerStream,
        int storedTextsPerSocket,
        int maxStoredTextSizeBytes,
        Duration pingInterval) {
    public HranaSettings {
        require(
                defaultDatabase.map(DatabasePath::isName).orElse(true),
                "default-database",
                defaultDatabase.orElse(""),
                "the name of a database, or empty");
        require(
                hostSuffix.map(suffix -> suffix.matches("[a-z0-9.-]+")).orElse(true),
                "host-suffix",
                hostSuffix.orElse(""),
                "a domain in lower case without a dot in front, or empty");
        require(
                baseUrl.map(HranaSettings::isBase).orElse(true),
                "base-url",
                baseUrl.orElse(""),
                "an absolute URL without a slash at its end, or empty");
        require(isPositive(streamIdle), "stream-idle", streamIdle, "more than 0");
        require(isPositive(expiredRetain), "expired-retain", expiredRetain, "more than 0");
        require(isPositive(answerTimeout), "answer-timeout", answerTimeout, "more than 0");
        require(maxResultSizeBytes >= 1024, "max-result-size", maxResultSizeBytes, "at least 1 KiB");
        require(cursorPageSizeBytes >= 1024, "cursor-page-size", cursorPageSizeBytes, "at least 1 KiB");
        require(isPositive(cursorHeartbeat), "cursor-heartbeat", cursorHeartbeat, "more than 0");
        require(maxStreamsPerDatabase >= 1, "max-streams-per-database", maxStreamsPerDatabase, "at least 1");
        require(maxStreams >= 1, "max-streams", maxStreams, "at least 1");
        require(maxStreamsPerSocket >= 1, "max-streams-per-socket", maxStreamsPerSocket, "at least 1");
        require(storedTextsPerStream >= 1, "stored-texts-per-stream", storedTextsPerStream, "at least 1");
        require(storedTextsPerSocket >= 1, "stored-texts-per-socket", storedTextsPerSocket, "at least 1");
        require(maxStoredTextSizeBytes >= 1, "max-stored-text-size", maxStoredTextSizeBytes, "at least 1 byte");
        require(isPositive(pingInterval), "ping-interval", pingInterval, "more than 0");
    }

    /** The settings in the block {@code merklite}. */
    public static HranaSettings from(Config merklite) {
        var hrana = merklite.getConfig("hrana");
        return new HranaSettings(
                text(hrana, "default-database"),
                text(hrana, "host-suffix"),
                text(hrana, "base-url"),
                hrana.getDuration("stream-idle"),
                hrana.getDuration("expired-retain"),
                hrana.getDuration("answer-timeout"),
                sizeBytes(hrana, "max-result-size"),
                sizeBytes(hrana, "cursor-page-size"),
                hrana.getDuration("cursor-heartbeat"),
                hrana.getInt("max-streams-per-database"),
                hrana.getInt("max-streams"),
                hrana.getInt("max-streams-per-socket"),
                hrana.getInt("stored-texts-per-stream"),
                hrana.getInt("stored-texts-per-socket"),
                sizeBytes(hrana, "max-stored-text-size"),
                hrana.getDuration("ping-interval"));
    }

    private static Optional<String> text(Config config, String path) {
        return Optional.of(config.getString(path)).filter(text -> !text.isEmpty());
    }

    private static int sizeBytes(Config config, String path) {
        return (int) Math.min(config.getBytes(path), Integer.MAX_VALUE);
    }

    private static boolean isPositive(Duration duration) {
        return !duration.isNegative() && !duration.isZero();
    }

    private static boolean isBase(String url) {
        try {
            var uri = URI.create(url);
            return uri.isAbsolute() && uri.getHost() != null && !url.endsWith("/");
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static void require(boolean isGood, String name, Object found, String allowed) {
        if (!isGood) {
            throw new IllegalArgumentException("merklite.hrana." + name + " = " + found + ", must be " + allowed);
        }
    }
}
