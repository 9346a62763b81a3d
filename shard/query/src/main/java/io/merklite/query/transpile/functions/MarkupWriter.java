package io.merklite.query.transpile.functions;

import java.sql.SQLException;
import java.util.List;

/**
 * Elements and attributes, in one of three forms.
 *
 * <p>Attributes begin with a space, in JSON too; so does a list of children in JSON, which an element takes apart.
 */
enum MarkupWriter {
    /** Markup text. */
    XML {
        @Override
        String element(List<SqlValue> arguments) throws SQLException {
            var tag = tag(arguments);
            var isVoid = tag.endsWith("/");
            var name = isVoid ? tag.substring(0, tag.length() - 1) : tag;
            var text = new StringBuilder("<").append(name);
            var attributes = attributesOf(arguments);
            text.append(attributes);
            var children = fragment(children(arguments, !attributes.isEmpty()));
            if (isVoid && children.isEmpty()) {
                return text.append("/>").toString();
            }
            return text.append('>')
                    .append(children)
                    .append("</")
                    .append(name)
                    .append('>')
                    .toString();
        }

        @Override
        String attributes(List<SqlValue> pairs) throws SQLException {
            JsonWriter.checkPairs("xml_attrs", pairs);
            var text = new StringBuilder();
            for (var index = 0; index < pairs.size(); index += 2) {
                attribute(text, nameOf(pairs.get(index)), pairs.get(index + 1));
            }
            return text.toString();
        }

        @Override
        boolean areAttributes(String text) {
            return text.startsWith(" ") && !text.startsWith(" [") && !text.startsWith(" {");
        }

        private void attribute(StringBuilder text, String name, SqlValue value) {
            if (value.isNull() || (value.isBlob() && value.text().equals("false"))) {
                return;
            }
            text.append(' ').append(name);
            if (!value.isBlob()) {
                text.append("=\"");
                escape(text, value.text(), true);
                text.append('"');
            }
        }

        @Override
        String fragment(List<SqlValue> children) {
            var text = new StringBuilder();
            for (var child : children) {
                if (child.isBlob()) {
                    text.append(child.text());
                } else {
                    escape(text, child.text(), false);
                }
            }
            return text.toString();
        }
    },

    /** JSON arrays; attributes are strings. */
    JSONML {
        @Override
        void attributeValue(StringBuilder json, SqlValue value) {
            JsonWriter.string(json, value.text());
        }
    },

    /** JSON arrays; attributes keep their type. */
    JSX {
        @Override
        void attributeValue(StringBuilder json, SqlValue value) throws SQLException {
            JsonWriter.value(json, value);
        }
    };

    /** An element of {@code arguments}: tag, with a slash behind it if it is void; attributes, if any; children. */
    String element(List<SqlValue> arguments) throws SQLException {
        var tag = tag(arguments);
        var json = new StringBuilder("[");
        JsonWriter.string(json, tag.endsWith("/") ? tag.substring(0, tag.length() - 1) : tag);
        var attributes = attributesOf(arguments);
        if (!attributes.isEmpty()) {
            json.append(',').append(attributes, 1, attributes.length());
        }
        append(json, children(arguments, !attributes.isEmpty()), ",");
        return json.append(']').toString();
    }

    /** Attributes of {@code pairs}, name and value in turn. */
    String attributes(List<SqlValue> pairs) throws SQLException {
        JsonWriter.checkPairs("xml_attrs", pairs);
        var json = new StringBuilder(" {");
        for (var index = 0; index < pairs.size(); index += 2) {
            var value = pairs.get(index + 1);
            if (!value.isNull()) {
                json.append(json.length() > 2 ? "," : "");
                JsonWriter.string(json, nameOf(pairs.get(index)));
                json.append(':');
                attributeValue(json, value);
            }
        }
        return json.append('}').toString();
    }

    /** Children one after the other. */
    String fragment(List<SqlValue> children) throws SQLException {
        var json = new StringBuilder(" [");
        append(json, children, "");
        return json.append(']').toString();
    }

    void attributeValue(StringBuilder json, SqlValue value) throws SQLException {
        throw new IllegalStateException(this + " has no attributes in JSON");
    }

    private static void append(StringBuilder json, List<SqlValue> children, String separator) throws SQLException {
        var before = separator;
        for (var child : children) {
            var items = items(child);
            if (!items.isEmpty()) {
                json.append(before).append(items);
                before = ",";
            }
        }
    }

    /** What a child adds to the array of its element: nothing for NULL, a string for a scalar, else its JSON. */
    private static String items(SqlValue child) throws SQLException {
        var json = new StringBuilder();
        if (child.isNull()) {
            return "";
        } else if (!child.isBlob()) {
            JsonWriter.string(json, child.text());
        } else {
            JsonWriter.value(json, child);
            if (child.text().startsWith(" [")) {
                return json.substring(1, json.length() - 1);
            }
        }
        return json.toString();
    }

    private static String tag(List<SqlValue> arguments) throws SQLException {
        if (arguments.isEmpty()) {
            throw new SQLException("xml_element: needs a tag");
        }
        return nameOf(arguments.getFirst());
    }

    private static String nameOf(SqlValue name) throws SQLException {
        if (name.kind() != SqlValue.Kind.TEXT || name.text().isEmpty()) {
            throw new SQLException("the name of an element or attribute must be text");
        }
        return name.text();
    }

    /** The attributes among the arguments of an element; empty if it has none. */
    String attributesOf(List<SqlValue> arguments) {
        var isThere = arguments.size() > 1
                && arguments.get(1).isBlob()
                && areAttributes(arguments.get(1).text());
        return isThere ? arguments.get(1).text() : "";
    }

    /** Whether {@link #attributes} of this form may have written {@code text}, which may as well come from a column. */
    boolean areAttributes(String text) {
        return text.startsWith(" {") && JsonScanner.isJson(text);
    }

    private static List<SqlValue> children(List<SqlValue> arguments, boolean hasAttributes) {
        return arguments.subList(hasAttributes ? 2 : 1, arguments.size());
    }

    private static void escape(StringBuilder text, String raw, boolean inAttribute) {
        for (var index = 0; index < raw.length(); index++) {
            var c = raw.charAt(index);
            switch (c) {
                case '<' -> text.append("&lt;");
                case '>' -> text.append("&gt;");
                case '&' -> text.append("&amp;");
                case '"' -> text.append(inAttribute ? "&quot;" : "\"");
                default -> text.append(c);
            }
        }
    }
}
