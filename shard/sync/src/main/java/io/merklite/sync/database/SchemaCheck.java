package io.merklite.sync.database;

import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.TableLayout;
import io.merklite.sync.database.LogListener.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Warns of tables that will not replicate as their author may think: without a usable key, or with keys that SQLite
 * chooses, which collide when two replicas insert. Each warning comes once.
 */
final class SchemaCheck {
    private static final String KEY_REMEDY =
            "two replicas that insert choose the same keys, and one row replaces the other; give keys from merklite_id()";

    private final LogListener log;
    private final Predicate<String> isAccepted;
    private final Set<String> told = new HashSet<>();
    private final Map<String, AutomaticKey> automaticKeys = new HashMap<>();

    /**
     * A key that SQLite chooses when an INSERT leaves it out.
     *
     * @param table name of its table
     * @param column folded name of the column
     * @param index its place among the columns, from 0
     */
    private record AutomaticKey(String table, String column, int index) {}

    /** @param isAccepted says of a table whether it is to replicate */
    SchemaCheck(LogListener log, Predicate<String> isAccepted) {
        this.log = log;
        this.isAccepted = isAccepted;
    }

    /** Looks at a new schema. */
    void follow(SchemaSnapshot schema, Connection connection) throws SQLException {
        automaticKeys.clear();
        for (var table : schema.tables()) {
            if (!Identifiers.fold(table.schema()).equals("main")
                    || TableNames.isInternal(table.name())
                    || !isAccepted.test(table.name())) {
                continue;
            }
            if (table.isVirtual()) {
                warn("table " + table.name()
                        + " is virtual and does not replicate: fill it by triggers on every replica");
            } else if (table.layout().isPresent()) {
                check(table, table.layout().get(), connection);
            }
        }
        for (var trigger : schema.triggers()) {
            checkInserts(SqlTokens.of(trigger.sql()), " by trigger " + trigger.name());
        }
    }

    private void check(SchemaSnapshot.Table table, TableLayout layout, Connection connection) throws SQLException {
        if (!layout.hasKey() && layout.rowidName().isEmpty()) {
            warn("table " + table.name()
                    + " has no primary key, and columns that hide its rowid: it does not replicate; "
                    + "declare a key");
        } else if (!layout.hasKey()) {
            warn("table " + table.name()
                    + " has no primary key: its rows are told apart by who inserted them and when, "
                    + "so the same row inserted on two replicas is there twice; declare a key");
        }
        table.rowidKey().ifPresent(key -> {
            var columns = layout.columns();
            automaticKeys.put(
                    Identifiers.fold(table.name()),
                    new AutomaticKey(table.name(), Identifiers.fold(key.name()), columns.indexOf(key)));
        });
        if (table.rowidKey().isPresent() && isAutoincrement(table, connection)) {
            warn("table " + table.name() + " has an AUTOINCREMENT key: " + KEY_REMEDY);
        }
        if (!table.nullableKeys().isEmpty() && hasNullKeys(table, layout, connection)) {
            warn("table " + table.name() + " has rows with NULL in the primary key: "
                    + (layout.rowidName().isPresent()
                            ? "they are told apart by who inserted them and when, so the same row inserted on two"
                                    + " replicas is there twice; "
                            : "columns hide its rowid, so they do not replicate; ")
                    + "declare the key NOT NULL");
        }
    }

    private static boolean isAutoincrement(SchemaSnapshot.Table table, Connection connection) throws SQLException {
        try (var query = connection.prepareStatement(
                "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE")) {
            query.setString(1, table.name());
            try (var rows = query.executeQuery()) {
                return rows.next()
                        && SqlTokens.of(rows.getString(1)).stream().anyMatch(token -> token.is("AUTOINCREMENT"));
            }
        }
    }

    private static boolean hasNullKeys(SchemaSnapshot.Table table, TableLayout layout, Connection connection)
            throws SQLException {
        var isNull = table.nullableKeys().stream()
                .map(column -> column.quoted() + " IS NULL")
                .toList();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT EXISTS (SELECT 1 FROM " + layout.qualifiedName() + " WHERE "
                        + String.join(" OR ", isNull) + ")")) {
            return rows.next() && rows.getBoolean(1);
        }
    }

    /** Looks at a statement that is about to run. */
    void look(SqlScript.Statement statement) {
        if (statement.kind() == SqlScript.Kind.WRITE && !automaticKeys.isEmpty()) {
            checkInserts(statement.tokens(), "");
        }
    }

    private void checkInserts(List<Token> tokens, String where) {
        for (var i = 0; i < tokens.size(); i++) {
            if (tokens.get(i).is("INTO")) {
                leavesKeyOut(tokens, i + 1)
                        .ifPresent(key -> warn("rows are inserted into " + key.table() + where + " without its key "
                                + key.column() + ", which SQLite then chooses: " + KEY_REMEDY));
            }
        }
    }

    /** The key that an INSERT leaves out, whose table name begins at {@code at}. */
    private Optional<AutomaticKey> leavesKeyOut(List<Token> tokens, int at) {
        var next = at;
        if (next + 1 < tokens.size() && tokens.get(next + 1).isSymbol(".")) {
            next += 2;
        }
        if (next >= tokens.size() || !tokens.get(next).isName()) {
            return Optional.empty();
        }
        var key = automaticKeys.get(Identifiers.fold(tokens.get(next).name()));
        next++;
        if (isAt(tokens, next, "AS")) {
            next += 2;
        }
        if (key == null || next >= tokens.size()) {
            return Optional.empty();
        }
        var index = key.index();
        if (tokens.get(next).isSymbol("(")) {
            var columns = elements(tokens, next);
            index = columns.stream()
                    .map(column -> Identifiers.fold(column.getFirst().name()))
                    .toList()
                    .indexOf(key.column());
            next += 2 + columns.stream().mapToInt(List::size).sum() + columns.size() - 1;
        }
        if (index < 0 || isAt(tokens, next, "DEFAULT")) {
            return Optional.of(key);
        }
        return isAt(tokens, next, "VALUES") && isNull(elements(tokens, next + 1), index)
                ? Optional.of(key)
                : Optional.empty();
    }

    private static boolean isNull(List<List<Token>> values, int index) {
        return index < values.size()
                && values.get(index).size() == 1
                && values.get(index).getFirst().is("NULL");
    }

    /** What stands between the brackets that open at {@code open}, cut at the commas. */
    private static List<List<Token>> elements(List<Token> tokens, int open) {
        List<List<Token>> elements = new ArrayList<>();
        List<Token> element = new ArrayList<>();
        var depth = 0;
        for (var i = open; i < tokens.size(); i++) {
            var token = tokens.get(i);
            depth += token.isSymbol("(") ? 1 : token.isSymbol(")") ? -1 : 0;
            if (depth == 0 || (depth == 1 && token.isSymbol(","))) {
                if (element.isEmpty()) {
                    return elements;
                }
                elements.add(List.copyOf(element));
                element.clear();
            } else if (i > open) {
                element.add(token);
            }
            if (depth == 0) {
                return elements;
            }
        }
        return elements;
    }

    private static boolean isAt(List<Token> tokens, int index, String keyword) {
        return index < tokens.size() && tokens.get(index).is(keyword);
    }

    private void warn(String text) {
        if (told.add(text)) {
            log.log(Level.WARN, text);
        }
    }
}
