package io.merklite.node.http;

import io.merklite.node.encoding.JsonWriter;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * An answer that is an error: {@code {"message", "code"}}, with the content type {@code application/json} and nothing
 * behind it, which clients compare literally before they read it.
 *
 * @param status of HTTP
 * @param code stable, listed in {@code docs/errors.md}
 * @param message for people: what happened, and what to do
 */
public record Refusal(int status, String code, String message) {
    public HttpResponse toResponse() {
        var json = new JsonWriter(128)
                .beginObject()
                .name("message")
                .value(message)
                .name("code")
                .value(code)
                .endObject();
        return HttpResponse.create()
                .withStatus(status)
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, json.toByteString()));
    }
}
