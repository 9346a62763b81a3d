package io.merklite.query.transpile;

/** What an element becomes, and the SQL functions that make it. */
enum Markup {
    XML("", "xml_agg"),
    JSONML("_jsonml", "jsonml_agg"),
    JSX("_jsx", "jsx_agg");

    private final String suffix;
    private final String aggregate;

    Markup(String suffix, String aggregate) {
        this.suffix = suffix;
        this.aggregate = aggregate;
    }

    String element() {
        return "xml_element" + suffix;
    }

    String attributes() {
        return "xml_attrs" + suffix;
    }

    /** Joins children, as a call has few arguments. */
    String fragment() {
        return "xml_fragment" + suffix;
    }

    String aggregate() {
        return aggregate;
    }
}
