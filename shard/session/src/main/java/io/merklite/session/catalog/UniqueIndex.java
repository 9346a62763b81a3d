package io.merklite.session.catalog;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A unique index of a table.
 *
 * @param name its name
 * @param primaryKey whether it is the index of the primary key
 * @param terms what it is over, in order
 */
public record UniqueIndex(String name, boolean primaryKey, List<Term> terms) {
    private static final String INDEXES = """
            SELECT l.name, l.origin = 'pk', s.sql
            FROM pragma_index_list(?1, ?2) l LEFT JOIN %s.sqlite_schema s ON s.type = 'index' AND s.name = l.name
            WHERE l."unique"
            """;
    private static final String TERMS =
            "SELECT cid, name, coll FROM pragma_index_xinfo(?1, ?2) WHERE key ORDER BY seqno";
    private static final int EXPRESSION = -2;

    public UniqueIndex {
        terms = List.copyOf(terms);
    }

    /**
     * A column or an expression of an index.
     *
     * @param column the column's name; none for an expression
     * @param expression the expression's text; empty for a column
     * @param collation name of the collation
     */
    public record Term(Optional<String> column, String expression, String collation) {}

    /** The unique indexes of a table, that of its primary key included if it has one. */
    public static List<UniqueIndex> read(Connection connection, TableLayout table) throws SQLException {
        List<UniqueIndex> indexes = new ArrayList<>();
        try (var query = connection.prepareStatement(INDEXES.formatted(Identifiers.quote(table.schema())))) {
            query.setString(1, table.name());
            query.setString(2, table.schema());
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    var definition = Optional.ofNullable(rows.getString(3)).orElse("");
                    indexes.add(new UniqueIndex(
                            rows.getString(1),
                            rows.getBoolean(2),
                            terms(connection, table.schema(), rows.getString(1), definition)));
                }
            }
        }
        return indexes;
    }

    private static List<Term> terms(Connection connection, String schema, String index, String definition)
            throws SQLException {
        var texts = IndexDefinition.terms(definition);
        List<Term> terms = new ArrayList<>();
        try (var query = connection.prepareStatement(TERMS)) {
            query.setString(1, index);
            query.setString(2, schema);
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    var collation = rows.getString(3);
                    terms.add(
                            rows.getInt(1) == EXPRESSION
                                    ? new Term(Optional.empty(), texts.get(terms.size()), collation)
                                    : new Term(Optional.of(rows.getString(2)), "", collation));
                }
            }
        }
        return terms;
    }
}
