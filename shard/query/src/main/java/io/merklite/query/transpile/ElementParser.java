package io.merklite.query.transpile;

import static io.merklite.query.transpile.Identifiers.isPlainPart;
import static io.merklite.query.transpile.Identifiers.isPlainStart;

import io.merklite.query.QueryException.MalformedQuery;
import io.merklite.query.transpile.Part.Attribute;
import io.merklite.query.transpile.Part.Child;
import io.merklite.query.transpile.Part.Element;
import io.merklite.query.transpile.Part.Subquery.Use;
import io.merklite.query.transpile.Part.Truth;
import io.merklite.query.transpile.Part.Wrapper;
import java.util.ArrayList;
import java.util.List;

/** Elements. They are read by character, as nothing in their text is a token; only what stands in braces is SQL. */
final class ElementParser {
    /** What may join the parts of a tag or an attribute's name. */
    private static final String TAG_SIGNS = ":.-";

    private final Grammar grammar;
    private final SourceText source;
    private final TokenStream tokens;

    ElementParser(Grammar grammar) {
        this.grammar = grammar;
        this.source = grammar.source;
        this.tokens = grammar.tokens;
    }

    /** {@code jsonml(element)} or {@code jsx(element)}, which is next. */
    Wrapper wrapper() {
        var name = tokens.take();
        tokens.take();
        var element = element();
        grammar.expect(')', "The wrapper takes one element and nothing else");
        return new Wrapper(name.text().equals("jsx") ? Markup.JSX : Markup.JSONML, element, name.spaced());
    }

    /** The element whose {@code <} is the next token. */
    Element element() {
        grammar.usesDialect();
        var open = tokens.peek();
        return Indentation.removed(element(open.start(), open.spaced()));
    }

    private Element element(int start, boolean spaced) {
        grammar.enter(start);
        var tag = name(start + 1);
        tokens.seek(start + 1 + tag.length());
        List<Attribute> attributes = new ArrayList<>();
        while (isPlainStart(next(start))) {
            attributes.add(attribute());
        }
        List<Child> children = new ArrayList<>();
        var selfClosed = source.at(tokens.offset()) == '/' && source.at(tokens.offset() + 1) == '>';
        if (selfClosed) {
            tokens.seek(tokens.offset() + 2);
        } else if (source.at(tokens.offset()) == '>') {
            tokens.seek(tokens.offset() + 1);
            body(start, tag, children);
        } else {
            throw unexpected("an attribute, '>' or '/>'", "Write attributes as name=\"text\" or name={expression}");
        }
        grammar.leave();
        return new Element(tag, selfClosed, attributes, children, spaced);
    }

    /** The next character that is no space, where the stream then stands. */
    private char next(int start) {
        tokens.seek(tokens.skipSpace());
        if (tokens.offset() >= source.length()) {
            throw unterminated(start);
        }
        return source.at(tokens.offset());
    }

    private MalformedQuery unterminated(int start) {
        return source.error(start, "an element without end", "Close it by </tag>, or write <tag/>");
    }

    private MalformedQuery unexpected(String expected, String hint) {
        var found = source.text().codePointAt(tokens.offset());
        return source.error(tokens.offset(), "found '" + Character.toString(found) + "', expected " + expected, hint);
    }

    private String name(int start) {
        var at = start;
        while (isPlainPart(source.at(at))
                || (TAG_SIGNS.indexOf(source.at(at)) >= 0 && isPlainPart(source.at(at + 1)) && at > start)) {
            at++;
        }
        return source.text().substring(start, at);
    }

    private Attribute attribute() {
        var start = tokens.offset();
        var name = name(start);
        tokens.seek(start + name.length());
        if (next(start) != '=') {
            return new Attribute(name, List.of(new Truth(true, false)));
        }
        tokens.seek(tokens.offset() + 1);
        return switch (next(start)) {
            case '"' -> new Attribute(name, List.of(text(quoted())));
            case '{' -> new Attribute(name, interpolation(Use.VALUE));
            default -> throw unexpected("\"text\" or {expression}", "Attribute text stands in double quotes");
        };
    }

    private String quoted() {
        var start = tokens.offset();
        var end = source.text().indexOf('"', start + 1);
        if (end < 0) {
            throw source.error(start, "a \" without its pair", "Close the quotes of the attribute");
        }
        tokens.seek(end + 1);
        return source.text().substring(start + 1, end);
    }

    private void body(int start, String tag, List<Child> children) {
        var text = new StringBuilder();
        var at = tokens.offset();
        while (true) {
            if (at >= source.length()) {
                throw unterminated(start);
            }
            var c = source.at(at);
            var next = source.at(at + 1);
            if (c == '{' || (c == '<' && (next == '/' || isPlainStart(next)))) {
                flush(text, children);
                tokens.seek(at);
                if (c == '<' && next == '/') {
                    closingTag(start, tag);
                    return;
                }
                children.add(
                        c == '{'
                                ? new Child.Interpolation(interpolation(Use.MARKUP))
                                : new Child.Nested(element(at, false)));
                at = tokens.offset();
            } else {
                text.append(c);
                at++;
            }
        }
    }

    private static void flush(StringBuilder text, List<Child> children) {
        if (!text.isEmpty()) {
            children.add(new Child.Text(text.toString()));
            text.setLength(0);
        }
    }

    private void closingTag(int start, String tag) {
        var open = tokens.offset();
        var closing = name(open + 2);
        if (!closing.equals(tag)) {
            throw source.error(
                    open,
                    "found </" + closing + ">, expected </" + tag + ">",
                    "Close elements in the order of opening");
        }
        tokens.seek(open + 2 + tag.length());
        if (next(start) != '>') {
            throw unexpected("'>'", "A closing tag has no attributes");
        }
        tokens.seek(tokens.offset() + 1);
    }

    private List<Part> interpolation(Use use) {
        tokens.seek(tokens.offset() + 1);
        var value = grammar.expressions.value(use, false);
        var next = tokens.peek();
        if (value.isEmpty()) {
            throw source.unexpected(next, "an expression", "Write a value between the braces; {'{'} is a brace");
        }
        grammar.expect('}', "Close the braces of the expression");
        return value;
    }

    private static Token text(String text) {
        return new Token(Token.Kind.STRING, Keyword.NONE, Identifiers.string(text), 0, 0, false);
    }
}
