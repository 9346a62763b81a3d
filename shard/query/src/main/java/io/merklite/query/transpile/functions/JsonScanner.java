package io.merklite.query.transpile.functions;

import java.util.BitSet;

/**
 * Checks that a text is one JSON value, as RFC 8259 has it, and drops the space in it. Needs no stack: the open brackets
 * are bits, so depth costs nothing.
 */
final class JsonScanner {
    private static final String NUMBER_CHARS = "0123456789+-.eE";

    private final String text;
    private final BitSet isObject = new BitSet();
    private int depth;
    private int at;

    private JsonScanner(String text) {
        this.text = text;
    }

    /** Whether {@code text} is one JSON value, with space around it or not. */
    static boolean isJson(String text) {
        return new JsonScanner(text).scan();
    }

    /** {@code json} without the white space that is in no string. */
    static String compact(String json) {
        var compact = new StringBuilder(json.length());
        var inString = false;
        for (var index = 0; index < json.length(); index++) {
            var c = json.charAt(index);
            if (inString && c == '\\') {
                compact.append(c).append(json.charAt(++index));
                continue;
            }
            inString ^= c == '"';
            if (inString || !isSpace(c)) {
                compact.append(c);
            }
        }
        return compact.toString();
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    }

    private boolean scan() {
        var valueDue = true;
        while (true) {
            skipSpace();
            if (valueDue) {
                var c = peek();
                if (c == '{' || c == '[') {
                    at++;
                    isObject.set(depth, c == '{');
                    depth++;
                    skipSpace();
                    if (peek() == (c == '{' ? '}' : ']')) {
                        valueDue = false;
                    } else if (c == '{' && !key()) {
                        return false;
                    }
                    continue;
                }
                if (!scalar(c)) {
                    return false;
                }
                valueDue = false;
            } else if (depth == 0) {
                return at == text.length();
            } else if (peek() == ',') {
                at++;
                skipSpace();
                if (isObject.get(depth - 1) && !key()) {
                    return false;
                }
                valueDue = true;
            } else if (peek() == (isObject.get(depth - 1) ? '}' : ']')) {
                at++;
                depth--;
            } else {
                return false;
            }
        }
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private void skipSpace() {
        while (isSpace(peek())) {
            at++;
        }
    }

    private boolean key() {
        if (peek() != '"' || !string()) {
            return false;
        }
        skipSpace();
        return peek() == ':' && ++at > 0;
    }

    private boolean scalar(char first) {
        return switch (first) {
            case '"' -> string();
            case 't' -> word("true");
            case 'f' -> word("false");
            case 'n' -> word("null");
            default -> number();
        };
    }

    private boolean word(String word) {
        if (!text.startsWith(word, at)) {
            return false;
        }
        at += word.length();
        return true;
    }

    private boolean string() {
        at++;
        while (at < text.length()) {
            var c = text.charAt(at++);
            if (c == '"') {
                return true;
            }
            if (c < ' ' || (c == '\\' && !escape())) {
                return false;
            }
        }
        return false;
    }

    private boolean escape() {
        var c = peek();
        at++;
        if (c != 'u') {
            return "\"\\/bfnrt".indexOf(c) >= 0 && at <= text.length();
        }
        for (var digit = 0; digit < 4; digit++) {
            if ("0123456789abcdefABCDEF".indexOf(peek()) < 0) {
                return false;
            }
            at++;
        }
        return true;
    }

    private boolean number() {
        var start = at;
        while (NUMBER_CHARS.indexOf(peek()) >= 0) {
            at++;
        }
        return isNumber(text.substring(start, at));
    }

    private static boolean isNumber(String number) {
        var index = number.startsWith("-") ? 1 : 0;
        var whole = digits(number, index);
        if (whole == index || (number.charAt(index) == '0' && whole > index + 1)) {
            return false;
        }
        index = whole;
        if (index < number.length() && number.charAt(index) == '.') {
            var fraction = digits(number, index + 1);
            if (fraction == index + 1) {
                return false;
            }
            index = fraction;
        }
        if (index < number.length() && (number.charAt(index) == 'e' || number.charAt(index) == 'E')) {
            index++;
            if (index < number.length() && (number.charAt(index) == '+' || number.charAt(index) == '-')) {
                index++;
            }
            var exponent = digits(number, index);
            if (exponent == index) {
                return false;
            }
            index = exponent;
        }
        return index == number.length();
    }

    private static int digits(String number, int from) {
        var end = from;
        while (end < number.length() && number.charAt(end) >= '0' && number.charAt(end) <= '9') {
            end++;
        }
        return end;
    }
}
