package io.merklite.client.jdbc;

import io.merklite.client.Acknowledgement;
import io.merklite.client.ClientSettings;
import io.merklite.client.ReadLevel;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * {@code jdbc:merklite://host[:port][,host[:port]…]/database[?name=value&…]}, and the same names as properties, which win.
 *
 * @param text without its parameters, for metadata
 * @param hosts {@code host:port}
 * @param database its name
 * @param options by name, known ones only
 */
record JdbcUrl(String text, List<String> hosts, String database, Map<String, String> options) {
    static final String PREFIX = "jdbc:merklite:";
    static final String TLS = "tls";
    static final String AUTHORITIES = "authorityFile";
    static final String TOKEN = "token";
    static final String ACKNOWLEDGEMENT = "ack";
    static final String READ_LEVEL = "level";
    static final String TRANSACTION = "transaction";
    static final String CONNECT_TIMEOUT = "connectTimeoutMillis";
    static final String REQUEST_TIMEOUT = "requestTimeoutMillis";
    static final String RETRY_FOR = "retryForMillis";
    static final String FETCH_SIZE = "fetchSize";

    /** Names of all options, with what they mean. */
    static final Map<String, String> MEANINGS = new TreeMap<>(Map.of(
            TLS, "true for https",
            AUTHORITIES,
                    "file in PEM of the authorities that nodes' certificates are signed by; those of the JDK without it",
            TOKEN, "bearer token; the property 'password' is taken for it as well",
            ACKNOWLEDGEMENT, "where a write must be on disk: local, majority, all, each-dc",
            READ_LEVEL, "how fresh a read must be: local, bookmark, writer",
            TRANSACTION, "how a transaction begins: auto (by its first statement), immediate, deferred",
            CONNECT_TIMEOUT, "how long a connection may take",
            REQUEST_TIMEOUT, "how long one attempt may take",
            RETRY_FOR, "how long a request is tried again where that is safe",
            FETCH_SIZE, "default fetch size; above 0, results come as they are read"));

    private static final int DEFAULT_PORT = 8080;

    JdbcUrl {
        hosts = List.copyOf(hosts);
        options = Map.copyOf(options);
    }

    static boolean isOurs(String url) {
        return url.startsWith(PREFIX);
    }

    static JdbcUrl parse(String url, Properties properties) throws SQLException {
        var rest = url.substring(PREFIX.length());
        var question = rest.indexOf('?');
        var place = question < 0 ? rest : rest.substring(0, question);
        var slash = place.indexOf('/', 2);
        if (!place.startsWith("//") || slash < 3 || slash == place.length() - 1) {
            throw wrong("'" + PREFIX + place + "', must be " + PREFIX + "//host:port/database");
        }
        Map<String, String> options = new TreeMap<>();
        if (question >= 0) {
            parameters(rest.substring(question + 1), options);
        }
        for (var name : properties.stringPropertyNames()) {
            if (MEANINGS.containsKey(name)) {
                options.put(name, properties.getProperty(name));
            }
        }
        Optional.ofNullable(properties.getProperty("password"))
                .filter(password -> !password.isEmpty())
                .ifPresent(password -> options.putIfAbsent(TOKEN, password));
        var hosts = Arrays.stream(place.substring(2, slash).split(",", -1))
                .map(host -> host.matches(".*:\\d+") ? host : host + ":" + DEFAULT_PORT)
                .toList();
        return new JdbcUrl(PREFIX + place, hosts, place.substring(slash + 1), options);
    }

    private static void parameters(String query, Map<String, String> options) throws SQLException {
        for (var pair : query.split("&", -1)) {
            var equals = pair.indexOf('=');
            var name = equals < 0 ? pair : pair.substring(0, equals);
            if (!MEANINGS.containsKey(name)) {
                throw wrong("option '" + name + "', must be one of " + MEANINGS.keySet());
            }
            options.put(name, equals < 0 ? "true" : decoded(name, pair.substring(equals + 1)));
        }
    }

    private static String decoded(String name, String value) throws SQLException {
        try {
            return URLDecoder.decode(value, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw wrong("the value of option '" + name + "' is not encoded as a URL's must be: write % as %25");
        }
    }

    private static SQLException wrong(String what) {
        return new SQLNonTransientConnectionException(what, SqlStates.CONNECTION_REFUSED);
    }

    /** What the client below is made with. */
    ClientSettings settings() throws SQLException {
        try {
            var scheme = isTls() ? "https://" : "http://";
            var defaults = ClientSettings.of(
                    database, hosts.stream().map(host -> scheme + host).toArray(String[]::new));
            var settings = defaults.withTimeouts(
                            millis(CONNECT_TIMEOUT).orElse(defaults.connectTimeout()),
                            millis(REQUEST_TIMEOUT).orElse(defaults.requestTimeout()))
                    .withRetryFor(millis(RETRY_FOR).orElse(defaults.retryFor()))
                    .withAcknowledgement(acknowledgement())
                    .withReadLevel(readLevel());
            if (options.containsKey(AUTHORITIES)) {
                settings = settings.withAuthorities(Path.of(options.get(AUTHORITIES)));
            }
            return options.containsKey(TOKEN) ? settings.withToken(options.get(TOKEN)) : settings;
        } catch (IllegalArgumentException e) {
            throw new SQLNonTransientConnectionException(
                    String.valueOf(e.getMessage()), SqlStates.CONNECTION_REFUSED, e);
        }
    }

    /** Anything but the two words is refused: a token must not go out in the clear because somebody wrote "yes". */
    private boolean isTls() {
        var text = options.getOrDefault(TLS, "false");
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(TLS + " = " + text + ", must be true or false");
        };
    }

    private Optional<Duration> millis(String name) {
        return Optional.ofNullable(options.get(name)).map(text -> {
            if (!text.matches("\\d{1,12}")) {
                throw new IllegalArgumentException(name + " = " + text + ", must be a number of milliseconds");
            }
            return Duration.ofMillis(Long.parseLong(text));
        });
    }

    private Acknowledgement acknowledgement() {
        var id = options.getOrDefault(ACKNOWLEDGEMENT, Acknowledgement.LOCAL.id());
        return Arrays.stream(Acknowledgement.values())
                .filter(level -> level.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        ACKNOWLEDGEMENT + " = " + id + ", must be local, majority, all or each-dc"));
    }

    private ReadLevel readLevel() {
        var id = options.getOrDefault(READ_LEVEL, ReadLevel.BOOKMARK.id());
        return Arrays.stream(ReadLevel.values())
                .filter(level -> level.id().equals(id))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException(READ_LEVEL + " = " + id + ", must be local, bookmark or writer"));
    }

    /** How a transaction begins. */
    enum Beginning {
        /** As a writer if its first statement writes, otherwise as a reader that may come to write. */
        AUTO,
        IMMEDIATE,
        DEFERRED
    }

    Beginning beginning() throws SQLException {
        var text = options.getOrDefault(TRANSACTION, "auto");
        return Arrays.stream(Beginning.values())
                .filter(one -> one.name().toLowerCase(Locale.ROOT).equals(text))
                .findFirst()
                .orElseThrow(() -> wrong(TRANSACTION + " = " + text + ", must be auto, immediate or deferred"));
    }

    int fetchSize() throws SQLException {
        var text = options.getOrDefault(FETCH_SIZE, "0");
        if (text.isEmpty() || text.length() > 9 || !text.chars().allMatch(Character::isDigit)) {
            throw wrong(FETCH_SIZE + " = " + text + ", must be a number");
        }
        return Integer.parseInt(text);
    }

    /** Without options, which may hold a token. */
    @Override
    public String toString() {
        return text;
    }
}
