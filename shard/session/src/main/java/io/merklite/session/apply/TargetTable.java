package io.merklite.session.apply;

import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
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
 * ON CONFLICT clauses are obeyed, as with SQLite's own apply; these alone can be left out of account.
 */
final class TargetTable {
    private static final String STAT1 = "sqlite_stat1";
    private static final int STAT1_INDEX_COLUMN = 1;
    private static final int BLOB = 4;
    /** Any CONFLICT, in a comment too: better one table too many that is written change by change. */
    private static final Pattern CONFLICT_CLAUSE = Pattern.compile("\\bCONFLICT\\b", Pattern.CASE_INSENSITIVE);

    private static final String OTHER_UNIQUE =
            "SELECT EXISTS (SELECT 1 FROM pragma_index_list(?1, 'main') WHERE \"unique\" AND origin <> 'pk')";
    private static final String DEFINITION =
            "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE";

    private final SqlStatements statements;
    private final TableLayout layout;
    private final BoundValues values;
    private final KeyColumns keyColumns;
    private final boolean hasKey;
    private final boolean hasTriggers;
    private final boolean isParent;
    private final boolean hasConflictClause;
    /** What INSERT and UPDATE do at a constraint: empty for what its clause says. */
    private final String orAbort;

    private final boolean hasOtherUnique;

    private TargetTable(SqlStatements statements, TargetSchema schema, TableLayout layout, String definition)
            throws SQLException {
        this.statements = statements;
        this.layout = layout;
        this.values = schema.values();
        this.hasKey = layout.hasKey();
        this.keyColumns = new KeyColumns(layout, definition, values.utf8());
        this.hasTriggers = schema.hasTriggers(layout.name());
        this.isParent = schema.isParent(layout.name());
        this.hasConflictClause = schema.obeysConflictClauses()
                && CONFLICT_CLAUSE.matcher(definition).find();
        this.orAbort = schema.obeysConflictClauses() ? "" : " OR ABORT";
        this.hasOtherUnique = text(statements, OTHER_UNIQUE, layout.name()).equals("1");
    }

    static Optional<TargetTable> read(SqlStatements statements, TargetSchema schema, String name) throws SQLException {
        var ofKeylessRows = KeylessRows.tableOf(name);
        var table = ofKeylessRows.orElse(name);
        var layout = TableLayout.read(statements.connection(), "main", table);
        if (ofKeylessRows.isPresent()) {
            layout = layout.filter(TableLayout::hasKey).map(KeylessRows::withoutKey);
        }
        return layout.isEmpty()
                ? Optional.empty()
                : Optional.of(new TargetTable(statements, schema, layout.get(), text(statements, DEFINITION, table)));
    }

    /** The one value that {@code sql} gives for a table; empty if it gives none. */
    private static String text(SqlStatements statements, String sql, String table) throws SQLException {
        var query = statements.prepare(sql);
        query.setString(1, table);
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

    /** How values are bound and read. */
    BoundValues values() {
        return values;
    }

    /** Whether rows must differ in something else than their key. */
    boolean hasOtherUnique() {
        return hasOtherUnique;
    }

    /** Whether keys that the primary key tells apart are told apart by conditions too. */
    boolean comparesKeysByValue() {
        return keyColumns.compareByValue();
    }

    /** A hash of the key of {@code change}, as {@link KeyColumns#hash} has it. */
    long keyHash(ChangesetCursor change) {
        return keyColumns.hash(change, usesRowid(change));
    }

    /**
     * Whether a change writes its own row and nothing else, and fails or succeeds without side effects.
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
        if (!hasKey && !isStat1()) {
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
        if (hasKey || isStat1() || layout.rowidName().isEmpty()) {
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

    /** An INSERT up to where its columns begin. */
    StringBuilder insertInto() {
        return new StringBuilder("INSERT")
                .append(orAbort)
                .append(" INTO ")
                .append(layout.qualifiedName())
                .append('(');
    }

    private StringBuilder updateOf() {
        return new StringBuilder("UPDATE").append(orAbort).append(' ').append(layout.qualifiedName());
    }

    private long insert(ChangesetCursor change) throws SQLException {
        var sql = insertInto();
        var parameters = new StringBuilder(") VALUES (");
        for (var i = 0; i < change.columnCount(); i++) {
            var comma = i == 0 ? "" : ", ";
            sql.append(comma).append(column(change, i));
            parameters.append(comma).append(values.newNeedsCast(change, i) ? "CAST(? AS TEXT)" : "?");
        }
        var statement = statements.prepare(sql.append(parameters).append(')').toString());
        for (var i = 0; i < change.columnCount(); i++) {
            bindNew(statement, i + 1, change, i);
        }
        return statement.executeUpdate();
    }

    private long update(ChangesetCursor change, boolean keyOnly) throws SQLException {
        var sql = updateOf().append(" SET ");
        var comma = "";
        for (var i = 0; i < change.columnCount(); i++) {
            if (isSet(change, i)) {
                sql.append(comma)
                        .append(column(change, i))
                        .append(values.newNeedsCast(change, i) ? " = CAST(? AS TEXT)" : " = ?");
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
    Optional<List<ChangesetValue>> find(ChangesetCursor change) throws SQLException {
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
                row.add(values.read(rows, i + 1));
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
                        .append(values.newNeedsCast(change, i) ? " IS CAST(? AS TEXT)" : " IS ?");
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

    /** Whether an UPDATE writes any column. */
    static boolean setsAnything(ChangesetCursor change) {
        for (var i = 0; i < change.columnCount(); i++) {
            if (isSet(change, i)) {
                return true;
            }
        }
        return false;
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
                    values.bindOld(statement, parameter++, change, i);
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

    private boolean wherePartNeedsCast(ChangesetCursor change, int column) {
        return change.op() == ChangeOp.INSERT
                ? values.newNeedsCast(change, column)
                : values.oldNeedsCast(change, column);
    }

    private static boolean isCompared(ChangesetCursor change, int column, boolean keyOnly) {
        return change.keyPosition(column) != 0 || (!keyOnly && change.oldType(column) != 0);
    }

    private void bindNew(PreparedStatement statement, int parameter, ChangesetCursor change, int column)
            throws SQLException {
        if (isNullIndex(change, column, change.newType(column), change.newLength(column))) {
            statement.setNull(parameter, 0);
        } else {
            values.bindNew(statement, parameter, change, column);
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
        var sql = insertInto();
        for (var i = 0; i < change.columnCount(); i++) {
            sql.append(i == 0 ? "" : ", ").append(column(change, i));
        }
        return sql.append(") VALUES ").toString();
    }

    /** Text of the statement for an UPDATE like {@code change}, without casts: new values, then key and old values. */
    String updateSql(ChangesetCursor change) {
        var sql = updateOf();
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
