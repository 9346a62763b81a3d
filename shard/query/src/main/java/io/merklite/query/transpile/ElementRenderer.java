package io.merklite.query.transpile;

import io.merklite.query.transpile.Part.Attribute;
import io.merklite.query.transpile.Part.Child;
import io.merklite.query.transpile.Part.Element;
import java.util.List;

/** Elements as calls of the functions that write markup. */
final class ElementRenderer {
    /** The driver allows 100 arguments; a tag and attributes stand before the children. */
    private static final int MOST_CHILDREN = 98;

    private final Rendering rendering;

    ElementRenderer(Rendering rendering) {
        this.rendering = rendering;
    }

    void element(Element element) {
        var out = rendering.out;
        var tag = element.selfClosed() ? element.tag() + "/" : element.tag();
        out.append(rendering.markup().element()).append("(").append(Identifiers.string(tag));
        if (!element.attributes().isEmpty()) {
            out.append(", ");
            attributes(element.attributes());
        }
        children(element.children());
        out.append(")");
    }

    private void attributes(List<Attribute> attributes) {
        var out = rendering.out;
        out.append(rendering.markup().attributes()).append("(");
        for (var index = 0; index < attributes.size(); index++) {
            if (index > 0) {
                out.append(", ");
            }
            out.append(Identifiers.string(attributes.get(index).name())).append(", ");
            rendering.parts(attributes.get(index).value());
        }
        out.append(")");
    }

    /** The children behind a comma; many are joined in pieces, as a call has few arguments. */
    private void children(List<Child> children) {
        if (children.size() <= MOST_CHILDREN) {
            children.forEach(child -> {
                rendering.out.append(", ");
                child(child);
            });
            return;
        }
        for (var from = 0; from < children.size(); from += MOST_CHILDREN) {
            var piece = children.subList(from, Math.min(children.size(), from + MOST_CHILDREN));
            rendering.out.append(", ").append(rendering.markup().fragment()).append("(");
            child(piece.getFirst());
            children(piece.subList(1, piece.size()));
            rendering.out.append(")");
        }
    }

    private void child(Child child) {
        switch (child) {
            case Child.Text text -> rendering.out.append(Identifiers.string(text.text()));
            case Child.Nested nested -> element(nested.element());
            case Child.Interpolation interpolation -> rendering.parts(interpolation.value());
        }
    }
}
