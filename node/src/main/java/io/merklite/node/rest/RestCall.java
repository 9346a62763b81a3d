package io.merklite.node.rest;

import io.merklite.cluster.sql.StreamOptions;
import io.merklite.node.http.AcknowledgementName;
import io.merklite.node.http.Bookmark;
import io.merklite.node.http.ReadLevel;
import io.merklite.node.http.Refusal;
import io.merklite.node.http.RefusedException;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.Query;

/** A request as a route sees it. Whatever in it is wrong is told by a {@link RefusedException}. */
final class RestCall {
    private static final String OWN_PREFIX = "merklite.";
    /** They stand for versions of Hrana in the paths of databases. */
    private static final Set<String> VERSIONS = Set.of("v1", "v2", "v3", "v3-protobuf");

    private final HttpRequest request;
    private final Map<String, String> path;
    private final Query query;

    RestCall(HttpRequest request, Map<String, String> path) {
        this.request = request;
        this.path = Map.copyOf(path);
        this.query = request.getUri().query();
    }

    HttpRequest request() {
        return request;
    }

    /** A parameter of the path, which the route's template has. */
    String path(String name) {
        return Optional.ofNullable(path.get(name))
                .orElseThrow(() -> new IllegalArgumentException("no {" + name + "} in this route's template"));
    }

    boolean isOfDatabase() {
        return path.containsKey(Route.DATABASE);
    }

    /** The database of the path: a name that one can have. */
    String database() {
        var name = path(Route.DATABASE);
        if (!Transaction.DATABASE_NAME.matcher(name).matches()
                || name.startsWith(OWN_PREFIX)
                || VERSIONS.contains(name)) {
            throw refused(
                    400,
                    "INVALID_NAME",
                    "a database's name is 1 to 63 of a-z, 0-9, '.', '_' and '-', begins with a letter or a digit and not with '"
                            + OWN_PREFIX + "', and is none of "
                            + VERSIONS.stream().sorted().toList());
        }
        return name;
    }

    Optional<String> parameter(String name) {
        return query.get(name);
    }

    /** Whether a parameter is there and does not say no. */
    boolean flag(String name) {
        return parameter(name)
                .filter(value -> !value.equals("false") && !value.equals("0"))
                .isPresent();
    }

    /** A parameter that is a number from {@code min} to {@code max}. */
    int number(String name, int byDefault, int min, int max) {
        var text = parameter(name);
        if (text.isEmpty()) {
            return byDefault;
        }
        var isNumber = text.get().matches("\\d{1,9}");
        if (!isNumber || Integer.parseInt(text.get()) < min || Integer.parseInt(text.get()) > max) {
            throw invalid(name, "a number from " + min + " to " + max);
        }
        return Integer.parseInt(text.get());
    }

    /** A parameter that is a time of RFC 3339. */
    Optional<Instant> time(String name) {
        return parameter(name).map(text -> {
            try {
                return Instant.parse(text);
            } catch (DateTimeParseException e) {
                throw invalid(name, "a time such as 2026-11-21T10:15:30Z");
            }
        });
    }

    /** A parameter that is a list with commas; empty if it is not there. */
    List<String> list(String name) {
        return parameter(name).map(text -> List.of(text.split(","))).orElse(List.of()).stream()
                .filter(item -> !item.isEmpty())
                .toList();
    }

    Optional<String> header(String name) {
        return request.getHeader(name).map(HttpHeader::value);
    }

    /** Whether the caller asks for this media type. */
    boolean accepts(String mediaType) {
        return header("accept")
                .map(value -> value.toLowerCase(Locale.ROOT))
                .filter(value -> value.contains(mediaType))
                .isPresent();
    }

    /** How the request wants its SQL to run, by {@code ?after=}, {@code ?ack=}, {@code ?level=} and the headers of the same meaning. */
    StreamOptions options(boolean isReadOnly) {
        Optional<VersionVector> after = parameter("after").map(Bookmark::joined);
        for (var header : request.getHeaders()) {
            if (header.lowercaseName().equals(Bookmark.AFTER_HEADER)) {
                var before = after.orElse(VersionVector.EMPTY);
                after = Optional.of(Bookmark.joined(header.value()).join(before));
            }
        }
        return new StreamOptions(
                parameter("ack")
                        .or(() -> header(AcknowledgementName.HEADER))
                        .map(AcknowledgementName::level)
                        .orElse(StreamOptions.DEFAULTS.acknowledgement()),
                after,
                isReadOnly,
                parameter("level")
                        .or(() -> header(ReadLevel.HEADER))
                        .map(ReadLevel::of)
                        .orElse(StreamOptions.DEFAULTS.level()));
    }

    static RefusedException invalid(String parameter, String allowed) {
        return refused(400, "PARAMETER_INVALID", parameter + " must be " + allowed);
    }

    static RefusedException refused(int status, String code, String message) {
        return new RefusedException(new Refusal(status, code, message));
    }
}
