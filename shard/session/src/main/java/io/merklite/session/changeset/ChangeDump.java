package io.merklite.session.changeset;

import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.StringJoiner;

/** Changesets and patchsets as text, for people and for other programs. Nothing is lost in it. */
public final class ChangeDump {
    private ChangeDump() {}

    /**
     * One line a table and one a change, such as {@code UPDATE 1: name 'Ada' -> 'Grace'}. Columns go by their index, as
     * a changeset has no names.
     */
    public static String text(ChangeBytes changes) {
        var out = new StringBuilder();
        for (var table : changes.tables()) {
            out.append("table ").append(table.table().name()).append('\n');
            table.changes()
                    .forEach(change ->
                            out.append("  ").append(line(table.table(), change)).append('\n'));
        }
        return out.toString();
    }

    private static String line(TableInfo table, ChangesetRow change) {
        var line = new StringBuilder(change.op().name()).append(change.indirect() ? " (indirect)" : "");
        for (var i = 0; i < table.columnCount(); i++) {
            var before = change.oldValues().get(i);
            var after = change.newValues().get(i);
            var hasBefore = !(before instanceof ChangesetValue.Undefined);
            var hasAfter = !(after instanceof ChangesetValue.Undefined);
            if (hasBefore || hasAfter) {
                line.append(' ').append(i).append(table.isKey(i) ? "*=" : "=");
                line.append(hasBefore ? sql(before) : "");
                line.append(hasBefore && hasAfter ? "->" : "").append(hasAfter ? sql(after) : "");
            }
        }
        return line.toString();
    }

    private static String sql(ChangesetValue value) {
        return switch (value) {
            case ChangesetValue.Undefined undefined -> "?";
            case ChangesetValue.Null nothing -> "NULL";
            case ChangesetValue.Integer integer -> Long.toString(integer.value());
            case ChangesetValue.Real real -> Double.toString(real.value());
            case ChangesetValue.Text text ->
                isUtf8(text)
                        ? '\'' + text.string().replace("'", "''") + '\''
                        : "CAST(x'" + hex(text.toByteArray()) + "' AS TEXT)";
            case ChangesetValue.Blob blob -> "x'" + hex(blob.toByteArray()) + '\'';
        };
    }

    /**
     * A JSON array of tables: {@code {"table", "key": [position, …], "changes": [{"op", "indirect", "old", "new"}]}}.
     *
     * <p>Values: {@code null}; integers and texts as they are; {@code {"real": "1.5"}}, {@code {"text_hex": …}} for text
     * that is not UTF-8, {@code {"hex": …}} for blobs, {@code []} for undefined.
     */
    public static String json(ChangeBytes changes) {
        var tables = new StringJoiner(",", "[", "]");
        for (var table : changes.tables()) {
            var rows = new StringJoiner(",", "[", "]");
            table.changes().forEach(change -> rows.add(json(change)));
            tables.add("{\"table\":" + quoted(table.table().name()) + ",\"key\":"
                    + table.table().keyPositions().toString().replace(" ", "") + ",\"changes\":" + rows + "}");
        }
        return tables.toString();
    }

    private static String json(ChangesetRow change) {
        var fields = new StringJoiner(",", "{", "}");
        fields.add("\"op\":\"" + change.op() + '"').add("\"indirect\":" + change.indirect());
        if (change.op() != ChangeOp.INSERT) {
            fields.add("\"old\":" + json(change.oldValues()));
        }
        if (change.op() != ChangeOp.DELETE) {
            fields.add("\"new\":" + json(change.newValues()));
        }
        return fields.toString();
    }

    private static String json(List<ChangesetValue> values) {
        var array = new StringJoiner(",", "[", "]");
        values.forEach(value -> array.add(json(value)));
        return array.toString();
    }

    private static String json(ChangesetValue value) {
        return switch (value) {
            case ChangesetValue.Undefined undefined -> "[]";
            case ChangesetValue.Null nothing -> "null";
            case ChangesetValue.Integer integer -> Long.toString(integer.value());
            case ChangesetValue.Real real -> "{\"real\":\"" + real.value() + "\"}";
            case ChangesetValue.Text text ->
                isUtf8(text) ? quoted(text.string()) : "{\"text_hex\":\"" + hex(text.toByteArray()) + "\"}";
            case ChangesetValue.Blob blob -> "{\"hex\":\"" + hex(blob.toByteArray()) + "\"}";
        };
    }

    private static String quoted(String text) {
        var out = new StringBuilder("\"");
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c < ' ') {
                        out.append("\\u%04x".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        return out.append('"').toString();
    }

    private static boolean isUtf8(ChangesetValue.Text text) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(text.view());
            return true;
        } catch (CharacterCodingException e) {
            return false; // printed as hex
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
