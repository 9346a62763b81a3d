package io.merklite.query.transpile;

import java.util.List;
import java.util.Optional;

/** The renderers of one text, which call each other, and what they share. */
final class Rendering {
    final SourceText source;
    final BackEnd backEnd;
    final SqlWriter out;
    final LiteralRenderer literals = new LiteralRenderer(this);
    final ElementRenderer elements = new ElementRenderer(this);
    final JoinRenderer joins;
    final QueryRenderer queries = new QueryRenderer(this);
    final RecursionRenderer recursions = new RecursionRenderer(this);

    private Scope scope = new Scope(null);
    private Markup markup = Markup.XML;

    /** @param foreignKeys to join by; empty to join by the names of columns */
    Rendering(SourceText source, BackEnd backEnd, Optional<List<ForeignKey>> foreignKeys) {
        this.source = source;
        this.backEnd = backEnd;
        this.out = new SqlWriter(source);
        this.joins = new JoinRenderer(this, foreignKeys);
    }

    Scope scope() {
        return scope;
    }

    Markup markup() {
        return markup;
    }

    /** Renders {@code body} where {@code inner} is in scope. */
    void in(Scope inner, Runnable body) {
        var outer = scope;
        scope = inner;
        body.run();
        scope = outer;
    }

    void parts(List<Part> parts) {
        parts.forEach(this::part);
    }

    private void part(Part part) {
        if (part.spaced()) {
            out.space();
        }
        switch (part) {
            case Token token -> out.append(token.text());
            case Part.Truth truth -> literals.truth(truth);
            case Part.ObjectLiteral object -> literals.object(object);
            case Part.ArrayLiteral array -> literals.array(array);
            case Part.PathExtract path -> literals.path(path);
            case Part.Subquery subquery -> queries.subquery(subquery);
            case Part.Element element -> elements.element(element);
            case Part.Wrapper wrapper -> wrapper(wrapper);
            case Part.JoinPath path -> joins.path(path);
            case Part.Declared declared -> {}
            case Part.UpdateClauses clauses -> queries.updateClauses(clauses.clauses());
            case Part.Scoped scoped -> scoped(scoped);
        }
    }

    private void wrapper(Part.Wrapper wrapper) {
        var outer = markup;
        markup = wrapper.markup();
        elements.element(wrapper.element());
        markup = outer;
    }

    private void scoped(Part.Scoped scoped) {
        var inner = new Scope(scope);
        scoped.tables().forEach(inner::add);
        in(inner, () -> parts(scoped.parts()));
    }
}
