package io.merklite.query.transpile;

import io.merklite.query.transpile.Part.ArrayLiteral;
import io.merklite.query.transpile.Part.Field;
import io.merklite.query.transpile.Part.Marker;
import io.merklite.query.transpile.Part.ObjectLiteral;
import io.merklite.query.transpile.Part.Subquery.Use;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Objects and arrays. */
final class LiteralParser {
    private static final int NOWHERE = -1;

    private final Grammar grammar;
    private int markerAllowedAt = NOWHERE;

    LiteralParser(Grammar grammar) {
        this.grammar = grammar;
    }

    /** The object that may begin at {@code offset} is the shape of a select, and may have the marker of a recursion. */
    void allowMarkerAt(int offset) {
        markerAllowedAt = offset;
    }

    ObjectLiteral object() {
        var brace = grammar.tokens.take();
        grammar.enter(brace.start());
        grammar.usesDialect();
        var object = new ObjectBuilder(brace.start() == markerAllowedAt);
        while (!isNext('}')) {
            object.field();
            if (!isNext('}')) {
                grammar.expect(',', "Separate fields by commas and close the object by '}'");
            }
        }
        grammar.tokens.take();
        grammar.leave();
        return new ObjectLiteral(object.fields, object.marker, brace.spaced());
    }

    ArrayLiteral array() {
        var bracket = grammar.tokens.take();
        grammar.enter(bracket.start());
        grammar.usesDialect();
        List<List<Part>> elements = new ArrayList<>();
        while (!grammar.tokens.peek().is(']')) {
            var element = grammar.expressions.value(Use.VALUE, true);
            var next = grammar.tokens.peek();
            if (element.isEmpty()) {
                throw grammar.source.unexpected(next, "an element", "Write a value, or close the array by ']'");
            }
            elements.add(element);
            if (!next.is(']')) {
                grammar.expect(',', "Separate elements by commas and close the array by ']'");
            }
        }
        grammar.tokens.take();
        grammar.leave();
        return new ArrayLiteral(elements, bracket.spaced());
    }

    /** Looks at the character only: what follows may be a key, which has other quotes than SQL. */
    private boolean isNext(char sign) {
        return grammar.source.at(grammar.tokens.skipSpace()) == sign;
    }

    private final class ObjectBuilder {
        private final boolean markerAllowed;
        private final List<Field> fields = new ArrayList<>();
        private Optional<Marker> marker = Optional.empty();

        ObjectBuilder(boolean markerAllowed) {
            this.markerAllowed = markerAllowed;
        }

        void field() {
            var start = grammar.tokens.skipSpace();
            var first = grammar.source.at(start);
            if (first == '(') {
                value(computedKey());
            } else if (first == '"') {
                quotedKey(start);
            } else if (Identifiers.isPlainStart(first)) {
                plainKey();
            } else {
                throw grammar.source.unexpected(
                        grammar.tokens.peek(), "a field", "A key is a name, \"text\", or an expression in parentheses");
            }
        }

        private List<Part> computedKey() {
            var open = grammar.tokens.take();
            var key = grammar.expressions.run(Stop.NEVER, false);
            if (key.isEmpty()) {
                throw grammar.source.error(open.start(), "an empty key", "Write an expression between the parentheses");
            }
            grammar.expect(')', "Close the parenthesis of the key");
            if (!grammar.tokens.takeColon()) {
                throw grammar.source.unexpected(
                        grammar.tokens.peek(), "':'", "A computed key needs a value: {(key): value}");
            }
            return key;
        }

        private void quotedKey(int start) {
            var key = new StringBuilder();
            var at = start + 1;
            while (true) {
                var c = grammar.source.at(at);
                var next = grammar.source.at(at + 1);
                if (at >= grammar.source.length()) {
                    throw grammar.source.error(start, "a \" without its pair", "Close the quotes of the key");
                } else if ((c == '\\' && (next == '"' || next == '\\')) || (c == '"' && next == '"')) {
                    key.append(next);
                    at += 2;
                } else if (c == '"') {
                    break;
                } else {
                    key.append(c);
                    at++;
                }
            }
            grammar.tokens.seek(at + 1);
            if (grammar.tokens.takeColon()) {
                value(List.of(string(key.toString())));
            } else {
                endOfBareField(at + 1);
                var column = generated(Token.Kind.QUOTED_NAME, Identifiers.quoted(key.toString()));
                fields.add(new Field(List.of(string(key.toString())), List.of(column)));
            }
        }

        /** A name, perhaps with the names of table and schema before it, which alone is key and column in one. */
        private void plainKey() {
            List<Part> column = new ArrayList<>();
            var last = plainName();
            column.add(last);
            while (isNext('.')) {
                column.add(grammar.tokens.take());
                last = grammar.tokens.peek().kind() == Token.Kind.QUOTED_NAME ? grammar.tokens.take() : plainName();
                column.add(last);
            }
            List<Part> key = List.of(string(last.unquoted()));
            if (grammar.tokens.takeColon()) {
                value(key);
            } else {
                endOfBareField(last.end());
                fields.add(new Field(key, column));
            }
        }

        private Token plainName() {
            var name = grammar.tokens.peek();
            if (name.kind() != Token.Kind.NAME) {
                throw grammar.source.unexpected(name, "a name", "Write the name of a column");
            }
            for (var index = 0; index < name.text().length(); index++) {
                if (!Identifiers.isPlainPart(name.text().charAt(index))) {
                    throw grammar.source.error(
                            name.start() + index, "a key with other than letters, digits and '_'", "Quote it: \"key\"");
                }
            }
            return grammar.tokens.take();
        }

        private void endOfBareField(int end) {
            if (!isNext(',') && !isNext('}')) {
                throw grammar.source.error(
                        end,
                        "expected ':', ',' or '}' after the key",
                        "Give other values than columns a key: {key: value}");
            }
        }

        private void value(List<Part> key) {
            var colon = grammar.tokens.offset() - 1;
            var token = grammar.tokens.peek();
            if (isMarker(token)) {
                if (!markerAllowed || marker.isPresent()) {
                    throw grammar.source.unexpected(
                            token, "a value", "'*' is for one field of a select with RECURSE ON");
                }
                grammar.tokens.take();
                marker = Optional.of(new Marker(key));
                return;
            }
            var value = grammar.expressions.value(Use.VALUE, true);
            if (value.isEmpty()) {
                throw grammar.source.error(colon, "a key without a value", "Write a value after the colon");
            }
            fields.add(new Field(key, value));
        }

        private boolean isMarker(Token token) {
            if (!token.is('*')) {
                return false;
            }
            var next = grammar.tokens.after(token);
            return next.is(',') || next.is('}');
        }

        private Token string(String text) {
            return generated(Token.Kind.STRING, Identifiers.string(text));
        }

        private Token generated(Token.Kind kind, String text) {
            return new Token(kind, Keyword.NONE, text, 0, 0, false);
        }
    }
}
