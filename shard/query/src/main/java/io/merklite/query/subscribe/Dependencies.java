package io.merklite.query.subscribe;

import io.merklite.query.QueryException.UnwatchableQuery;
import io.merklite.query.subscribe.WatchedTable.TableId;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * What a query's result depends on.
 *
 * <p>Tables and columns come from the bytecode ({@link QueryProgram}) and are certain. Terms come from the text ({@link
 * SelectAnalysis}), where it can be read; a table without known terms depends on all its rows.
 *
 * @param isOpaque whether it may depend on anything at all
 * @param tables what it reads of each table
 */
record Dependencies(boolean isOpaque, List<OnTable> tables) {
    Dependencies {
        tables = List.copyOf(tables);
    }

    /**
     * The part that concerns one table.
     *
     * @param id the table
     * @param layout its layout, if it is a table of {@code main} that has one
     * @param readsAll whether every column counts as read
     * @param columns the columns read
     * @param inTermsOnly those of them that decide which rows are met and nothing else
     * @param scans the table's occurrences
     */
    record OnTable(
            TableId id,
            Optional<WatchedTable> layout,
            boolean readsAll,
            BitSet columns,
            BitSet inTermsOnly,
            List<Scan> scans) {
        OnTable {
            scans = List.copyOf(scans);
        }
    }

    /**
     * Finds what {@code sql} depends on, without running it.
     *
     * @throws SQLException if it does not compile
     * @throws UnwatchableQuery if it is not a query, or may write
     */
    static Dependencies of(Connection connection, Catalog catalog, String sql, List<SqlValue> parameters)
            throws SQLException {
        var tokens = SqlTokens.of(sql);
        if (tokens.isPresent()) {
            requireQuery(tokens.get());
        }
        var program = QueryProgram.of(connection, catalog, sql, parameters);
        if (program.writes()) {
            throw new UnwatchableQuery("a statement that writes has no result to follow", "Subscribe to a query");
        }
        var analysis = SelectAnalysis.of(connection, catalog, tokens, parameters);
        List<OnTable> tables = new ArrayList<>();
        for (var read : program.reads().entrySet()) {
            var id = read.getKey();
            var layout = id.isMain() ? catalog.table(id) : Optional.<WatchedTable>empty();
            tables.add(new OnTable(
                    id,
                    layout,
                    read.getValue().readsAll() || layout.isEmpty(),
                    read.getValue().columns(),
                    layout.map(table -> inTermsOnly(table, read.getValue(), analysis))
                            .orElseGet(BitSet::new),
                    analysis.scans(id).orElse(List.of(Scan.UNFILTERED))));
        }
        return new Dependencies(program.isOpaque(), tables);
    }

    /** The first word decides; behind WITH may come a statement that writes, which its bytecode shows. */
    private static void requireQuery(List<SqlTokens.Token> tokens) {
        var isQuery = !tokens.isEmpty()
                && List.of("SELECT", "VALUES", "WITH").stream().anyMatch(tokens.getFirst()::isWord);
        if (!isQuery) {
            var found = tokens.isEmpty()
                    ? "an empty text"
                    : "a statement that begins with " + tokens.getFirst().text();
            throw new UnwatchableQuery(
                    found + " has no result to follow",
                    "Subscribe to a statement that begins with SELECT, VALUES or WITH");
        }
    }

    /**
     * Columns that stand in known terms and nowhere else. An index that is sorted by one lets it decide the order of rows,
     * and a generated column may be made of it; then it counts for more.
     */
    private static BitSet inTermsOnly(WatchedTable table, QueryProgram.Reads reads, SelectAnalysis analysis) {
        var columns = new BitSet();
        if (!table.hasGeneratedColumns() && !reads.readsAll()) {
            reads.columns().stream()
                    .filter(column -> !reads.sorted().get(column))
                    .filter(column -> analysis.isNamedInTermsOnly(
                            Names.fold(table.columns().get(column).name())))
                    .forEach(columns::set);
        }
        return columns;
    }
}
