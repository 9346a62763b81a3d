package io.merklite.query.transpile;

import static io.merklite.query.transpile.Identifiers.isNamePart;

import io.merklite.query.transpile.Token.Kind;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a text, made when they are asked for.
 *
 * <p>Which characters form a token depends on where they stand: between tags a quote is text, and after a key a colon
 * begins no parameter. So nothing is read ahead unless {@link #peek} is called, and parsers may go on from any offset.
 *
 * <p><b>Invariant.</b> Outside of markup and keys the tokens are SQLite's own (its file tokenize.c), but that a bracket
 * is a sign, and that comments and strings without an end are errors.
 */
final class TokenStream {
    private final SourceText source;
    private int offset;
    private @Nullable Token peeked;

    TokenStream(SourceText source) {
        this.source = source;
    }

    /** The next token, which stays next. */
    Token peek() {
        var token = peeked;
        if (token == null) {
            token = read(offset);
            peeked = token;
        }
        return token;
    }

    /** The next token, which is then behind. */
    Token take() {
        var token = peek();
        seek(token.end());
        return token;
    }

    /** The token after {@code token}, wherever the stream stands. */
    Token after(Token token) {
        return read(token.end());
    }

    /** The index of the character where the next token or the space before it begins. */
    int offset() {
        return offset;
    }

    /** Goes on from {@code target}. */
    void seek(int target) {
        offset = target;
        peeked = null;
    }

    /** The index of the next character that is neither space nor comment. */
    int skipSpace() {
        return skipSpace(offset);
    }

    /** Takes a colon if it is next, though a name may follow and make it look like a parameter. */
    boolean takeColon() {
        var next = skipSpace();
        if (source.at(next) != ':') {
            return false;
        }
        seek(next + 1);
        return true;
    }

    /** The {@code [name]} that begins with {@code open}, which need not be next; the stream then stands behind it. */
    Token takeBracketed(Token open) {
        var close = source.text().indexOf(']', open.end());
        if (close < 0) {
            throw source.error(open.start(), "'[' without ']'", "Close the bracket");
        }
        seek(close + 1);
        var text = source.text().substring(open.start(), close + 1);
        return new Token(Kind.QUOTED_NAME, Keyword.NONE, text, open.start(), close + 1, open.spaced());
    }

    private int skipSpace(int from) {
        var at = from;
        while (at < source.length()) {
            var c = source.at(at);
            if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\uFEFF') {
                at++;
            } else if (c == '-' && source.at(at + 1) == '-') {
                var end = source.text().indexOf('\n', at);
                at = end < 0 ? source.length() : end;
            } else if (c == '/' && source.at(at + 1) == '*') {
                var end = source.text().indexOf("*/", at + 2);
                if (end < 0) {
                    throw source.error(at, "a comment without end", "Close it with */");
                }
                at = end + 2;
            } else {
                break;
            }
        }
        return at;
    }

    private Token read(int from) {
        var start = skipSpace(from);
        var spaced = start > from;
        if (start == source.length()) {
            return new Token(Kind.END, Keyword.NONE, "", start, start, spaced);
        }
        var c = source.at(start);
        var next = source.at(start + 1);
        if (c == '\'' || c == '"' || c == '`') {
            return token(c == '\'' ? Kind.STRING : Kind.QUOTED_NAME, start, endOfQuoted(start), spaced);
        }
        if (isDigit(c) || (c == '.' && isDigit(next))) {
            return token(Kind.NUMBER, start, endOfNumber(start), spaced);
        }
        if ((c == 'x' || c == 'X') && next == '\'') {
            return token(Kind.STRING, start, endOfQuoted(start + 1), spaced);
        }
        if (isNamePart(c) && c != '$') {
            return token(Kind.NAME, start, endOfName(start), spaced);
        }
        var parameterEnd = endOfParameter(start);
        return parameterEnd > start
                ? token(Kind.PARAMETER, start, parameterEnd, spaced)
                : token(Kind.SIGN, start, start + signSize(start), spaced);
    }

    private Token token(Kind kind, int start, int end, boolean spaced) {
        var text = source.text().substring(start, end);
        return new Token(kind, kind == Kind.NAME ? Keyword.of(text) : Keyword.NONE, text, start, end, spaced);
    }

    private int endOfQuoted(int start) {
        var quote = source.at(start);
        var at = start + 1;
        while (true) {
            var end = source.text().indexOf(quote, at);
            if (end < 0) {
                throw source.error(
                        start, "a " + quote + " without its pair", "Close the quotes; inside them double it");
            }
            if (source.at(end + 1) != quote) {
                return end + 1;
            }
            at = end + 2;
        }
    }

    private int endOfName(int start) {
        var at = start;
        while (isNamePart(source.at(at))) {
            at++;
        }
        return at;
    }

    /** Digits, fraction and exponent, and what sticks to them: the tail of hexadecimal, or an error that is SQLite's. */
    private int endOfNumber(int start) {
        var at = start;
        while (isDigit(source.at(at)) || source.at(at) == '.') {
            at++;
        }
        var sign = source.at(at + 1);
        if ((source.at(at) == 'e' || source.at(at) == 'E')
                && (sign == '+' || sign == '-')
                && isDigit(source.at(at + 2))) {
            at += 2;
        }
        return endOfName(at);
    }

    /** The end of {@code ?1}, {@code :name}, {@code @name}, {@code #name} or {@code $name::part(suffix)}, or the start. */
    private int endOfParameter(int start) {
        var c = source.at(start);
        var at = start + 1;
        if (c == '?') {
            while (isDigit(source.at(at))) {
                at++;
            }
            return at;
        }
        if (c != ':' && c != '@' && c != '$' && c != '#') {
            return start;
        }
        while (isNamePart(source.at(at)) || (source.at(at) == ':' && source.at(at + 1) == ':' && at > start + 1)) {
            at += source.at(at) == ':' ? 2 : 1;
        }
        if (at == start + 1) {
            return start;
        }
        return source.at(at) == '(' && c == '$' ? endOfSuffix(at) : at;
    }

    private int endOfSuffix(int open) {
        var at = open + 1;
        while (at < source.length() && source.at(at) != ')' && !Character.isWhitespace(source.at(at))) {
            at++;
        }
        return source.at(at) == ')' ? at + 1 : open;
    }

    private int signSize(int start) {
        var c = source.at(start);
        var next = source.at(start + 1);
        if (c == '-' && next == '>') {
            return source.at(start + 2) == '>' ? 3 : 2;
        }
        var two = (c == '|' && next == '|')
                || (c == '<' && (next == '<' || next == '=' || next == '>'))
                || (c == '>' && (next == '>' || next == '='))
                || ((c == '=' || c == '!') && next == '=');
        return two ? 2 : 1;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
