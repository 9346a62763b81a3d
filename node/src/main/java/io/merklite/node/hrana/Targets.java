package io.merklite.node.hrana;

import io.merklite.cluster.sql.StreamOptions;
import io.merklite.node.http.Access;
import io.merklite.node.http.AcknowledgementName;
import io.merklite.node.http.BearerToken;
import io.merklite.node.http.Bookmark;
import io.merklite.node.http.DatabasePath;
import io.merklite.node.http.ReadLevel;
import io.merklite.node.http.Refusal;
import io.merklite.node.http.RefusedException;
import io.merklite.sync.vector.VersionVector;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Tells which database a request means, whether its token allows that, and how it wants to be served. What is wrong with it is
 * a {@link RefusedException}.
 */
final class Targets {
    static final String KEY_HEADER = "merklite-idempotency-key";
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_-]{1,100}");

    private final Access access;
    private final HranaSettings settings;

    Targets(Access access, HranaSettings settings) {
        this.access = access;
        this.settings = settings;
    }

    /**
     * A database, and how the request wants it.
     *
     * @param key under which the request is to be applied once
     */
    record Target(String database, StreamOptions options, Optional<String> key) {}

    /** The target of a request whose token is in its headers. */
    Target target(HttpRequest request, DatabasePath path) {
        var headers = Headers.of(request);
        var database = database(headers, path);
        var options = options(headers);
        return switch (access.authorize(headers.token(), database, Access.Right.READ)) {
            case Access.Decision.Allowed(var right, var expiresAt) ->
                new Target(database, right == Access.Right.READ ? options.readOnly() : options, headers.key());
            case Access.Decision.Unauthenticated(var code, var message) ->
                throw new RefusedException(new Refusal(401, code, message));
            case Access.Decision.Forbidden(var message) ->
                throw new RefusedException(new Refusal(403, "ACCESS_DENIED", message));
        };
    }

    /**
     * What a WebSocket is opened for; its token comes later.
     *
     * @param isToldBookmarks whether its client says that it knows of bookmarks
     */
    record SocketTarget(String database, StreamOptions options, boolean isToldBookmarks) {}

    /** The target of a request for a WebSocket. */
    SocketTarget socketTarget(HttpRequest request, DatabasePath path) {
        var headers = Headers.of(request);
        return new SocketTarget(
                database(headers, path),
                options(headers),
                request.getHeader(Bookmark.AFTER_HEADER).isPresent());
    }

    static RefusedException unknownDatabase() {
        return new RefusedException(new Refusal(
                404, "DATABASE_NOT_FOUND", "there is no database of this name: create it, or correct the URL"));
    }

    /** The path's database, or the first that a header, the host, the token or the settings name. */
    private String database(Headers headers, DatabasePath path) {
        var name = path.database()
                .or(headers::namespace)
                .or(() -> headers.host().flatMap(this::hostDatabase))
                .or(() -> access.onlyDatabase(headers.token()))
                .or(settings::defaultDatabase)
                .orElseThrow(() -> new RefusedException(new Refusal(
                        404, "DATABASE_NOT_FOUND", "no database is named: use a URL like http://host:port/db/NAME/")));
        if (!DatabasePath.isName(name)) {
            throw unknownDatabase();
        }
        return name;
    }

    private Optional<String> hostDatabase(String host) {
        var name = host.replaceFirst(":[0-9]*$", "").toLowerCase(Locale.ROOT);
        return settings.hostSuffix()
                .filter(suffix -> name.endsWith("." + suffix))
                .map(suffix -> name.substring(0, name.length() - suffix.length() - 1));
    }

    private static StreamOptions options(Headers headers) {
        if (headers.acknowledgement().isEmpty()
                && headers.after().isEmpty()
                && headers.level().isEmpty()) {
            return StreamOptions.DEFAULTS;
        }
        return new StreamOptions(
                headers.acknowledgement()
                        .map(AcknowledgementName::level)
                        .orElse(StreamOptions.DEFAULTS.acknowledgement()),
                headers.after(),
                false,
                headers.level().map(ReadLevel::of).orElse(StreamOptions.DEFAULTS.level()));
    }

    private static String checkedKey(String text) {
        if (!KEY.matcher(text).matches()) {
            throw new RefusedException(new Refusal(
                    400, "HEADER_INVALID", KEY_HEADER + ": up to 100 letters, digits, '-' and '_', such as a UUID"));
        }
        return text;
    }

    /** The headers that matter here, found in one pass. Bookmarks may come in several lines, and several in one. */
    private record Headers(
            Optional<String> token,
            Optional<String> namespace,
            Optional<String> host,
            Optional<String> acknowledgement,
            Optional<VersionVector> after,
            Optional<String> level,
            Optional<String> key) {
        static Headers of(HttpRequest request) {
            Optional<String> token = Optional.empty();
            Optional<String> namespace = Optional.empty();
            Optional<String> host = Optional.empty();
            Optional<String> acknowledgement = Optional.empty();
            Optional<VersionVector> after = Optional.empty();
            Optional<String> level = Optional.empty();
            Optional<String> key = Optional.empty();
            for (HttpHeader header : request.getHeaders()) {
                switch (header.lowercaseName()) {
                    case "authorization" -> token = BearerToken.of(header.value());
                    case "x-namespace" -> namespace = Optional.of(header.value());
                    case "host" -> host = Optional.of(header.value());
                    case AcknowledgementName.HEADER -> acknowledgement = Optional.of(header.value());
                    case Bookmark.AFTER_HEADER -> {
                        // Without a value it only says that the client knows of bookmarks, and has none yet.
                        if (!header.value().isBlank()) {
                            var before = after.orElse(VersionVector.EMPTY);
                            after = Optional.of(Bookmark.joined(header.value()).join(before));
                        }
                    }
                    case ReadLevel.HEADER -> level = Optional.of(header.value());
                    case KEY_HEADER -> key = Optional.of(checkedKey(header.value()));
                    default -> {}
                }
            }
            return new Headers(token, namespace, host, acknowledgement, after, level, key);
        }
    }
}
