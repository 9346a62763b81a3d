package io.merklite.node.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.query.subscribe.SqlValue;
import java.util.Base64;
import java.util.Set;

/**
 * Values of SQLite in JSON, in two forms.
 *
 * <p><b>Plain</b>: null, numbers, strings, and {@code {"base64": …}} for a blob. What people write and read. <b>Typed</b>: as Hrana
 * has them, {@code {"type": "integer", "value": "7"}}, which lose nothing in any language. Both are read anywhere.
 */
final class ValueJson {
    private static final Set<String> TYPES = Set.of("null", "integer", "float", "text", "blob");
    private static final String BASE64 = "base64";
    private static final String TYPE = "type";
    private static final String VALUE = "value";

    private ValueJson() {}

    static void plain(JsonWriter json, SqlValue value) {
        switch (value) {
            case SqlValue.Null none -> json.nullValue();
            case SqlValue.Integer(var integer) -> json.value(integer);
            case SqlValue.Real(var real) -> json.value(real);
            case SqlValue.Text(var text) -> json.value(text);
            case SqlValue.Blob blob ->
                json.beginObject().name(BASE64).base64(blob.view()).endObject();
        }
    }

    static void typed(JsonWriter json, SqlValue value) {
        json.beginObject().name(TYPE);
        switch (value) {
            case SqlValue.Null none -> json.value("null");
            case SqlValue.Integer(var integer) ->
                json.value("integer").name(VALUE).integerAsText(integer);
            case SqlValue.Real(var real) -> json.value("float").name(VALUE).value(real);
            case SqlValue.Text(var text) -> json.value("text").name(VALUE).value(text);
            case SqlValue.Blob blob -> json.value("blob").name(BASE64).base64(blob.view());
        }
        json.endObject();
    }

    /** Whether an object is a value, and not one of values by name. */
    static boolean isValue(JsonNode object) {
        return (object.size() == 1 && object.path(BASE64).isTextual())
                || (object.path(TYPE).isTextual()
                        && TYPES.contains(object.path(TYPE).asText())
                        && object.size() <= 2);
    }

    static SqlValue read(JsonNode json) {
        return switch (json.getNodeType()) {
            case NULL -> SqlValue.NULL;
            case BOOLEAN -> SqlValue.of(json.booleanValue() ? 1L : 0L);
            case STRING -> SqlValue.of(json.textValue());
            case NUMBER ->
                json.canConvertToLong() && json.isIntegralNumber()
                        ? SqlValue.of(json.longValue())
                        : SqlValue.of(json.doubleValue());
            case OBJECT -> object(json);
            default -> throw malformed("a parameter that is no value");
        };
    }

    private static SqlValue object(JsonNode json) {
        if (!isValue(json)) {
            throw malformed("a parameter that is no value");
        }
        try {
            return switch (json.path(TYPE).asText("blob")) {
                case "null" -> SqlValue.NULL;
                case "integer" -> SqlValue.of(Long.parseLong(json.path(VALUE).asText()));
                case "float" -> SqlValue.of(Double.parseDouble(json.path(VALUE).asText()));
                case "text" -> SqlValue.of(json.path(VALUE).asText());
                default ->
                    SqlValue.of(Base64.getDecoder().decode(json.path(BASE64).asText()));
            };
        } catch (IllegalArgumentException e) {
            throw malformed("a parameter whose value is not of its type");
        }
    }

    private static RuntimeException malformed(String what) {
        return RestCall.refused(400, "BODY_INVALID", what);
    }
}
