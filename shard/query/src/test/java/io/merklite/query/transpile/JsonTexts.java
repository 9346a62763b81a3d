package io.merklite.query.transpile;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** JSON as SQL gives it: compared with the order of members, duplicates included, and numbers by value. */
final class JsonTexts {
    private JsonTexts() {}

    static String text(Object cell) {
        return cell instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : String.valueOf(cell);
    }

    /** Fails unless {@code text} is strictly JSON. */
    static JsonElement parse(String text) {
        try (var reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            var element = JsonParser.parseReader(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new IOException("more than one value: " + text);
            }
            return element;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static boolean isSame(String expected, String actual, boolean arrayOrderFree) {
        return canonical(expected, arrayOrderFree).equals(canonical(actual, arrayOrderFree));
    }

    /** Written anew from the reader's tokens, as a tree of objects would lose duplicate keys. */
    private static String canonical(String text, boolean arrayOrderFree) {
        try (var reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            var value = value(reader, arrayOrderFree);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new IOException("more than one value: " + text);
            }
            return value;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String value(JsonReader reader, boolean arrayOrderFree) throws IOException {
        switch (reader.peek()) {
            case BEGIN_ARRAY -> {
                List<String> values = new ArrayList<>();
                reader.beginArray();
                while (reader.hasNext()) {
                    values.add(value(reader, arrayOrderFree));
                }
                reader.endArray();
                if (arrayOrderFree) {
                    values.sort(null);
                }
                return values.toString();
            }
            case BEGIN_OBJECT -> {
                List<String> members = new ArrayList<>();
                reader.beginObject();
                while (reader.hasNext()) {
                    members.add("\"" + reader.nextName() + "\":" + value(reader, arrayOrderFree));
                }
                reader.endObject();
                return "{" + members + "}";
            }
            case STRING -> {
                return "\"" + reader.nextString() + "\"";
            }
            case NUMBER -> {
                return new BigDecimal(reader.nextString()).stripTrailingZeros().toString();
            }
            case BOOLEAN -> {
                return String.valueOf(reader.nextBoolean());
            }
            default -> {
                reader.nextNull();
                return "null";
            }
        }
    }
}
