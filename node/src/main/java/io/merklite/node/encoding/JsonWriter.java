package io.merklite.node.encoding;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.pekko.util.ByteString;

/**
 * Writes JSON, and puts the commas.
 *
 * <p>What it writes is valid JSON and UTF-8 if objects and arrays are closed in order and each name is followed by a
 * value: half a surrogate pair is written as U+FFFD, an infinity as {@code 1e999}, which parsers read as infinity.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
public final class JsonWriter {
    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final Base64.Encoder BASE64 = Base64.getEncoder().withoutPadding();

    private final ByteOutput out;
    private boolean needsComma;

    public JsonWriter(int initialSizeBytes) {
        out = new ByteOutput(initialSizeBytes);
    }

    /** A place to go back to. */
    public record Mark(int size, boolean needsComma) {}

    public Mark mark() {
        return new Mark(out.size(), needsComma);
    }

    /** Takes back what was written since {@code mark}. */
    public void reset(Mark mark) {
        out.truncate(mark.size());
        needsComma = mark.needsComma();
    }

    /** How many bytes were written. */
    public int size() {
        return out.size();
    }

    public JsonWriter beginObject() {
        return begin('{');
    }

    public JsonWriter endObject() {
        return end('}');
    }

    public JsonWriter beginArray() {
        return begin('[');
    }

    public JsonWriter endArray() {
        return end(']');
    }

    /** The name of the value that comes next: characters that need no escape, below 128. */
    public JsonWriter name(String name) {
        comma();
        out.write('"');
        out.ascii(name);
        out.write('"');
        out.write(':');
        needsComma = false;
        return this;
    }

    /** The same for a name of any characters, such as that of a column. */
    public JsonWriter anyName(String name) {
        value(name);
        out.write(':');
        needsComma = false;
        return this;
    }

    /** A value that is JSON already. */
    public JsonWriter json(String json) {
        comma();
        out.utf8(json);
        return this;
    }

    public JsonWriter value(String value) {
        comma();
        out.write('"');
        var length = value.length();
        for (var i = 0; i < length; i++) {
            var c = value.charAt(i);
            if (c >= ' ' && c < 0x80 && c != '"' && c != '\\') {
                out.write(c);
            } else if (c < 0x80) {
                escape(c);
            } else {
                i += out.codePoint(value, i);
            }
        }
        out.write('"');
        return this;
    }

    public JsonWriter value(boolean value) {
        comma();
        out.ascii(value ? "true" : "false");
        return this;
    }

    public JsonWriter value(long value) {
        comma();
        out.ascii(Long.toString(value));
        return this;
    }

    /** A number; an infinity as one too large to be anything else, not-a-number as null. */
    public JsonWriter value(double value) {
        comma();
        if (Double.isNaN(value)) {
            out.write(NULL);
        } else if (Double.isInfinite(value)) {
            out.ascii(value > 0 ? "1e999" : "-1e999");
        } else {
            out.ascii(Double.toString(value));
        }
        return this;
    }

    /** A 64-bit integer as a string, which JavaScript reads without loss. */
    public JsonWriter integerAsText(long value) {
        comma();
        out.write('"');
        out.ascii(Long.toString(value));
        out.write('"');
        return this;
    }

    /** Bytes as a string of base64 in the standard alphabet, without padding. */
    public JsonWriter base64(ByteBuffer bytes) {
        comma();
        out.write('"');
        out.write(BASE64.encode(bytes));
        out.write('"');
        return this;
    }

    public JsonWriter nullValue() {
        comma();
        out.write(NULL);
        return this;
    }

    /** Ends a line, after which another value may begin. */
    public JsonWriter endLine() {
        out.write('\n');
        needsComma = false;
        return this;
    }

    /** What was written; the writer must not be used after. */
    public ByteString toByteString() {
        return out.toByteString();
    }

    private JsonWriter begin(char bracket) {
        comma();
        out.write(bracket);
        needsComma = false;
        return this;
    }

    private JsonWriter end(char bracket) {
        out.write(bracket);
        needsComma = true;
        return this;
    }

    private void comma() {
        if (needsComma) {
            out.write(',');
        }
        needsComma = true;
    }

    private void escape(char c) {
        out.write('\\');
        switch (c) {
            case '"', '\\' -> out.write(c);
            case '\n' -> out.write('n');
            case '\r' -> out.write('r');
            case '\t' -> out.write('t');
            default -> {
                out.ascii("u00");
                out.write(HEX[c >> 4]);
                out.write(HEX[c & 0xF]);
            }
        }
    }
}
