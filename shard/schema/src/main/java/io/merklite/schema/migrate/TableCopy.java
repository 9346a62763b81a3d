package io.merklite.schema.migrate;

import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;

/**
 * The copy of all rows of a rebuilt table, in chunks.
 *
 * <p>A statement counts as one if it is {@code INSERT [OR …] INTO new(columns) SELECT columns FROM table} and nothing else,
 * all columns being plain names: such a statement may be cut by rowid without a change of meaning. It goes through the
 * rowids upwards, as SQLite itself does. A table without a readable rowid is copied in one piece.
 *
 * <p>A chunk is a range of rowids, not a number of rows: to count rows off, SQLite would have to read them twice. Ranges
 * begin at a rowid that is there, and grow as long as rowids are sparse.
 */
final class TableCopy {
    private static final int CHUNK_ROWS = 50_000;
    private static final long MAX_WIDTH = 1L << 40;

    private final String sql;
    private final String source;

    private TableCopy(String sql, String source) {
        this.sql = sql;
        this.source = source;
    }

    /** The copy that {@code sql} makes of {@code table}, if it is one. */
    static Optional<TableCopy> recognise(String sql, String table) {
        var cursor = new Cursor(SqlTokens.of(sql));
        var isCopy = cursor.skip("INSERT")
                && (!cursor.skip("OR") || cursor.skipName())
                && cursor.skip("INTO")
                && cursor.skipName()
                && cursor.skipSymbol("(")
                && cursor.skipNames()
                && cursor.skipSymbol(")")
                && cursor.skip("SELECT")
                && cursor.skipNames()
                && cursor.skip("FROM")
                && cursor.isLast()
                && SqlNames.same(cursor.current().name(), table);
        return isCopy ? Optional.of(new TableCopy(sql, table)) : Optional.empty();
    }

    /** The columns that {@code sql}, a copy, reads. */
    static List<String> columnsRead(String sql) {
        var tokens = SqlTokens.of(sql);
        var from = 0;
        while (!tokens.get(from).is("SELECT")) {
            from++;
        }
        return tokens.subList(from + 1, tokens.size() - 2).stream()
                .filter(Token::isName)
                .map(Token::name)
                .toList();
    }

    /** Copies everything; {@code copied} hears how many rows so far. */
    void run(SqliteConnection connection, LongConsumer copied) throws SQLException {
        var rowid = rowidName(connection);
        if (rowid.isEmpty()) {
            copied.accept(connection.update(sql));
            return;
        }
        var name = rowid.get();
        var next = "SELECT min(" + name + ") FROM main." + SqlNames.quote(source) + " WHERE " + name + " >= ?";
        var chunk = sql + " WHERE " + name + " BETWEEN ? AND ? ORDER BY " + name;
        var rows = 0L;
        var width = (long) CHUNK_ROWS;
        var first = firstRowid(connection, next, Long.MIN_VALUE);
        while (first.isPresent()) {
            var last = first.getAsLong() > Long.MAX_VALUE - width ? Long.MAX_VALUE : first.getAsLong() + width - 1;
            var copiedNow = connection.update(chunk, first.getAsLong(), last);
            rows += copiedNow;
            copied.accept(rows);
            width = copiedNow < CHUNK_ROWS / 2 ? Math.min(width * 2, MAX_WIDTH) : CHUNK_ROWS;
            first = last == Long.MAX_VALUE ? OptionalLong.empty() : firstRowid(connection, next, last + 1);
        }
    }

    private static OptionalLong firstRowid(SqliteConnection connection, String next, long from) throws SQLException {
        return connection
                .query(
                        next,
                        row -> {
                            var rowid = row.getLong(1);
                            return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(rowid);
                        },
                        from)
                .getFirst();
    }

    private Optional<String> rowidName(SqliteConnection connection) throws SQLException {
        var hasNone = connection.queryLong("SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'", source) != 0;
        if (hasNone) {
            return Optional.empty();
        }
        var columns = connection.query(
                "SELECT name FROM pragma_table_xinfo(?, 'main')", row -> SqlNames.fold(row.getString(1)), source);
        return List.of("rowid", "_rowid_", "oid").stream()
                .filter(alias -> !columns.contains(alias))
                .findFirst();
    }

    /** Goes through tokens as long as they are the expected ones. */
    private static final class Cursor {
        private final List<Token> tokens;
        private int position;

        Cursor(List<Token> tokens) {
            this.tokens = tokens;
        }

        boolean skip(String keyword) {
            return take(position < tokens.size() && current().is(keyword));
        }

        boolean skipSymbol(String symbol) {
            return take(position < tokens.size() && current().isSymbol(symbol));
        }

        boolean skipName() {
            return take(position < tokens.size()
                    && (current().kind() == Token.Kind.WORD || current().kind() == Token.Kind.QUOTED));
        }

        boolean skipNames() {
            if (!skipName()) {
                return false;
            }
            while (skipSymbol(",")) {
                if (!skipName()) {
                    return false;
                }
            }
            return true;
        }

        boolean isLast() {
            return position == tokens.size() - 1;
        }

        Token current() {
            return tokens.get(position);
        }

        private boolean take(boolean isExpected) {
            if (isExpected) {
                position++;
            }
            return isExpected;
        }
    }
}
