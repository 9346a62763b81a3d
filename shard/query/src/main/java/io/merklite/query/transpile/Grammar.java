package io.merklite.query.transpile;

/** The parsers of one text, which call each other, and what they share. */
final class Grammar {
    private static final int DEEPEST = 200;

    final SourceText source;
    final TokenStream tokens;
    final ExpressionParser expressions;
    final LiteralParser literals;
    final ElementParser elements;
    final TableParser tables;
    final QueryParser queries;
    final StatementParser statements;

    private Parameters parameters = new Parameters();
    private int depth;
    private int dialectForms;

    Grammar(String text) {
        source = new SourceText(text);
        tokens = new TokenStream(source);
        expressions = new ExpressionParser(this);
        literals = new LiteralParser(this);
        elements = new ElementParser(this);
        tables = new TableParser(this);
        queries = new QueryParser(this);
        statements = new StatementParser(this);
    }

    /** Begins a literal, a nested select or an element; {@link #leave} ends it. */
    void enter(int offset) {
        depth++;
        if (depth > DEEPEST) {
            throw source.error(
                    offset,
                    "maximum nesting depth exceeded: more than " + DEEPEST + " literals, selects and elements",
                    "Move inner parts into views or common table expressions");
        }
    }

    void leave() {
        depth--;
    }

    boolean isNested() {
        return depth > 0;
    }

    /** Notes that something is not plain SQL. */
    void usesDialect() {
        dialectForms++;
    }

    /** How often something was not plain SQL so far. */
    int dialectForms() {
        return dialectForms;
    }

    /** Begins a statement, which has parameters of its own. */
    void beginStatement() {
        parameters = new Parameters();
    }

    Parameters parameters() {
        return parameters;
    }

    /** Takes the sign that must be next. */
    Token expect(char sign, String hint) {
        var token = tokens.peek();
        if (!token.is(sign)) {
            throw source.unexpected(token, "'" + sign + "'", hint);
        }
        return tokens.take();
    }

    /** Takes the name that must be next, quoted or not. */
    Token expectName(String what, String hint) {
        var token = tokens.peek();
        if (token.is('[')) {
            return tokens.takeBracketed(token);
        }
        if (!token.isName()) {
            throw source.unexpected(token, what, hint);
        }
        return tokens.take();
    }
}
