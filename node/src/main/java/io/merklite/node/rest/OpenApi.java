package io.merklite.node.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Objects;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.util.ByteString;

/** The description of all routes for machines, OpenAPI 3.1: {@code openapi.json} beside this class. */
final class OpenApi {
    private final ByteString text;
    private final JsonNode json;

    private OpenApi(ByteString text, JsonNode json) {
        this.text = text;
        this.json = json;
    }

    static OpenApi load() {
        try (var file = Objects.requireNonNull(OpenApi.class.getResourceAsStream("openapi.json"), "openapi.json")) {
            var bytes = file.readAllBytes();
            return new OpenApi(ByteString.fromArrayUnsafe(bytes), new ObjectMapper().readTree(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException("openapi.json is part of the program", e);
        }
    }

    HttpResponse answer() {
        return HttpResponse.create().withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, text));
    }

    JsonNode json() {
        return json;
    }

    /** What a route does, in one line. */
    String summary(String method, String template) {
        return json.path("paths")
                .path(template)
                .path(method.toLowerCase(Locale.ROOT))
                .path("summary")
                .asText();
    }
}
