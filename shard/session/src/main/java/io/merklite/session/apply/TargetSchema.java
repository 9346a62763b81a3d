package io.merklite.session.apply;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.UniqueIndex;
import io.merklite.session.statement.SqlStatements;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the target's schema: its tables, its foreign keys, its encoding; read when it is asked for, and kept
 * until the schema changes.
 *
 * <p><b>When it is kept.</b> SQLite counts changes of a schema, and takes the count back with a rollback, so that a later
 * change may give the number again to another schema. A number read outside a transaction belongs to what is committed
 * and comes but once. What was read inside a transaction is trusted only as long as the text of the schema is the same.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection.
 */
final class TargetSchema {
    private static final String TEXT = """
            SELECT (SELECT group_concat(sql, ';') FROM main.sqlite_schema),
                (SELECT group_concat(sql, ';') FROM temp.sqlite_schema)
            """;
    private static final String TABLES_WITH_TRIGGERS = """
            SELECT tbl_name FROM main.sqlite_schema WHERE type = 'trigger'
            UNION SELECT tbl_name FROM temp.sqlite_schema
                WHERE type = 'trigger' AND name NOT LIKE '\\_merklite\\_%' ESCAPE '\\'
            """;

    private final SqlStatements statements;
    private final boolean obeysConflictClauses;
    private final Map<String, Optional<TargetTable>> tables = new HashMap<>();
    private final Map<ForeignKey, Optional<String>> violationQueries = new HashMap<>();
    private final Map<Write, Set<ForeignKey>> keysWritten = new HashMap<>();
    private List<Long> versions = List.of();
    /** Text of the schema as it was read inside a transaction; none if what is known was committed. */
    private Optional<List<String>> uncommittedText = Optional.empty();

    private @Nullable BoundValues values;
    private @Nullable List<ForeignKey> foreignKeys;
    private @Nullable Set<String> tablesWithTriggers;

    /**
     * What is written.
     *
     * @param table folded name of a table
     * @param actionsRun whether actions of foreign keys write further tables
     */
    private record Write(String table, boolean actionsRun) {}

    /** @param obeysConflictClauses whether ON CONFLICT clauses of the target count */
    TargetSchema(SqlStatements statements, boolean obeysConflictClauses) {
        this.statements = statements;
        this.obeysConflictClauses = obeysConflictClauses;
    }

    boolean obeysConflictClauses() {
        return obeysConflictClauses;
    }

    /** SQLite's count of schema changes, of the main schema and of the TEMP one. */
    List<Long> currentVersions() throws SQLException {
        return List.of(
                statements.number("PRAGMA main.schema_version"), statements.number("PRAGMA temp.schema_version"));
    }

    /**
     * Forgets what may have changed.
     *
     * @param now what {@link #currentVersions} is
     * @param inTransaction whether a transaction of the caller is open, whose changes of the schema may be rolled back
     */
    void refresh(List<Long> now, boolean inTransaction) throws SQLException {
        if (now.equals(versions)
                && (uncommittedText.isEmpty()
                        || (inTransaction && uncommittedText.get().equals(text())))) {
            return;
        }
        tables.clear();
        violationQueries.clear();
        keysWritten.clear();
        foreignKeys = null;
        tablesWithTriggers = null;
        values = null;
        statements.clear();
        versions = now;
        uncommittedText = inTransaction ? Optional.of(text()) : Optional.empty();
    }

    private List<String> text() throws SQLException {
        try (var rows = statements.prepare(TEXT).executeQuery()) {
            rows.next();
            return List.of(
                    Optional.ofNullable(rows.getString(1)).orElse(""),
                    Optional.ofNullable(rows.getString(2)).orElse(""));
        }
    }

    /** How values are bound to statements on this database. */
    BoundValues values() throws SQLException {
        if (values == null) {
            try (var rows = statements.prepare("PRAGMA main.encoding").executeQuery()) {
                values = new BoundValues(rows.next() && rows.getString(1).equals("UTF-8"));
            }
        }
        return values;
    }

    /** The table of this name, in any case, or its rows without a key; none if there is no ordinary table. */
    Optional<TargetTable> table(String name) throws SQLException {
        var folded = Identifiers.fold(name);
        var known = tables.get(folded);
        if (known == null) {
            known = TargetTable.read(statements, this, name);
            tables.put(folded, known);
        }
        return known;
    }

    /** Whether triggers fire when the table is written, TEMP ones included; those that record changes don't matter. */
    boolean hasTriggers(String table) throws SQLException {
        return tablesWithTriggers().contains(Identifiers.fold(table));
    }

    /** Whether foreign keys refer to the table. */
    boolean isParent(String table) throws SQLException {
        return foreignKeys().stream().anyMatch(key -> key.isParent(table));
    }

    /**
     * The foreign keys that a write to {@code table} can violate: its own, and those that refer to it; likewise of the
     * tables that actions write in turn. All there are if a trigger fires, since it may write anything.
     */
    Set<ForeignKey> foreignKeysWrittenBy(String table, boolean actionsRun) throws SQLException {
        var write = new Write(Identifiers.fold(table), actionsRun);
        var known = keysWritten.get(write);
        if (known == null) {
            known = foreignKeysReached(table, actionsRun);
            keysWritten.put(write, known);
        }
        return known;
    }

    private Set<ForeignKey> foreignKeysReached(String table, boolean actionsRun) throws SQLException {
        Set<ForeignKey> found = new LinkedHashSet<>();
        Set<String> seen = new HashSet<>();
        var written = new ArrayDeque<>(List.of(table));
        while (!written.isEmpty()) {
            var next = written.remove();
            if (!seen.add(Identifiers.fold(next))) {
                continue;
            }
            if (hasTriggers(next)) {
                return Set.copyOf(foreignKeys());
            }
            for (var key : foreignKeys()) {
                if (key.isChild(next)) {
                    found.add(key);
                }
                if (key.isParent(next)) {
                    found.add(key);
                    if (actionsRun && key.acts()) {
                        written.add(key.child());
                    }
                }
            }
        }
        return found;
    }

    /** The query for rows that violate {@code key}; none if its parent is missing, or does not have such a key. */
    Optional<String> violationsOf(ForeignKey key) throws SQLException {
        var known = violationQueries.get(key);
        if (known == null) {
            var child = table(key.child());
            var parent = table(key.parent());
            known = child.isEmpty() || parent.isEmpty()
                    ? Optional.empty()
                    : key.violations(
                            child.get().layout(),
                            parent.get().layout(),
                            UniqueIndex.read(
                                    statements.connection(), parent.get().layout()));
            violationQueries.put(key, known);
        }
        return known;
    }

    private List<ForeignKey> foreignKeys() throws SQLException {
        if (foreignKeys == null) {
            foreignKeys = ForeignKey.read(statements);
        }
        return foreignKeys;
    }

    private Set<String> tablesWithTriggers() throws SQLException {
        if (tablesWithTriggers == null) {
            Set<String> names = new HashSet<>();
            try (var rows = statements.prepare(TABLES_WITH_TRIGGERS).executeQuery()) {
                while (rows.next()) {
                    names.add(Identifiers.fold(rows.getString(1)));
                }
            }
            tablesWithTriggers = names;
        }
        return tablesWithTriggers;
    }
}
