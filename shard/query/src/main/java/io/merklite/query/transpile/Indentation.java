package io.merklite.query.transpile;

import io.merklite.query.transpile.Part.Child;
import io.merklite.query.transpile.Part.Element;
import java.util.List;

/** The common indentation of the lines of an element, which is that of the query and not of the markup. */
final class Indentation {
    private static final int NONE = Integer.MAX_VALUE;

    private Indentation() {}

    /** {@code element} without the spaces that all its lines begin with, but the first; blank lines do not count. */
    static Element removed(Element element) {
        var least = least(element);
        return least == NONE || least == 0 ? element : without(element, least);
    }

    private static int least(Element element) {
        var least = NONE;
        for (var child : element.children()) {
            least = Math.min(
                    least,
                    switch (child) {
                        case Child.Text text -> least(text.text());
                        case Child.Nested nested -> least(nested.element());
                        case Child.Interpolation interpolation -> NONE;
                    });
        }
        return least;
    }

    private static int least(String text) {
        var least = NONE;
        for (var newline = text.indexOf('\n'); newline >= 0; newline = text.indexOf('\n', newline + 1)) {
            var at = newline + 1;
            while (at < text.length() && text.charAt(at) == ' ') {
                at++;
            }
            var isBlank = at < text.length() && (text.charAt(at) == '\n' || text.startsWith("\r\n", at));
            if (!isBlank) {
                least = Math.min(least, at - newline - 1);
            }
        }
        return least;
    }

    private static Element without(Element element, int spaces) {
        List<Child> children = element.children().stream()
                .<Child>map(child -> switch (child) {
                    case Child.Text text -> new Child.Text(without(text.text(), spaces));
                    case Child.Nested nested -> new Child.Nested(without(nested.element(), spaces));
                    case Child.Interpolation interpolation -> interpolation;
                })
                .toList();
        return new Element(element.tag(), element.selfClosed(), element.attributes(), children, element.spaced());
    }

    private static String without(String text, int spaces) {
        var result = new StringBuilder();
        var at = 0;
        while (at < text.length()) {
            var newline = text.indexOf('\n', at);
            if (newline < 0) {
                break;
            }
            result.append(text, at, newline + 1);
            at = newline + 1;
            for (var removed = 0; removed < spaces && at < text.length() && text.charAt(at) == ' '; removed++) {
                at++;
            }
        }
        return result.append(text, at, text.length()).toString();
    }
}
