package io.merklite.schema.json;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.merklite.schema.SchemaException;
import java.io.IOException;
import java.io.StringReader;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/**
 * Internal: the fields of one JSON object. Every method throws {@link SchemaException.MalformedJson} for a field that is
 * missing or of another type.
 */
public final class JsonFields {
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    private static final TypeAdapter<JsonElement> ELEMENTS = GSON.getAdapter(JsonElement.class);

    private final String what;
    private final JsonObject object;

    private JsonFields(String what, JsonElement element) {
        this.what = what;
        if (!element.isJsonObject()) {
            throw new SchemaException.MalformedJson(what + " must be an object");
        }
        this.object = element.getAsJsonObject();
    }

    /** Reads {@code json}, which must be one object and nothing else; {@code what} names it in errors. */
    public static JsonFields parse(String what, String json) {
        try (var reader = new JsonReader(new StringReader(json))) {
            reader.setStrictness(Strictness.STRICT);
            var element = ELEMENTS.read(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new SchemaException.MalformedJson(what + " is followed by more text");
            }
            return new JsonFields(what, element);
        } catch (IOException | JsonParseException e) {
            throw new SchemaException.MalformedJson(what + " is no JSON", e);
        }
    }

    /** The text of {@code object}, over several lines. */
    public static String print(JsonObject object) {
        return GSON.toJson(object);
    }

    /** An object whose fields {@code fill} adds. */
    public static JsonObject object(Consumer<JsonObject> fill) {
        var object = new JsonObject();
        fill.accept(object);
        return object;
    }

    /** An array of the forms of {@code values}. */
    public static <T> JsonArray array(Collection<T> values, Function<T, JsonElement> form) {
        var array = new JsonArray();
        values.forEach(value -> array.add(form.apply(value)));
        return array;
    }

    /** A string. */
    public String string(String name) {
        var field = primitive(name);
        if (!field.getAsJsonPrimitive().isString()) {
            throw wrong(name, "a string");
        }
        return field.getAsString();
    }

    /** A truth value. */
    public boolean bool(String name) {
        var field = primitive(name);
        if (!field.getAsJsonPrimitive().isBoolean()) {
            throw wrong(name, "true or false");
        }
        return field.getAsBoolean();
    }

    /** A truth value, or {@code otherwise} where the field is missing. */
    public boolean bool(String name, boolean otherwise) {
        return object.has(name) ? bool(name) : otherwise;
    }

    /** A whole number. */
    public long integer(String name) {
        var field = primitive(name);
        if (!field.getAsJsonPrimitive().isNumber() || !field.getAsString().matches("-?[0-9]{1,18}")) {
            throw wrong(name, "a whole number");
        }
        return field.getAsLong();
    }

    /** An array of strings. */
    public List<String> strings(String name) {
        return elements(name).stream()
                .map(element -> {
                    if (!element.isJsonPrimitive()
                            || !element.getAsJsonPrimitive().isString()) {
                        throw wrong(name, "an array of strings");
                    }
                    return element.getAsString();
                })
                .toList();
    }

    /** An array of objects. */
    public List<JsonFields> objects(String name) {
        return elements(name).stream()
                .map(element -> new JsonFields(what + "." + name, element))
                .toList();
    }

    /** An array of objects, empty where the field is missing. */
    public List<JsonFields> objectsOrNone(String name) {
        return object.has(name) ? objects(name) : List.of();
    }

    /** The objects in the object {@code name}, in order; empty where that is missing. */
    public List<JsonFields> membersOrNone(String name) {
        return Optional.ofNullable(object.get(name))
                .map(field -> new JsonFields(what + "." + name, field)
                        .object.entrySet().stream()
                                .map(Map.Entry::getValue)
                                .map(element -> new JsonFields(what + "." + name, element))
                                .toList())
                .orElse(List.of());
    }

    private List<JsonElement> elements(String name) {
        var field = object.get(name);
        if (field == null || !field.isJsonArray()) {
            throw wrong(name, "an array");
        }
        return StreamSupport.stream(field.getAsJsonArray().spliterator(), false).toList();
    }

    private JsonElement primitive(String name) {
        var field = object.get(name);
        if (field == null || !field.isJsonPrimitive()) {
            throw wrong(name, "there");
        }
        return field;
    }

    private SchemaException wrong(String name, String expected) {
        return new SchemaException.MalformedJson(what + "." + name + " must be " + expected);
    }
}
