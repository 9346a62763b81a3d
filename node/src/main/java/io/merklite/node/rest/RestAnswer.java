package io.merklite.node.rest;

import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Bookmark;
import io.merklite.sync.vector.VersionVector;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Answers that routes have in common. */
final class RestAnswer {
    /** One value of JSON a line. */
    static final ContentType LINES = ContentTypes.parse("application/x-ndjson;charset=UTF-8");

    /** How requests ask for {@link #LINES}. */
    static final String LINES_TYPE = "application/x-ndjson";

    private RestAnswer() {}

    static HttpResponse json(int status, JsonWriter json) {
        return HttpResponse.create()
                .withStatus(status)
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, json.toByteString()));
    }

    /** The answer with the bookmark in its header too. */
    static HttpResponse at(VersionVector bookmark, HttpResponse response) {
        return response.addHeader(RawHeader.create(Bookmark.HEADER, Bookmark.encode(bookmark)));
    }

    /** An answer that says no more than where the write is. */
    static HttpResponse written(VersionVector bookmark) {
        var json = new JsonWriter(128)
                .beginObject()
                .name("bookmark")
                .value(Bookmark.encode(bookmark))
                .endObject();
        return at(bookmark, json(200, json));
    }

    /** Origins, and how far each has come. */
    static void vector(JsonWriter json, VersionVector vector) {
        json.beginObject();
        vector.seqs().forEach((origin, seq) -> json.name(origin.toString()).integerAsText(seq));
        json.endObject();
    }

    /** Sixteen digits, for what is compared and never calculated with. */
    static String hex(long bits) {
        return "%016x".formatted(bits);
    }
}
