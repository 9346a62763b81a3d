package io.merklite.query.transpile.functions;

import java.sql.SQLException;
import java.util.List;

/** SQL values as JSON. */
final class JsonWriter {
    private static final String HEX = "0123456789abcdef";

    private JsonWriter() {}

    /** {@code value} marked as JSON: what it says, without space. */
    static String marked(SqlValue value) throws SQLException {
        if (value.kind() == SqlValue.Kind.NUMBER) {
            return number(value.text());
        }
        if (!JsonScanner.isJson(value.text())) {
            throw new SQLException("sqldeep_json: the text is not JSON");
        }
        return JsonScanner.compact(value.text());
    }

    /** An object of {@code pairs}, key and value in turn. */
    static String object(List<SqlValue> pairs) throws SQLException {
        checkPairs("sqldeep_json_object", pairs);
        var json = new StringBuilder("{");
        for (var index = 0; index < pairs.size(); index += 2) {
            json.append(index > 0 ? "," : "");
            key(json, pairs.get(index));
            json.append(':');
            value(json, pairs.get(index + 1));
        }
        return json.append('}').toString();
    }

    static void checkPairs(String function, List<SqlValue> pairs) throws SQLException {
        if (pairs.size() % 2 != 0) {
            throw new SQLException(function + ": needs pairs of name and value, got " + pairs.size() + " arguments");
        }
    }

    /** A key as a JSON string. */
    static void key(StringBuilder json, SqlValue key) throws SQLException {
        if (key.isNull() || key.isBlob()) {
            throw new SQLException("a key is " + (key.isNull() ? "NULL" : "a BLOB") + ", must be text or a number");
        }
        string(json, key.text());
    }

    static String array(List<SqlValue> values) throws SQLException {
        var json = new StringBuilder("[");
        for (var index = 0; index < values.size(); index++) {
            json.append(index > 0 ? "," : "");
            value(json, values.get(index));
        }
        return json.append(']').toString();
    }

    /** One object or array of the members of several that {@link #object} and {@link #array} made. */
    static String joined(List<SqlValue> pieces) throws SQLException {
        var json = new StringBuilder();
        for (var piece : pieces) {
            var text = piece.text();
            var isFirst = json.isEmpty();
            if (!piece.isBlob() || text.length() < 2 || (!isFirst && text.charAt(0) != json.charAt(0))) {
                throw new SQLException("sqldeep_json_join: needs objects or arrays");
            }
            if (!isFirst) {
                json.setLength(json.length() - 1);
                json.append(json.length() > 1 && text.length() > 2 ? "," : "");
            }
            json.append(text, isFirst ? 0 : 1, text.length());
        }
        if (!JsonScanner.isJson(json.toString())) {
            throw new SQLException("sqldeep_json_join: needs objects or arrays");
        }
        return json.toString();
    }

    /** Any value: what is structured is nested, markup is a string. */
    static void value(StringBuilder json, SqlValue value) throws SQLException {
        switch (value.kind()) {
            case NULL -> json.append("null");
            case NUMBER -> json.append(number(value.text()));
            case TEXT -> string(json, value.text());
            case BLOB -> structured(json, value.text());
        }
    }

    private static void structured(StringBuilder json, String text) throws SQLException {
        if (text.isEmpty() || text.charAt(0) == '<') {
            string(json, text);
        } else if (JsonScanner.isJson(text)) {
            json.append(text.strip());
        } else {
            throw new SQLException("a BLOB that is neither JSON nor markup: use hex() or base64() of it");
        }
    }

    /** A number as SQLite prints it; an infinity as a number beyond the range, which SQLite reads as one. */
    private static String number(String text) {
        return switch (text) {
            case "Inf" -> "9.0e+999";
            case "-Inf" -> "-9.0e+999";
            default -> text;
        };
    }

    static void string(StringBuilder json, String text) {
        json.append('"');
        for (var index = 0; index < text.length(); index++) {
            var c = text.charAt(index);
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\b' -> json.append("\\b");
                case '\f' -> json.append("\\f");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (c < ' ') {
                        json.append("\\u00").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }
}
