package io.merklite.node.rest;

import io.merklite.node.encoding.JsonWriter;
import io.merklite.query.subscribe.SqlValue;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.util.ByteString;

/** How the events of a feed are written. */
enum FeedFormat {
    /** As the HTML standard has server-sent events; values are typed, since programs read them. */
    EVENTS {
        @Override
        ContentType type() {
            return SERVER_SENT_EVENTS;
        }

        @Override
        ByteString event(String name, Optional<String> id, Consumer<JsonWriter> data) {
            var json = new JsonWriter(256);
            data.accept(json);
            // JSON has no line breaks but where somebody puts them, so it is one line of data.
            var head = id.map(text -> "id: " + text + "\n").orElse("") + "event: " + name + "\ndata: ";
            return ByteString.fromString(head).concat(json.toByteString()).concat(END_OF_EVENT);
        }

        @Override
        void value(JsonWriter json, SqlValue value) {
            ValueJson.typed(json, value);
        }

        @Override
        Optional<ByteString> preamble() {
            return Optional.of(ByteString.fromString("retry: 1000\n\n"));
        }
    },

    /** A line for each: an object with the event's name, and the id beside it; values are plain. */
    LINES {
        @Override
        ContentType type() {
            return RestAnswer.LINES;
        }

        @Override
        ByteString event(String name, Optional<String> id, Consumer<JsonWriter> data) {
            var json = new JsonWriter(256).beginObject();
            id.ifPresent(text -> json.name("id").value(text));
            json.name(name.equals("ready") ? "eoq" : name);
            data.accept(json);
            return json.endObject().endLine().toByteString();
        }

        @Override
        void value(JsonWriter json, SqlValue value) {
            ValueJson.plain(json, value);
        }

        @Override
        Optional<ByteString> preamble() {
            return Optional.empty();
        }
    };

    private static final ByteString END_OF_EVENT = ByteString.fromString("\n\n");

    private static final ContentType SERVER_SENT_EVENTS = ContentTypes.parse("text/event-stream;charset=UTF-8");

    /** What a call asks for. */
    static FeedFormat of(RestCall call) {
        return call.accepts(RestAnswer.LINES_TYPE) ? LINES : EVENTS;
    }

    abstract ContentType type();

    /**
     * An event.
     *
     * @param id to go on from
     * @param data writes one value
     */
    abstract ByteString event(String name, Optional<String> id, Consumer<JsonWriter> data);

    abstract void value(JsonWriter json, SqlValue value);

    /** What comes before the first event. */
    abstract Optional<ByteString> preamble();
}
