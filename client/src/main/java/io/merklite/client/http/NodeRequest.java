package io.merklite.client.http;

import java.util.Map;
import java.util.Optional;

/**
 * What is asked of a node.
 *
 * @param method of HTTP
 * @param path behind the endpoint's address, without a slash in front
 * @param body JSON; none for GET and DELETE
 * @param headers beside those that every request has
 * @param safety whether it may be sent again
 * @param pinned the one endpoint that can answer it; none for whichever is nearest
 * @param isStreamed whether its answer is read while it comes, with no limit on how long that takes
 */
public record NodeRequest(
        String method,
        String path,
        Optional<String> body,
        Map<String, String> headers,
        Safety safety,
        Optional<KnownEndpoint> pinned,
        boolean isStreamed) {
    public NodeRequest {
        headers = Map.copyOf(headers);
    }

    /** A POST of JSON to whichever endpoint is nearest. */
    public static NodeRequest post(String path, String body, Safety safety) {
        return new NodeRequest("POST", path, Optional.of(body), Map.of(), safety, Optional.empty(), false);
    }

    /** A GET from whichever endpoint is nearest, which may be repeated. */
    public static NodeRequest get(String path) {
        return new NodeRequest("GET", path, Optional.empty(), Map.of(), Safety.REPEATABLE, Optional.empty(), false);
    }

    /** The same at one endpoint alone. */
    public NodeRequest at(Optional<KnownEndpoint> endpoint) {
        return new NodeRequest(method, path, body, headers, safety, endpoint, isStreamed);
    }

    /** The same with its answer read while it comes. */
    public NodeRequest streamed() {
        return new NodeRequest(method, path, body, headers, safety, pinned, true);
    }

    /** The same with more headers. */
    public NodeRequest withHeaders(Map<String, String> more) {
        return new NodeRequest(method, path, body, more, safety, pinned, isStreamed);
    }
}
