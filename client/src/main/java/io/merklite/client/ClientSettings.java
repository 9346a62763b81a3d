package io.merklite.client;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/**
 * How a client finds its nodes and speaks with them.
 *
 * @param endpoints at least one; the nearest that answers is asked
 * @param database its name, as the nodes know it
 * @param token asked before each request, so that it may be renewed; none where nodes ask for none
 * @param ssl certificates for {@code https}; the JDK's where there is none
 * @param acknowledgement where a write must be on disk before it is answered
 * @param readLevel how fresh a read must be
 * @param connectTimeout how long a connection may take
 * @param requestTimeout how long one attempt may take, at a stream until it begins to answer
 * @param retryFor how long a request is tried again where that is safe
 * @param probeInterval how old the measured distance of an endpoint may get
 * @param clock for distances and deadlines
 * @param random for pauses between attempts, and keys of writes
 */
public record ClientSettings(
        List<Endpoint> endpoints,
        String database,
        Supplier<Optional<String>> token,
        Optional<SSLContext> ssl,
        Acknowledgement acknowledgement,
        ReadLevel readLevel,
        Duration connectTimeout,
        Duration requestTimeout,
        Duration retryFor,
        Duration probeInterval,
        InstantSource clock,
        RandomGenerator random) {
    private static final Pattern DATABASE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(65);
    private static final Duration RETRY_FOR = Duration.ofSeconds(30);
    private static final Duration PROBE_INTERVAL = Duration.ofSeconds(30);

    public ClientSettings {
        endpoints = List.copyOf(endpoints);
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("no endpoints, must be at least one");
        }
        if (!DATABASE.matcher(database).matches()) {
            throw new IllegalArgumentException("database name '" + database + "', must match " + DATABASE);
        }
        requirePositive("connectTimeout", connectTimeout);
        requirePositive("requestTimeout", requestTimeout);
        requirePositive("probeInterval", probeInterval);
        if (retryFor.isNegative()) {
            throw new IllegalArgumentException("retryFor = " + retryFor + ", must not be negative");
        }
    }

    private static void requirePositive(String name, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + " = " + duration + ", must be positive");
        }
    }

    /**
     * No token, the JDK's certificates, acknowledgement by the writer's disk, reads of what this client has seen
     * before; 5 s for a connection, 65 s for an attempt (a
     * node allows a statement 60), 30 s of further attempts.
     *
     * @param database its name
     * @param addresses {@code http://host:port} of one node or more
     */
    public static ClientSettings of(String database, String... addresses) {
        return new ClientSettings(
                Arrays.stream(addresses).map(Endpoint::of).toList(),
                database,
                Optional::empty,
                Optional.empty(),
                Acknowledgement.LOCAL,
                ReadLevel.BOOKMARK,
                CONNECT_TIMEOUT,
                REQUEST_TIMEOUT,
                RETRY_FOR,
                PROBE_INTERVAL,
                InstantSource.system(),
                RandomGenerator.of("SecureRandom"));
    }

    /** The same with other endpoints. */
    public ClientSettings withEndpoints(List<Endpoint> others) {
        return new ClientSettings(
                others,
                database,
                token,
                ssl,
                acknowledgement,
                readLevel,
                connectTimeout,
                requestTimeout,
                retryFor,
                probeInterval,
                clock,
                random);
    }

    /** The same with a token. */
    public ClientSettings withToken(String text) {
        return withToken(() -> Optional.of(text));
    }

    /** The same with a token that is asked for before each request. */
    public ClientSettings withToken(Supplier<Optional<String>> source) {
        return new ClientSettings(
                endpoints,
                database,
                source,
                ssl,
                acknowledgement,
                readLevel,
                connectTimeout,
                requestTimeout,
                retryFor,
                probeInterval,
                clock,
                random);
    }

    /** The same with certificates for {@code https}. */
    public ClientSettings withSsl(SSLContext context) {
        return new ClientSettings(
                endpoints,
                database,
                token,
                Optional.of(context),
                acknowledgement,
                readLevel,
                connectTimeout,
                requestTimeout,
                retryFor,
                probeInterval,
                clock,
                random);
    }

    /** The same with another acknowledgement of writes. */
    public ClientSettings withAcknowledgement(Acknowledgement level) {
        return new ClientSettings(
                endpoints,
                database,
                token,
                ssl,
                level,
                readLevel,
                connectTimeout,
                requestTimeout,
                retryFor,
                probeInterval,
                clock,
                random);
    }

    /** The same with another freshness of reads. */
    public ClientSettings withReadLevel(ReadLevel level) {
        return new ClientSettings(
                endpoints,
                database,
                token,
                ssl,
                acknowledgement,
                level,
                connectTimeout,
                requestTimeout,
                retryFor,
                probeInterval,
                clock,
                random);
    }

    /** The same with other limits on a connection and on an attempt. */
    public ClientSettings withTimeouts(Duration connecting, Duration answering) {
        return new ClientSettings(
                endpoints,
                database,
                token,
                ssl,
                acknowledgement,
                readLevel,
                connecting,
                answering,
                retryFor,
                probeInterval,
                clock,
                random);
    }

    /** The same with another limit on further attempts; zero for none. */
    public ClientSettings withRetryFor(Duration limit) {
        return new ClientSettings(
                endpoints,
                database,
                token,
                ssl,
                acknowledgement,
                readLevel,
                connectTimeout,
                requestTimeout,
                limit,
                probeInterval,
                clock,
                random);
    }

    /** The same with another age of measured distances. */
    public ClientSettings withProbeInterval(Duration interval) {
        return new ClientSettings(
                endpoints,
                database,
                token,
                ssl,
                acknowledgement,
                readLevel,
                connectTimeout,
                requestTimeout,
                retryFor,
                interval,
                clock,
                random);
    }

    /** Without the token and the certificates. */
    @Override
    public String toString() {
        return "ClientSettings[" + database + " at " + endpoints + "]";
    }
}
