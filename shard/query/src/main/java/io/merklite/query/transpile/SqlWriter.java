package io.merklite.query.transpile;

/**
 * The SQL that is written.
 *
 * <p><b>Invariants.</b> (1) Two words never touch. (2) The length is bounded by that of the source: every part is written
 * once, and what is added to a part is short, so a text beyond the bound repeats long names in paths.
 */
final class SqlWriter {
    private static final int GROWTH = 100;
    private static final int ALLOWANCE = 100_000;

    private final SourceText source;
    private final StringBuilder sql = new StringBuilder();

    SqlWriter(SourceText source) {
        this.source = source;
    }

    String sql() {
        return sql.toString();
    }

    SqlWriter append(String text) {
        if (text.isEmpty()) {
            return this;
        }
        if (sql.length() + text.length() > GROWTH * (long) source.length() + ALLOWANCE) {
            throw source.error(0, "the SQL grows out of proportion", "Give tables with long names aliases");
        }
        if (!sql.isEmpty()
                && Identifiers.isNamePart(sql.charAt(sql.length() - 1))
                && Identifiers.isNamePart(text.charAt(0))) {
            sql.append(' ');
        }
        sql.append(text);
        return this;
    }

    /** A blank, where one parts anything. */
    SqlWriter space() {
        if (!sql.isEmpty() && sql.charAt(sql.length() - 1) != ' ' && sql.charAt(sql.length() - 1) != '(') {
            sql.append(' ');
        }
        return this;
    }
}
