package io.merklite.node.rest;

import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Access;
import io.merklite.node.http.Access.Right;
import io.merklite.node.http.Refusal;
import io.merklite.node.http.RefusedException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * A request below {@code /v1/}, as its endpoints look at it.
 *
 * @param method of HTTP
 * @param path the segments behind {@code /v1/}, decoded
 * @param http all of it
 */
record RestRequest(String method, List<String> path, HttpRequest http) {
    /** What stands for the node where a right on a database is asked for. No database can be called so. */
    static final String NODE = "*";

    private static final String PREFIX = "/v1/";
    private static final Pattern DATABASE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");

    RestRequest {
        path = List.copyOf(path);
    }

    /** The request, if it is one of these. */
    static Optional<RestRequest> of(HttpRequest request) {
        var path = request.getUri().path();
        if (!path.startsWith(PREFIX)) {
            return Optional.empty();
        }
        var segments = List.of(path.substring(PREFIX.length()).split("/", -1));
        return Optional.of(new RestRequest(request.method().value(), segments, request));
    }

    /** A parameter of the query. */
    Optional<String> parameter(String name) {
        return http.getUri().query().get(name);
    }

    /** A parameter that is a number from {@code min} to {@code max}. */
    int number(String name, int byDefault, int min, int max) {
        var text = parameter(name);
        if (text.isEmpty()) {
            return byDefault;
        }
        if (!text.get().matches("\\d{1,9}")
                || Integer.parseInt(text.get()) < min
                || Integer.parseInt(text.get()) > max) {
            throw refused(400, "INVALID_PARAMETER", name + " must be a number from " + min + " to " + max);
        }
        return Integer.parseInt(text.get());
    }

    /** The name of a database, which is segment {@code index} of the path. */
    String database(int index) {
        var name = path.get(index);
        if (!DATABASE.matcher(name).matches()) {
            throw refused(
                    400,
                    "INVALID_NAME",
                    "a database's name is 1 to 63 lower-case letters, digits, \".\", \"_\" and \"-\", beginning with a letter or digit");
        }
        return name;
    }

    /** Goes on if the caller has the right, and ends with a refusal otherwise. */
    void require(Access access, String database, Right right) {
        var token = http.getHeader("authorization").map(HttpHeader::value).map(RestRequest::withoutScheme);
        switch (access.authorize(token, database, right)) {
            case Access.Decision.Allowed allowed -> {}
            case Access.Decision.Unauthenticated unauthenticated ->
                throw refused(401, unauthenticated.code(), unauthenticated.message());
            case Access.Decision.Forbidden forbidden -> throw refused(403, "FORBIDDEN", forbidden.message());
        }
    }

    private static String withoutScheme(String header) {
        var trimmed = header.strip();
        return trimmed.regionMatches(true, 0, "bearer ", 0, 7)
                ? trimmed.substring(7).strip()
                : trimmed;
    }

    static RefusedException refused(int status, String code, String message) {
        return new RefusedException(new Refusal(status, code, message));
    }

    static HttpResponse json(int status, JsonWriter json) {
        return HttpResponse.create()
                .withStatus(status)
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, json.toByteString()));
    }
}
