package io.merklite.node.rest;

import io.merklite.node.encoding.ByteOutput;
import org.apache.pekko.util.ByteString;

/** Breaks JSON into lines for people. Works on bytes, so that whatever numbers and texts it holds stay as they are. */
final class PrettyJson {
    private final byte[] json;
    private final ByteOutput out;
    private int depth;

    private PrettyJson(byte[] json) {
        this.json = json;
        this.out = new ByteOutput(json.length * 2 + 1);
    }

    /** The same value, indented by two spaces. {@code json} is valid and has no blanks between its parts. */
    static ByteString indented(byte[] json) {
        return new PrettyJson(json).indented();
    }

    private ByteString indented() {
        var isInString = false;
        for (var i = 0; i < json.length; i++) {
            var next = json[i];
            if (isInString) {
                out.write(next);
                if (next == '\\') {
                    out.write(json[++i]);
                } else if (next == '"') {
                    isInString = false;
                }
                continue;
            }
            switch (next) {
                case '{', '[' -> {
                    out.write(next);
                    if (i + 1 < json.length && (json[i + 1] == '}' || json[i + 1] == ']')) {
                        out.write(json[++i]);
                    } else {
                        line(1);
                    }
                }
                case '}', ']' -> {
                    line(-1);
                    out.write(next);
                }
                case ',' -> {
                    out.write(next);
                    line(0);
                }
                case ':' -> out.ascii(": ");
                case '"' -> {
                    out.write(next);
                    isInString = true;
                }
                default -> out.write(next);
            }
        }
        out.write('\n');
        return out.toByteString();
    }

    private void line(int deeper) {
        depth += deeper;
        out.write('\n');
        out.ascii("  ".repeat(depth));
    }
}
