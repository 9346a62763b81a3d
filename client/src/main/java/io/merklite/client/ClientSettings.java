package io.merklite.client;

import java.nio.file.Path;
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
 * @param credentials what it shows them
 * @param guarantees what it asks of writes and reads
 * @param limits how long it waits
 * @param surroundings what it takes from its program
 */
public record ClientSettings(
        List<Endpoint> endpoints,
        String database,
        Credentials credentials,
        Guarantees guarantees,
        Limits limits,
        Surroundings surroundings) {
    private static final Pattern DATABASE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");

    public ClientSettings {
        endpoints = List.copyOf(endpoints);
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("no endpoints, must be at least one");
        }
        if (!DATABASE.matcher(database).matches()) {
            throw new IllegalArgumentException("database name '" + database + "', must match " + DATABASE);
        }
    }

    /**
     * What a client shows to nodes.
     *
     * @param token asked before each request, so that it may be renewed; none where nodes ask for none
     * @param ssl certificates for {@code https}; the JDK's where there is none
     */
    public record Credentials(Supplier<Optional<String>> token, Optional<SSLContext> ssl) {
        /** No token, the JDK's certificates. */
        public static final Credentials NONE = new Credentials(Optional::empty, Optional.empty());
    }

    /**
     * What a client asks of nodes.
     *
     * @param acknowledgement where a write must be on disk before it is answered
     * @param readLevel how fresh a read must be
     */
    public record Guarantees(Acknowledgement acknowledgement, ReadLevel readLevel) {
        /** Acknowledgement by the writer's disk, reads of what this client has seen before. */
        public static final Guarantees DEFAULTS = new Guarantees(Acknowledgement.LOCAL, ReadLevel.BOOKMARK);
    }

    /**
     * How long a client waits.
     *
     * @param connectTimeout how long a connection may take
     * @param requestTimeout how long one attempt may take, at a stream until it begins to answer
     * @param retryFor how long a request is tried again where that is safe
     * @param probeInterval how old the measured distance of an endpoint may get
     */
    public record Limits(Duration connectTimeout, Duration requestTimeout, Duration retryFor, Duration probeInterval) {
        /** 5 s for a connection, 65 s for an attempt (a node allows a statement 60), 30 s of further attempts. */
        public static final Limits DEFAULTS = new Limits(
                Duration.ofSeconds(5), Duration.ofSeconds(65), Duration.ofSeconds(30), Duration.ofSeconds(30));

        public Limits {
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
    }

    /**
     * What a client takes from its program.
     *
     * @param clock for distances and deadlines
     * @param random for pauses between attempts, and keys of writes
     */
    public record Surroundings(InstantSource clock, RandomGenerator random) {}

    /**
     * {@link Credentials#NONE}, {@link Guarantees#DEFAULTS}, {@link Limits#DEFAULTS}, the system's clock and chance.
     *
     * @param database its name
     * @param addresses {@code http://host:port} of one node or more
     */
    public static ClientSettings of(String database, String... addresses) {
        return new ClientSettings(
                Arrays.stream(addresses).map(Endpoint::of).toList(),
                database,
                Credentials.NONE,
                Guarantees.DEFAULTS,
                Limits.DEFAULTS,
                new Surroundings(InstantSource.system(), RandomGenerator.of("SecureRandom")));
    }

    /** The same with other endpoints. */
    public ClientSettings withEndpoints(List<Endpoint> others) {
        return new ClientSettings(others, database, credentials, guarantees, limits, surroundings);
    }

    private ClientSettings with(Credentials others) {
        return new ClientSettings(endpoints, database, others, guarantees, limits, surroundings);
    }

    private ClientSettings with(Guarantees others) {
        return new ClientSettings(endpoints, database, credentials, others, limits, surroundings);
    }

    /** The same with other limits. */
    public ClientSettings with(Limits others) {
        return new ClientSettings(endpoints, database, credentials, guarantees, others, surroundings);
    }

    /** The same with a token. */
    public ClientSettings withToken(String text) {
        return withToken(() -> Optional.of(text));
    }

    /** The same with a token that is asked for before each request. */
    public ClientSettings withToken(Supplier<Optional<String>> source) {
        return with(new Credentials(source, ssl()));
    }

    /** The same with certificates for {@code https}. */
    public ClientSettings withSsl(SSLContext context) {
        return with(new Credentials(token(), Optional.of(context)));
    }

    /**
     * The same, trusting the authorities in a file and nobody else, for {@code https}: such as the {@code authority.pem} of {@code
     * merklite certificates}. Reads the file.
     *
     * @throws IllegalArgumentException if it has no certificate in PEM
     */
    public ClientSettings withAuthorities(Path file) {
        return withSsl(Authorities.in(file));
    }

    /** The same with another acknowledgement of writes. */
    public ClientSettings withAcknowledgement(Acknowledgement level) {
        return with(new Guarantees(level, readLevel()));
    }

    /** The same with another freshness of reads. */
    public ClientSettings withReadLevel(ReadLevel level) {
        return with(new Guarantees(acknowledgement(), level));
    }

    /** The same with other limits on a connection and on an attempt. */
    public ClientSettings withTimeouts(Duration connecting, Duration answering) {
        return with(new Limits(connecting, answering, retryFor(), probeInterval()));
    }

    /** The same with another limit on further attempts; zero for none. */
    public ClientSettings withRetryFor(Duration limit) {
        return with(new Limits(connectTimeout(), requestTimeout(), limit, probeInterval()));
    }

    /** The same with another age of measured distances. */
    public ClientSettings withProbeInterval(Duration interval) {
        return with(new Limits(connectTimeout(), requestTimeout(), retryFor(), interval));
    }

    /** {@link Credentials#token}. */
    public Supplier<Optional<String>> token() {
        return credentials.token();
    }

    /** {@link Credentials#ssl}. */
    public Optional<SSLContext> ssl() {
        return credentials.ssl();
    }

    /** {@link Guarantees#acknowledgement}. */
    public Acknowledgement acknowledgement() {
        return guarantees.acknowledgement();
    }

    /** {@link Guarantees#readLevel}. */
    public ReadLevel readLevel() {
        return guarantees.readLevel();
    }

    /** {@link Limits#connectTimeout}. */
    public Duration connectTimeout() {
        return limits.connectTimeout();
    }

    /** {@link Limits#requestTimeout}. */
    public Duration requestTimeout() {
        return limits.requestTimeout();
    }

    /** {@link Limits#retryFor}. */
    public Duration retryFor() {
        return limits.retryFor();
    }

    /** {@link Limits#probeInterval}. */
    public Duration probeInterval() {
        return limits.probeInterval();
    }

    /** {@link Surroundings#clock}. */
    public InstantSource clock() {
        return surroundings.clock();
    }

    /** {@link Surroundings#random}. */
    public RandomGenerator random() {
        return surroundings.random();
    }

    /** Without the token and the certificates. */
    @Override
    public String toString() {
        return "ClientSettings[" + database + " at " + endpoints + "]";
    }
}
