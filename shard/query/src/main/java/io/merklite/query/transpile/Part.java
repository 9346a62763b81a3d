package io.merklite.query.transpile;

import java.util.List;
import java.util.Optional;

/**
 * A piece of a parsed text. What is plain SQL stays a list of tokens, parentheses included; only what the dialect adds,
 * and the queries and tables it has to know, are trees.
 */
sealed interface Part
        permits Token,
                Part.Truth,
                Part.ObjectLiteral,
                Part.ArrayLiteral,
                Part.PathExtract,
                Part.Subquery,
                Part.Element,
                Part.Wrapper,
                Part.Declared,
                Part.JoinPath,
                Part.UpdateClauses,
                Part.Scoped {
    /** Whether space stands before it. */
    boolean spaced();

    /** {@code true} or {@code false} that is a whole value, and so a JSON boolean. */
    record Truth(boolean value, boolean spaced) implements Part {}

    /**
     * {@code {key: value, …}}.
     *
     * @param marker the field of a recursive select that holds the children, {@code *} in the text
     */
    record ObjectLiteral(List<Field> fields, Optional<Marker> marker, boolean spaced) implements Part {}

    /** @param key an SQL expression */
    record Field(List<Part> key, List<Part> value) {}

    record Marker(List<Part> key) {}

    /** {@code [value, …]}. */
    record ArrayLiteral(List<List<Part>> elements, boolean spaced) implements Part {
        /** The one select in the brackets that is an array already: the brackets add nothing to it. */
        Optional<Subquery> onlySelect() {
            return elements.size() == 1
                            && elements.getFirst().size() == 1
                            && elements.getFirst().getFirst() instanceof Subquery subquery
                            && subquery.use() == Subquery.Use.VALUE
                            && !subquery.query().first().singular()
                    ? Optional.of(subquery)
                    : Optional.empty();
        }
    }

    /**
     * {@code (base).name[2]}.
     *
     * @param base with its parentheses
     */
    record PathExtract(List<Part> base, List<Step> steps, boolean spaced) implements Part {
        record Step(String text, boolean isIndex) {}
    }

    /** A query inside of something. */
    record Subquery(Query query, Use use, boolean spaced) implements Part {
        enum Use {
            /** The statement itself, or the query of an INSERT or CREATE: rows, without parentheses. */
            STATEMENT,
            /** In parentheses, where SQL wants rows: FROM, IN, EXISTS, the body of a CTE. */
            ROWS,
            /** In parentheses, as an operand. */
            OPERAND,
            /** In the parentheses of a function call. */
            ARGUMENT,
            /** Without parentheses, as the value of a field, element or attribute. */
            VALUE,
            /** In the braces of an element's body. */
            MARKUP
        }
    }

    /** {@code <tag attributes>children</tag>}, in the outermost element without the common indentation. */
    record Element(String tag, boolean selfClosed, List<Attribute> attributes, List<Child> children, boolean spaced)
            implements Part {}

    /** @param value an SQL expression */
    record Attribute(String name, List<Part> value) {}

    /** What stands between tags. */
    sealed interface Child {
        record Text(String text) implements Child {}

        record Nested(Element element) implements Child {}

        record Interpolation(List<Part> value) implements Child {}
    }

    /** {@code jsonml(<p/>)} or {@code jsx(<p/>)}. */
    record Wrapper(Markup markup, Element element, boolean spaced) implements Part {}

    /** The FROM clause has a table; writes nothing, as the tokens stand beside it. */
    record Declared(String alias, String table) implements Part {
        @Override
        public boolean spaced() {
            return false;
        }
    }

    /**
     * {@code start->table alias<-table …}.
     *
     * @param joined whether it stands after JOIN rather than FROM
     * @param condition what follows it after AND
     */
    record JoinPath(Token start, List<JoinStep> steps, boolean joined, List<Part> condition) implements Part {
        @Override
        public boolean spaced() {
            return true;
        }
    }

    /**
     * @param toChild {@code ->} rather than {@code <-}
     * @param name the tokens of the table's name
     * @param columns of ON or USING: names on the left and on the right of the arrow; empty if not given
     */
    record JoinStep(boolean toChild, List<Token> name, Optional<Token> alias, List<JoinColumns> columns) {
        Token table() {
            return name.getLast();
        }

        /** The name that columns are qualified with. */
        Token reference() {
            return alias.orElseGet(this::table);
        }
    }

    record JoinColumns(Token left, Token right) {}

    /** The clauses of an UPDATE, whose FROM may hold a path. */
    record UpdateClauses(Clauses clauses) implements Part {
        @Override
        public boolean spaced() {
            return true;
        }
    }

    /** A statement whose own tables may start paths in its expressions. */
    record Scoped(List<Declared> tables, List<Part> parts) implements Part {
        @Override
        public boolean spaced() {
            return false;
        }
    }
}
