package io.merklite.session.apply;

import io.merklite.session.catalog.TableLayout;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One table of the target, with the statements that a change becomes.
 *
 * <p>Real statements are run, so the target's triggers fire, its foreign key actions run, its affinities convert and its
 * ON CONFLICT clauses are obeyed, as with SQLite's own apply.
 */
final class TargetTable {
    private static final String STAT1 = "sqlite_stat1";
    private static final int STAT1_INDEX_COLUMN = 1;
    private static final int BLOB = 4;
    private static final Pattern CONFLICT_CLAUSE =
            Pattern.compile("ON\\s+CONFLICT", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    private static final String HAS_TRIGGERS = """
            SELECT count(*) FROM (
                SELECT type, tbl_name FROM main.sqlite_schema UNION ALL SELECT type, tbl_name FROM temp.sqlite_schema)
            WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE
            """;
    private static final String IS_PARENT = """
            SELECT count(*) FROM main.sqlite_schema s, pragma_foreign_key_list(s.name, 'main') f
            WHERE s.type = 'table' AND f."table" = ?1 COLLATE NOCASE
            """;
    private static final String DEFINITION =
            "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE";

    private final SqlStatements statements;
    private final TableLayout layout;
    private final boolean hasTriggers;
    private final boolean isParent;
    private final boolean hasConflictClause;

    private TargetTable(
            SqlStatements statements,
            TableLayout layout,
            boolean hasTriggers,
            boolean isParent,
            boolean hasConflictClause) {
        this.statements = statements;
        this.layout = layout;
        this.hasTriggers = hasTriggers;
        this.isParent = isParent;
        this.hasConflictClause = hasConflictClause;
    }

    static Optional<TargetTable> read(SqlStatements statements, String name) throws SQLException {
        var layout = TableLayout.read(statements.connection(), "main", name);
        if (layout.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new TargetTable(
                statements,
                layout.get(),
                count(statements, HAS_TRIGGERS, name) > 0,
                count(statements, IS_PARENT, name) > 0,
                CONFLICT_CLAUSE.matcher(definition(statements, name)).find()));
    }

    private static long count(SqlStatements statements, String sql, String name) throws SQLException {
        var query = statements.prepare(sql);
        query.setString(1, name);
        try (var rows = query.executeQuery()) {
            return rows.next() ? rows.getLong(1) : 0;
        }
    }

    private static String definition(SqlStatements statements, String name) throws SQLException {
        var query = statements.prepare(DEFINITION);
        query.setString(1, name);
        try (var rows = query.executeQuery()) {
            return rows.next() ? Optional.ofNullable(rows.getString(1)).orElse("") : "";
        }
    }

    TableLayout layout() {
        return layout;
    }

    boolean isStat1() {
        return layout.name().equals(STAT1);
    }

    /** Whether foreign keys of other tables refer to this one. */
    boolean isParent() {
        return isParent;
    }

    boolean hasTriggers() {
        return hasTriggers;
    }

    /**
     * Whether changes of rows with different keys can be done in any order and many at once, with the same end.
     *
     * @param foreignKeys whether foreign keys are enforced, so that their actions run
     */
    boolean isPlain(boolean foreignKeys) {
        return !hasTriggers && !hasConflictClause && !(foreignKeys && isParent) && !isStat1();
    }

    /** Why the changes under the header of {@code change} do not fit this table; none if they do. */
    Optional<String> mismatch(ChangesetCursor change) {
        if (usesRowid(change)) {
            return Optional.empty();
        }
        if (!layout.hasKey() && !isStat1()) {
            return Optional.of("table " + layout.name() + " has no primary key");
        }
        var columns = layout.columns();
        if (columns.size() < change.columnCount()) {
            return Optional.of("table " + layout.name() + " has " + columns.size() + " columns, the changeset "
                    + change.columnCount());
        }
        for (var i = 0; i < columns.size(); i++) {
            var wanted = i < change.columnCount() ? change.keyPosition(i) : 0;
            if (keyPosition(i) != wanted) {
                return Optional.of("table " + layout.name() + " has another primary key than the changeset");
            }
        }
        return Optional.empty();
    }

    /** SQLite's statistics have no declared key; the session extension takes their first two columns for one. */
    private int keyPosition(int column) {
        return isStat1()
                ? (column <= STAT1_INDEX_COLUMN ? column + 1 : 0)
                : layout.columns().get(column).keyPosition();
    }

    /** Whether the first column of the changeset is the rowid of this table, which has no key of its own. */
    private boolean usesRowid(ChangesetCursor change) {
        if (layout.hasKey() || isStat1() || layout.rowidName().isEmpty()) {
            return false;
        }
        if (change.columnCount() != layout.columns().size() + 1 || change.keyPosition(0) != 1) {
            return false;
        }
        for (var i = 1; i < change.columnCount(); i++) {
            if (change.keyPosition(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** The quoted name of the column that the changeset has at {@code index}. */
    String column(ChangesetCursor change, int index) {
        if (!usesRowid(change)) {
            return layout.columns().get(index).quoted();
        }
        return index == 0
                ? layout.rowidName().orElseThrow()
                : layout.columns().get(index - 1).quoted();
    }

    /**
     * Runs the change as one statement.
     *
     * @param keyOnly whether UPDATE and DELETE look at the key alone, not at the other old values
     * @return how many rows it changed
     * @throws SQLException also for a failed constraint
     */
    long execute(ChangesetCursor change, boolean keyOnly) throws SQLException {
        return switch (change.op()) {
            case INSERT -> insert(change);
            case UPDATE -> update(change, keyOnly);
            case DELETE -> delete(change, keyOnly);
        };
    }

    private long insert(ChangesetCursor change) throws SQLException {
        var sql =
                new StringBuilder("INSERT INTO ").append(layout.qualifiedName()).append('(');
        var values = new StringBuilder(") VALUES (");
        for (var i = 0; i < change.columnCount(); i++) {
            var comma = i == 0 ? "" : ", ";
            sql.append(comma).append(column(change, i));
            values.append(comma).append(BoundValue.newNeedsCast(change, i) ? "CAST(? AS TEXT)" : "?");
        }
        var statement = statements.prepare(sql.append(values).append(')').toString());
        for (var i = 0; i < change.columnCount(); i++) {
            bindNew(statement, i + 1, change, i);
        }
        return statement.executeUpdate();
    }

    private long update(ChangesetCursor change, boolean keyOnly) throws SQLException {
        var sql = new StringBuilder("UPDATE ").append(layout.qualifiedName()).append(" SET ");
        var comma = "";
        for (var i = 0; i < change.columnCount(); i++) {
            if (isSet(change, i)) {
                sql.append(comma)
                        .append(column(change, i))
                        .append(BoundValue.newNeedsCast(change, i) ? " = CAST(? AS TEXT)" : " = ?");
                comma = ", ";
            }
        }
        appendWhere(sql, change, keyOnly);
        var statement = statements.prepare(sql.toString());
        var parameter = 1;
        for (var i = 0; i < change.columnCount(); i++) {
            if (isSet(change, i)) {
                bindNew(statement, parameter++, change, i);
            }
        }
        bindWhere(statement, parameter, change, keyOnly);
        return statement.executeUpdate();
    }

    private long delete(ChangesetCursor change, boolean keyOnly) throws SQLException {
        var sql = new StringBuilder("DELETE FROM ").append(layout.qualifiedName());
        appendWhere(sql, change, keyOnly);
        var statement = statements.prepare(sql.toString());
        bindWhere(statement, 1, change, keyOnly);
        return statement.executeUpdate();
    }

    /** Deletes the row with the key of {@code change}, whatever its other values and the operation. */
    void deleteByKey(ChangesetCursor change) throws SQLException {
        var sql = new StringBuilder("DELETE FROM ").append(layout.qualifiedName());
        appendWhere(sql, change, true);
        var statement = statements.prepare(sql.toString());
        bindWhere(statement, 1, change, true);
        statement.executeUpdate();
    }

    /** The row with the key of {@code change}, as many columns as the change has. */
    Optional<List<ChangesetValue>> find(ChangesetCursor change, boolean utf8) throws SQLException {
        var sql = new StringBuilder("SELECT ");
        for (var i = 0; i < change.columnCount(); i++) {
            sql.append(i == 0 ? "" : ", ").append(column(change, i));
        }
        sql.append(" FROM ").append(layout.qualifiedName());
        appendWhere(sql, change, true);
        var query = statements.prepare(sql.toString());
        bindWhere(query, 1, change, true);
        try (var rows = query.executeQuery()) {
            if (!rows.next()) {
                return Optional.empty();
            }
            List<ChangesetValue> row = new ArrayList<>();
            for (var i = 0; i < change.columnCount(); i++) {
                row.add(BoundValue.read(rows, i + 1, utf8));
            }
            return Optional.of(row);
        }
    }

    /** Whether the row with the key of {@code change} has all its new values already. */
    boolean hasNewValues(ChangesetCursor change) throws SQLException {
        var sql = new StringBuilder("SELECT count(*) FROM ").append(layout.qualifiedName());
        appendWhere(sql, change, true);
        for (var i = 0; i < change.columnCount(); i++) {
            if (isSet(change, i) || (change.op() == ChangeOp.INSERT && change.keyPosition(i) == 0)) {
                sql.append(" AND ")
                        .append(column(change, i))
                        .append(BoundValue.newNeedsCast(change, i) ? " IS CAST(? AS TEXT)" : " IS ?");
            }
        }
        var query = statements.prepare(sql.toString());
        var parameter = bindWhere(query, 1, change, true);
        for (var i = 0; i < change.columnCount(); i++) {
            if (isSet(change, i) || (change.op() == ChangeOp.INSERT && change.keyPosition(i) == 0)) {
                bindNew(query, parameter++, change, i);
            }
        }
        try (var rows = query.executeQuery()) {
            return rows.next() && rows.getLong(1) > 0;
        }
    }

    /** Whether an UPDATE writes the column: it has a new value, and the column is not in the key. */
    static boolean isSet(ChangesetCursor change, int column) {
        return change.op() == ChangeOp.UPDATE && change.keyPosition(column) == 0 && change.newType(column) != 0;
    }

    private void appendWhere(StringBuilder sql, ChangesetCursor change, boolean keyOnly) {
        var and = " WHERE ";
        for (var i = 0; i < change.columnCount(); i++) {
            if (isCompared(change, i, keyOnly)) {
                var key = change.keyPosition(i) != 0 && !isStat1();
                sql.append(and).append(column(change, i)).append(key ? " = " : " IS ");
                sql.append(wherePartNeedsCast(change, i) ? "CAST(? AS TEXT)" : "?");
                and = " AND ";
            }
        }
    }

    private int bindWhere(PreparedStatement statement, int firstParameter, ChangesetCursor change, boolean keyOnly)
            throws SQLException {
        var parameter = firstParameter;
        for (var i = 0; i < change.columnCount(); i++) {
            if (isCompared(change, i, keyOnly)) {
                if (change.op() == ChangeOp.INSERT) {
                    bindNew(statement, parameter++, change, i);
                } else if (isNullIndex(change, i, change.oldType(i), change.oldLength(i))) {
                    statement.setNull(parameter++, 0);
                } else {
                    BoundValue.bindOld(statement, parameter++, change, i);
                }
            }
        }
        return parameter;
    }

    /** The WHERE clause for key and old values of {@code change}; its parameters by {@link #bindWhere}. */
    String whereSql(ChangesetCursor change) {
        var sql = new StringBuilder();
        appendWhere(sql, change, false);
        return sql.toString();
    }

    void bindWhere(PreparedStatement statement, ChangesetCursor change) throws SQLException {
        bindWhere(statement, 1, change, false);
    }

    private static boolean wherePartNeedsCast(ChangesetCursor change, int column) {
        return change.op() == ChangeOp.INSERT
                ? BoundValue.newNeedsCast(change, column)
                : BoundValue.oldNeedsCast(change, column);
    }

    private static boolean isCompared(ChangesetCursor change, int column, boolean keyOnly) {
        return change.keyPosition(column) != 0 || (!keyOnly && change.oldType(column) != 0);
    }

    private void bindNew(PreparedStatement statement, int parameter, ChangesetCursor change, int column)
            throws SQLException {
        if (isNullIndex(change, column, change.newType(column), change.newLength(column))) {
            statement.setNull(parameter, 0);
        } else {
            BoundValue.bindNew(statement, parameter, change, column);
        }
    }

    /** The session extension writes a NULL in {@code sqlite_stat1.idx} as an empty blob, since keys are never NULL. */
    private boolean isNullIndex(ChangesetCursor change, int column, int type, int length) {
        return column == STAT1_INDEX_COLUMN
                && isStat1()
                && change.keyPosition(column) != 0
                && type == BLOB
                && length == 0;
    }

    /** The columns of a multi-row INSERT. */
    String insertHead(ChangesetCursor change) {
        var sql =
                new StringBuilder("INSERT INTO ").append(layout.qualifiedName()).append('(');
        for (var i = 0; i < change.columnCount(); i++) {
            sql.append(i == 0 ? "" : ", ").append(column(change, i));
        }
        return sql.append(") VALUES ").toString();
    }

    /** Text of the statement for an UPDATE like {@code change}, without casts: new values, then key and old values. */
    String updateSql(ChangesetCursor change) {
        var sql = new StringBuilder("UPDATE ").append(layout.qualifiedName());
        var comma = " SET ";
        for (var i = 0; i < change.columnCount(); i++) {
            if (isSet(change, i)) {
                sql.append(comma).append(column(change, i)).append(" = ?");
                comma = ", ";
            }
        }
        return sql.append(" WHERE ").append(condition(change)).toString();
    }

    /** The condition of a DELETE like {@code change}, in parentheses and without casts. */
    String deleteCondition(ChangesetCursor change) {
        return "(" + condition(change) + ")";
    }

    private String condition(ChangesetCursor change) {
        var sql = new StringBuilder();
        var and = "";
        for (var i = 0; i < change.columnCount(); i++) {
            if (isCompared(change, i, false)) {
                sql.append(and).append(column(change, i)).append(change.keyPosition(i) != 0 ? " = ?" : " IS ?");
                and = " AND ";
            }
        }
        return sql.toString();
    }
}
