package io.merklite.node.rest;

import io.merklite.node.http.Access.Right;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * A request that is answered.
 *
 * @param method of HTTP
 * @param template its path; a segment in braces is a parameter, and {@code {name}} is a database's
 * @param right that it needs, on the database of its path, or on the node; none if everybody may ask
 * @param handler answers it
 */
record Route(String method, String template, Optional<Right> right, Handler handler) {
    static final String DATABASE = "name";

    /** What answers. Called on a thread that must not block. */
    @FunctionalInterface
    interface Handler {
        CompletionStage<HttpResponse> answer(RestCall call);
    }

    static Route of(String method, String template, Right right, Handler handler) {
        return new Route(method, template, Optional.of(right), handler);
    }

    /** The parameters of {@code path} by name; none if the path is another. */
    Optional<Map<String, String>> match(List<String> path) {
        var segments = segments(template);
        if (segments.size() != path.size()) {
            return Optional.empty();
        }
        Map<String, String> parameters = new HashMap<>();
        for (var i = 0; i < segments.size(); i++) {
            var segment = segments.get(i);
            if (segment.startsWith("{")) {
                parameters.put(segment.substring(1, segment.length() - 1), path.get(i));
            } else if (!segment.equals(path.get(i))) {
                return Optional.empty();
            }
        }
        return Optional.of(parameters);
    }

    /** The parts of a path between its slashes. */
    static List<String> segments(String path) {
        return List.of(path.substring(1).split("/", -1));
    }
}
