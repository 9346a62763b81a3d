package io.merklite.client.replica;

import com.fasterxml.jackson.core.JsonToken;
import io.merklite.client.ClientException.Malformed;
import io.merklite.client.http.Json;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the two ends say in text frames, as JSON objects with a {@code type}; binary frames are messages of the sync core.
 *
 * <p>The replica begins with {@link Hello}. The node answers {@link Welcome} or {@link Refusal}; before that neither sends a
 * binary frame. Unknown fields are ignored, unknown types too.
 */
public sealed interface ControlMessage {
    /** Of this protocol. */
    int VERSION = 1;

    /**
     * By the replica, first of all.
     *
     * @param version of this protocol
     * @param replica its name, the same each time: random, made with the file
     * @param maxMessageBytes the largest binary frame that it takes
     */
    record Hello(int version, String replica, int maxMessageBytes) implements ControlMessage {}

    /**
     * By the node: the conversation may begin.
     *
     * @param schema of the node, as DDL
     * @param maxMessageBytes the largest binary frame that it takes
     */
    record Welcome(String schema, int maxMessageBytes) implements ControlMessage {}

    /** By the node: its schema is another one now. */
    record SchemaChanged(String schema) implements ControlMessage {}

    /**
     * By the node, before it closes.
     *
     * @param code such as {@code DATABASE_NOT_FOUND}
     * @param message for people
     * @param isFinal whether another attempt is of no use until somebody has changed something
     */
    record Refusal(String code, String message, boolean isFinal) implements ControlMessage {}

    /** Of a later version of the protocol. */
    record Unknown(String type) implements ControlMessage {}

    /** The text of the frame. */
    default String toJson() {
        var text = new StringWriter();
        try (var out = Json.FACTORY.createGenerator(text)) {
            out.writeStartObject();
            switch (this) {
                case Hello hello -> {
                    out.writeStringField("type", "hello");
                    out.writeNumberField("version", hello.version());
                    out.writeStringField("replica", hello.replica());
                    out.writeNumberField("max_message_bytes", hello.maxMessageBytes());
                }
                case Welcome welcome -> {
                    out.writeStringField("type", "welcome");
                    out.writeStringField("schema", welcome.schema());
                    out.writeNumberField("max_message_bytes", welcome.maxMessageBytes());
                }
                case SchemaChanged changed -> {
                    out.writeStringField("type", "schema");
                    out.writeStringField("schema", changed.schema());
                }
                case Refusal refusal -> {
                    out.writeStringField("type", "refusal");
                    out.writeStringField("code", refusal.code());
                    out.writeStringField("message", refusal.message());
                    out.writeBooleanField("final", refusal.isFinal());
                }
                case Unknown unknown -> out.writeStringField("type", unknown.type());
            }
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return text.toString();
    }

    /**
     * The message in a text frame.
     *
     * @throws Malformed if it is no object of JSON, or lacks a field
     */
    static ControlMessage parse(String text) {
        Map<String, String> fields = new TreeMap<>();
        Json.read("a text frame", text.getBytes(StandardCharsets.UTF_8), parser -> {
            Json.object(parser, name -> {
                if (parser.currentToken() != JsonToken.VALUE_NULL
                        && parser.currentToken().isScalarValue()) {
                    fields.put(name, parser.getText());
                    return true;
                }
                return false;
            });
            return fields;
        });
        var type = required(fields, "type");
        return switch (type) {
            case "hello" ->
                new Hello(number(fields, "version"), required(fields, "replica"), number(fields, "max_message_bytes"));
            case "welcome" -> new Welcome(required(fields, "schema"), number(fields, "max_message_bytes"));
            case "schema" -> new SchemaChanged(required(fields, "schema"));
            case "refusal" ->
                new Refusal(
                        required(fields, "code"),
                        required(fields, "message"),
                        Boolean.parseBoolean(fields.getOrDefault("final", "false")));
            default -> new Unknown(type);
        };
    }

    private static String required(Map<String, String> fields, String name) {
        var value = fields.get(name);
        if (value == null) {
            throw new Malformed("a text frame without '" + name + "'");
        }
        return value;
    }

    private static int number(Map<String, String> fields, String name) {
        try {
            return Integer.parseInt(required(fields, name));
        } catch (NumberFormatException e) {
            throw new Malformed("a text frame whose '" + name + "' is no number", e);
        }
    }
}
