package io.merklite.query.subscribe;

import io.merklite.query.subscribe.Bytecode.Instruction;
import io.merklite.query.subscribe.Catalog.Definition;
import io.merklite.query.subscribe.WatchedTable.Affinity;
import io.merklite.query.subscribe.WatchedTable.Column;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * Reads a table's layout out of the bytecode of one query over it.
 *
 * <p>PRAGMAs give neither a column's collation nor its place in a record. The program of {@code SELECT "a" > ?, "b" > ?,
 * ...} has both, and the affinity: for each column a load ({@code Column} with its place, or {@code Rowid}) and a {@code
 * Gt} with collation and affinity of the comparison. So nothing of SQLite's rules for types has to be repeated here.
 */
final class TableReader {
    private static final int AFFINITY_MASK = 0x47;
    private static final int TEXT_AFFINITY = 'B';
    private static final int NUMERIC_AFFINITY = 'C';
    private static final int NOT_HIDDEN = 0;
    private static final int ROWID = -1;

    private TableReader() {}

    /** A column as PRAGMA table_xinfo has it. */
    private record Declared(int number, String name, boolean isKey, boolean isGenerated) {}

    /** A comparison with a column. */
    private record Comparison(int place, Affinity affinity, Optional<Collation> collation) {}

    /** The layout; none if the bytecode is not what is expected. */
    static Optional<WatchedTable> read(Connection connection, Definition table) throws SQLException {
        var all = readDeclared(connection, table);
        var declared = all.stream().filter(column -> !column.isGenerated()).toList();
        if (declared.isEmpty()) {
            return Optional.empty();
        }
        var select = declared.stream()
                .map(column -> Names.quote(column.name()) + " > ?1")
                .collect(Collectors.joining(
                        ", ",
                        "SELECT ",
                        " FROM " + Names.quote(table.id().schema()) + "."
                                + Names.quote(table.id().name()) + " NOT INDEXED"));
        var comparisons = comparisons(Bytecode.of(connection, select, List.of()), table.page());
        return comparisons.size() == declared.size()
                ? Optional.of(layout(table, declared, comparisons, all.size() > declared.size()))
                : Optional.empty();
    }

    private static List<Declared> readDeclared(Connection connection, Definition table) throws SQLException {
        List<Declared> columns = new ArrayList<>();
        try (var query = connection.prepareStatement("SELECT cid, name, pk, hidden FROM pragma_table_xinfo(?, ?)")) {
            query.setString(1, table.id().name());
            query.setString(2, table.id().schema());
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    columns.add(new Declared(
                            rows.getInt(1), rows.getString(2), rows.getInt(3) != 0, rows.getInt(4) != NOT_HIDDEN));
                }
            }
        }
        return columns;
    }

    private static List<Comparison> comparisons(List<Instruction> program, int page) {
        Map<Integer, Integer> placeByRegister = new HashMap<>();
        List<Comparison> comparisons = new ArrayList<>();
        for (var instruction : program) {
            switch (instruction.opcode()) {
                case "OpenRead" -> {
                    if (instruction.p2() != page) {
                        return List.of();
                    }
                }
                case "Column" -> placeByRegister.put(instruction.p3(), instruction.p2());
                case "Rowid" -> placeByRegister.put(instruction.p2(), ROWID);
                case "Gt" -> {
                    var place = placeByRegister.get(instruction.p3());
                    if (place == null) {
                        return List.of();
                    }
                    comparisons.add(new Comparison(place, affinity(instruction.p5()), collation(instruction.p4())));
                }
                default -> {}
            }
        }
        return comparisons;
    }

    private static Affinity affinity(int flags) {
        var affinity = flags & AFFINITY_MASK;
        return affinity >= NUMERIC_AFFINITY
                ? Affinity.NUMERIC
                : affinity == TEXT_AFFINITY ? Affinity.TEXT : Affinity.NONE;
    }

    /** Bytecode shows {@code NAME-ENCODING}, or nothing for an integer key. */
    private static Optional<Collation> collation(String shown) {
        var dash = shown.lastIndexOf('-');
        return dash < 0 ? Optional.of(Collation.BINARY) : Collation.named(shown.substring(0, dash));
    }

    private static WatchedTable layout(
            Definition table, List<Declared> declared, List<Comparison> comparisons, boolean hasGeneratedColumns) {
        List<Column> columns = new ArrayList<>();
        Map<Integer, Integer> storage = new HashMap<>();
        Map<Integer, Integer> byNumber = new HashMap<>();
        var integerKey = OptionalInt.empty();
        for (var i = 0; i < declared.size(); i++) {
            var comparison = comparisons.get(i);
            columns.add(new Column(
                    declared.get(i).name(),
                    comparison.affinity(),
                    comparison.collation(),
                    declared.get(i).isKey()));
            byNumber.put(declared.get(i).number(), i);
            if (comparison.place() == ROWID) {
                integerKey = OptionalInt.of(i);
            } else {
                storage.put(comparison.place(), i);
            }
        }
        var hasHiddenRowid = integerKey.isEmpty() && !isWithoutRowid(table.sql());
        return new WatchedTable(
                table.id(), columns, storage, byNumber, integerKey, hasHiddenRowid, hasGeneratedColumns);
    }

    /** Whether the CREATE TABLE ends in WITHOUT ROWID; if in doubt not, which is the cautious answer. */
    private static boolean isWithoutRowid(String sql) {
        var tokens = SqlTokens.of(sql).orElse(List.of());
        for (var i = tokens.size() - 1; i > 0 && !tokens.get(i).isSymbol(")"); i--) {
            if (tokens.get(i).isWord("ROWID") && tokens.get(i - 1).isWord("WITHOUT")) {
                return true;
            }
        }
        return false;
    }
}
