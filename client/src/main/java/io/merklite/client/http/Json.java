package io.merklite.client.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamReadException;
import io.merklite.client.ClientException.Malformed;
import java.io.IOException;

/**
 * Internal: the one JSON factory, and what all readers do.
 *
 * <p>Jackson's streaming core was chosen over a parser of our own (numbers and escapes are easily got wrong, and results
 * are megabytes), over the binding layers (reflection, and three artifacts more), and over Gson's reader (which takes a
 * document as UTF-16).
 */
public final class Json {
    /** Values may be as large as a row; what a node may send in one answer is limited by the node and by memory. */
    private static final StreamReadConstraints CONSTRAINTS =
            StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build();

    /** Makes parsers and generators. Thread-safe. */
    public static final JsonFactory FACTORY =
            JsonFactory.builder().streamReadConstraints(CONSTRAINTS).build();

    private Json() {}

    /** Reads one document. */
    @FunctionalInterface
    public interface Reading<T> {
        T read(JsonParser parser) throws IOException;
    }

    /**
     * Reads the document {@code bytes}.
     *
     * @param what is read, for errors
     * @throws Malformed if it is no JSON, or not what {@code reading} expects
     */
    public static <T> T read(String what, byte[] bytes, Reading<T> reading) {
        try (var parser = FACTORY.createParser(bytes)) {
            parser.nextToken();
            return reading.read(parser);
        } catch (StreamReadException e) {
            throw new Malformed(what + " is no JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new Malformed(what + " ends too early", e);
        }
    }

    /** Reads the fields of the object that the parser is at; the reader consumes each value, or it is skipped. */
    @FunctionalInterface
    public interface Field {
        /** @return whether the value was read; it is skipped otherwise */
        boolean read(String name) throws IOException;
    }

    /** Calls {@code field} with the parser at each value. */
    public static void object(JsonParser parser, Field field) throws IOException {
        require(parser, JsonToken.START_OBJECT);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            var name = parser.currentName();
            parser.nextToken();
            if (!field.read(name)) {
                parser.skipChildren();
            }
        }
        require(parser, JsonToken.END_OBJECT);
    }

    /** Reads an element of an array. */
    @FunctionalInterface
    public interface Element {
        void read() throws IOException;
    }

    /** Calls {@code element} with the parser at each element. */
    public static void array(JsonParser parser, Element element) throws IOException {
        require(parser, JsonToken.START_ARRAY);
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == null) {
                throw new Malformed("a list ends too early");
            }
            element.read();
        }
    }

    /** Checks what the parser is at. */
    public static void require(JsonParser parser, JsonToken expected) {
        if (parser.currentToken() != expected) {
            throw new Malformed("found " + parser.currentToken() + " at byte "
                    + parser.currentTokenLocation().getByteOffset() + ", expected " + expected);
        }
    }
}
