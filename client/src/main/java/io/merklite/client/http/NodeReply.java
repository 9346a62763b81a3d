package io.merklite.client.http;

import java.util.Map;

/**
 * What a node answered with success.
 *
 * @param endpoint who answered
 * @param headers their names in lower case, the first value of each
 * @param body as its handler has it
 */
public record NodeReply<T>(KnownEndpoint endpoint, Map<String, String> headers, T body) {
    public NodeReply {
        headers = Map.copyOf(headers);
    }
}
