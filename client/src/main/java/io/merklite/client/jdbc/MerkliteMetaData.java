package io.merklite.client.jdbc;

import io.merklite.client.Column;
import io.merklite.client.Row;
import io.merklite.client.sql.JavaValues;
import io.merklite.query.subscribe.SqlValue;
import java.sql.Connection;
import java.sql.JDBCType;
import java.sql.ResultSet;
import java.sql.RowIdLifetime;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a database is made of, read from {@code sqlite_master} and the table-valued pragmas. Merklite's own tables are left
 * out.
 *
 * <p><b>Threading.</b> As its connection. Blocks on the network.
 */
final class MerkliteMetaData extends SqliteTraits {
    private static final String ESCAPE = " ESCAPE '\\'";
    private static final String NOT_OURS = " AND lower(substr(m.name, 1, 10)) <> '_merklite_'";

    private final MerkliteConnection connection;

    MerkliteMetaData(MerkliteConnection connection) {
        this.connection = connection;
    }

    /** Rows that a method answers with. */
    private static final class Table {
        private final List<Column> columns;
        private final List<List<SqlValue>> rows = new ArrayList<>();

        private Table(String... names) {
            columns = Arrays.stream(names)
                    .map(name -> new Column(name, Optional.empty()))
                    .toList();
        }

        private void add(@Nullable Object... values) {
            rows.add(Arrays.stream(values).map(JavaValues::toSql).toList());
        }
    }

    private ResultSet result(Table table) throws SQLException {
        return new MerkliteResultSet(
                new MerkliteStatement(connection, 0), new RowSource.Buffered(table.columns, table.rows), 0);
    }

    private List<Row> rows(String sql, @Nullable Object... args) throws SQLException {
        return connection.look(sql, args).rows();
    }

    private static String pattern(@Nullable String pattern) {
        return pattern == null ? "%" : pattern;
    }

    private static long number(Row row, String column) {
        return row.optional(column, Long.class).orElse(0L);
    }

    // ---- tables and columns -----------------------------------------------------------------------------------------

    @Override
    public ResultSet getTables(
            @Nullable String catalog, @Nullable String schema, @Nullable String tablePattern, String @Nullable [] types)
            throws SQLException {
        var table = new Table(
                "TABLE_CAT",
                "TABLE_SCHEM",
                "TABLE_NAME",
                "TABLE_TYPE",
                "REMARKS",
                "TYPE_CAT",
                "TYPE_SCHEM",
                "TYPE_NAME",
                "SELF_REFERENCING_COL_NAME",
                "REF_GENERATION");
        for (var row : rows(
                "SELECT m.name, CASE WHEN m.type = 'view' THEN 'VIEW' WHEN m.name LIKE 'sqlite\\_%'" + ESCAPE
                        + " THEN 'SYSTEM TABLE' ELSE 'TABLE' END AS kind FROM sqlite_master m"
                        + " WHERE m.type IN ('table', 'view') AND m.name LIKE ?" + ESCAPE + NOT_OURS
                        + " ORDER BY kind, m.name",
                pattern(tablePattern))) {
            var kind = row.value("kind", String.class);
            if (types == null || Arrays.asList(types).contains(kind)) {
                table.add(null, null, row.value("name", String.class), kind, null, null, null, null, null, null);
            }
        }
        return result(table);
    }

    @Override
    public ResultSet getTableTypes() throws SQLException {
        var table = new Table("TABLE_TYPE");
        table.add("SYSTEM TABLE");
        table.add("TABLE");
        table.add("VIEW");
        return result(table);
    }

    @Override
    public ResultSet getColumns(
            @Nullable String catalog,
            @Nullable String schema,
            @Nullable String tablePattern,
            @Nullable String columnPattern)
            throws SQLException {
        var table = new Table(
                "TABLE_CAT",
                "TABLE_SCHEM",
                "TABLE_NAME",
                "COLUMN_NAME",
                "DATA_TYPE",
                "TYPE_NAME",
                "COLUMN_SIZE",
                "BUFFER_LENGTH",
                "DECIMAL_DIGITS",
                "NUM_PREC_RADIX",
                "NULLABLE",
                "REMARKS",
                "COLUMN_DEF",
                "SQL_DATA_TYPE",
                "SQL_DATETIME_SUB",
                "CHAR_OCTET_LENGTH",
                "ORDINAL_POSITION",
                "IS_NULLABLE",
                "SCOPE_CATALOG",
                "SCOPE_SCHEMA",
                "SCOPE_TABLE",
                "SOURCE_DATA_TYPE",
                "IS_AUTOINCREMENT",
                "IS_GENERATEDCOLUMN");
        for (var row : rows(
                "SELECT m.name AS tbl, m.sql AS ddl, c.cid, c.name, c.type, c.\"notnull\" AS required, c.dflt_value, c.pk,"
                        + " c.hidden FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c"
                        + " WHERE m.type IN ('table', 'view') AND c.hidden <> 1 AND m.name LIKE ?" + ESCAPE
                        + " AND c.name LIKE ?" + ESCAPE + NOT_OURS + " ORDER BY m.name, c.cid",
                pattern(tablePattern),
                pattern(columnPattern))) {
            var type = ColumnType.of(row.optional("type", String.class));
            var isKey = number(row, "pk") > 0;
            var isRequired = number(row, "required") != 0;
            var ddl = row.optional("ddl", String.class).orElse("").toUpperCase(Locale.ROOT);
            var isGenerated = number(row, "hidden") > 1;
            table.add(
                    null,
                    null,
                    row.value("tbl", String.class),
                    row.value("name", String.class),
                    type.type().getVendorTypeNumber(),
                    type.name().isEmpty() ? "TEXT" : type.name(),
                    type.precision() > 0 ? type.precision() : Integer.MAX_VALUE,
                    null,
                    type.scale(),
                    10,
                    isRequired ? columnNoNulls : columnNullable,
                    null,
                    row.optional("dflt_value", String.class),
                    null,
                    null,
                    Integer.MAX_VALUE,
                    number(row, "cid") + 1,
                    isRequired ? "NO" : "YES",
                    null,
                    null,
                    null,
                    null,
                    isKey && ddl.contains("AUTOINCREMENT") ? "YES" : "NO",
                    isGenerated ? "YES" : "NO");
        }
        return result(table);
    }

    @Override
    public ResultSet getTypeInfo() throws SQLException {
        var table = new Table(
                "TYPE_NAME",
                "DATA_TYPE",
                "PRECISION",
                "LITERAL_PREFIX",
                "LITERAL_SUFFIX",
                "CREATE_PARAMS",
                "NULLABLE",
                "CASE_SENSITIVE",
                "SEARCHABLE",
                "UNSIGNED_ATTRIBUTE",
                "FIXED_PREC_SCALE",
                "AUTO_INCREMENT",
                "LOCAL_TYPE_NAME",
                "MINIMUM_SCALE",
                "MAXIMUM_SCALE",
                "SQL_DATA_TYPE",
                "SQL_DATETIME_SUB",
                "NUM_PREC_RADIX");
        for (var name : List.of("INTEGER", "BLOB", "NUMERIC", "REAL", "TEXT")) {
            var type = ColumnType.of(Optional.of(name));
            var quote = type.type() == JDBCType.VARCHAR ? "'" : null;
            table.add(
                    name,
                    type.type().getVendorTypeNumber(),
                    type.precision(),
                    quote,
                    quote,
                    null,
                    typeNullable,
                    true,
                    typeSearchable,
                    false,
                    false,
                    name.equals("INTEGER"),
                    null,
                    0,
                    0,
                    null,
                    null,
                    10);
        }
        return result(table);
    }

    // ---- keys and indexes -------------------------------------------------------------------------------------------

    @Override
    public ResultSet getPrimaryKeys(@Nullable String catalog, @Nullable String schema, String tableName)
            throws SQLException {
        var table = new Table("TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "COLUMN_NAME", "KEY_SEQ", "PK_NAME");
        for (var row : rows("SELECT name, pk FROM pragma_table_info(?) WHERE pk > 0 ORDER BY name", tableName)) {
            table.add(null, null, tableName, row.value("name", String.class), number(row, "pk"), null);
        }
        return result(table);
    }

    @Override
    public ResultSet getBestRowIdentifier(
            @Nullable String catalog, @Nullable String schema, String tableName, int scope, boolean nullable)
            throws SQLException {
        var table = new Table(
                "SCOPE",
                "COLUMN_NAME",
                "DATA_TYPE",
                "TYPE_NAME",
                "COLUMN_SIZE",
                "BUFFER_LENGTH",
                "DECIMAL_DIGITS",
                "PSEUDO_COLUMN");
        for (var row : rows("SELECT name, type FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", tableName)) {
            var type = ColumnType.of(row.optional("type", String.class));
            table.add(
                    bestRowSession,
                    row.value("name", String.class),
                    type.type().getVendorTypeNumber(),
                    type.name(),
                    type.precision(),
                    null,
                    type.scale(),
                    bestRowNotPseudo);
        }
        return result(table);
    }

    @Override
    public ResultSet getIndexInfo(
            @Nullable String catalog, @Nullable String schema, String tableName, boolean unique, boolean approximate)
            throws SQLException {
        var table = new Table(
                "TABLE_CAT",
                "TABLE_SCHEM",
                "TABLE_NAME",
                "NON_UNIQUE",
                "INDEX_QUALIFIER",
                "INDEX_NAME",
                "TYPE",
                "ORDINAL_POSITION",
                "COLUMN_NAME",
                "ASC_OR_DESC",
                "CARDINALITY",
                "PAGES",
                "FILTER_CONDITION");
        for (var row : rows(
                "SELECT l.name AS idx, l.\"unique\" AS uniq, x.seqno, x.name, x.\"desc\" AS down FROM pragma_index_list(?) l"
                        + " JOIN pragma_index_xinfo(l.name) x WHERE x.key = 1 ORDER BY l.\"unique\" DESC, l.name, x.seqno",
                tableName)) {
            var isUnique = number(row, "uniq") != 0;
            if (isUnique || !unique) {
                table.add(
                        null,
                        null,
                        tableName,
                        !isUnique,
                        null,
                        row.value("idx", String.class),
                        tableIndexOther,
                        number(row, "seqno") + 1,
                        row.optional("name", String.class),
                        number(row, "down") != 0 ? "D" : "A",
                        0,
                        0,
                        null);
            }
        }
        return result(table);
    }

    @Override
    public ResultSet getImportedKeys(@Nullable String catalog, @Nullable String schema, String tableName)
            throws SQLException {
        return foreignKeys("m.name = ?", tableName);
    }

    @Override
    public ResultSet getExportedKeys(@Nullable String catalog, @Nullable String schema, String tableName)
            throws SQLException {
        return foreignKeys("f.\"table\" = ? COLLATE NOCASE", tableName);
    }

    @Override
    public ResultSet getCrossReference(
            @Nullable String parentCatalog,
            @Nullable String parentSchema,
            String parentTable,
            @Nullable String foreignCatalog,
            @Nullable String foreignSchema,
            String foreignTable)
            throws SQLException {
        return foreignKeys("f.\"table\" = ? COLLATE NOCASE AND m.name = ?", parentTable, foreignTable);
    }

    /** A foreign key that names no columns of its parent means the primary key. */
    private ResultSet foreignKeys(String condition, Object... args) throws SQLException {
        var table = new Table(
                "PKTABLE_CAT",
                "PKTABLE_SCHEM",
                "PKTABLE_NAME",
                "PKCOLUMN_NAME",
                "FKTABLE_CAT",
                "FKTABLE_SCHEM",
                "FKTABLE_NAME",
                "FKCOLUMN_NAME",
                "KEY_SEQ",
                "UPDATE_RULE",
                "DELETE_RULE",
                "FK_NAME",
                "PK_NAME",
                "DEFERRABILITY");
        for (var row : rows(
                "SELECT m.name AS child, f.id, f.seq, f.\"table\" AS parent, f.\"from\" AS own, coalesce(f.\"to\", (SELECT"
                        + " p.name FROM pragma_table_info(f.\"table\") p WHERE p.pk = f.seq + 1)) AS other, f.on_update,"
                        + " f.on_delete FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
                        + " AND " + condition + NOT_OURS + " ORDER BY parent, child, f.id, f.seq",
                args)) {
            table.add(
                    null,
                    null,
                    row.value("parent", String.class),
                    row.optional("other", String.class),
                    null,
                    null,
                    row.value("child", String.class),
                    row.value("own", String.class),
                    number(row, "seq") + 1,
                    rule(row.value("on_update", String.class)),
                    rule(row.value("on_delete", String.class)),
                    "fk_" + row.value("child", String.class) + "_" + number(row, "id"),
                    null,
                    importedKeyNotDeferrable);
        }
        return result(table);
    }

    private static int rule(String action) {
        return switch (action) {
            case "CASCADE" -> importedKeyCascade;
            case "SET NULL" -> importedKeySetNull;
            case "SET DEFAULT" -> importedKeySetDefault;
            case "RESTRICT" -> importedKeyRestrict;
            default -> importedKeyNoAction;
        };
    }

    // ---- what SQLite does not have ----------------------------------------------------------------------------------

    @Override
    public ResultSet getCatalogs() throws SQLException {
        return result(new Table("TABLE_CAT"));
    }

    @Override
    public ResultSet getSchemas() throws SQLException {
        return result(new Table("TABLE_SCHEM", "TABLE_CATALOG"));
    }

    @Override
    public ResultSet getSchemas(@Nullable String catalog, @Nullable String pattern) throws SQLException {
        return getSchemas();
    }

    @Override
    public ResultSet getProcedures(@Nullable String catalog, @Nullable String schema, @Nullable String pattern)
            throws SQLException {
        return result(new Table(
                "PROCEDURE_CAT",
                "PROCEDURE_SCHEM",
                "PROCEDURE_NAME",
                "RESERVED1",
                "RESERVED2",
                "RESERVED3",
                "REMARKS",
                "PROCEDURE_TYPE",
                "SPECIFIC_NAME"));
    }

    @Override
    public ResultSet getProcedureColumns(
            @Nullable String catalog, @Nullable String schema, @Nullable String pattern, @Nullable String column)
            throws SQLException {
        return result(new Table(
                "PROCEDURE_CAT",
                "PROCEDURE_SCHEM",
                "PROCEDURE_NAME",
                "COLUMN_NAME",
                "COLUMN_TYPE",
                "DATA_TYPE",
                "TYPE_NAME",
                "PRECISION",
                "LENGTH",
                "SCALE",
                "RADIX",
                "NULLABLE",
                "REMARKS",
                "COLUMN_DEF",
                "SQL_DATA_TYPE",
                "SQL_DATETIME_SUB",
                "CHAR_OCTET_LENGTH",
                "ORDINAL_POSITION",
                "IS_NULLABLE",
                "SPECIFIC_NAME"));
    }

    @Override
    public ResultSet getFunctions(@Nullable String catalog, @Nullable String schema, @Nullable String pattern)
            throws SQLException {
        return result(new Table(
                "FUNCTION_CAT", "FUNCTION_SCHEM", "FUNCTION_NAME", "REMARKS", "FUNCTION_TYPE", "SPECIFIC_NAME"));
    }

    @Override
    public ResultSet getFunctionColumns(
            @Nullable String catalog, @Nullable String schema, @Nullable String pattern, @Nullable String column)
            throws SQLException {
        return result(new Table(
                "FUNCTION_CAT",
                "FUNCTION_SCHEM",
                "FUNCTION_NAME",
                "COLUMN_NAME",
                "COLUMN_TYPE",
                "DATA_TYPE",
                "TYPE_NAME",
                "PRECISION",
                "LENGTH",
                "SCALE",
                "RADIX",
                "NULLABLE",
                "REMARKS",
                "CHAR_OCTET_LENGTH",
                "ORDINAL_POSITION",
                "IS_NULLABLE",
                "SPECIFIC_NAME"));
    }

    @Override
    public ResultSet getColumnPrivileges(
            @Nullable String catalog, @Nullable String schema, String table, @Nullable String pattern)
            throws SQLException {
        return result(new Table(
                "TABLE_CAT",
                "TABLE_SCHEM",
                "TABLE_NAME",
                "COLUMN_NAME",
                "GRANTOR",
                "GRANTEE",
                "PRIVILEGE",
                "IS_GRANTABLE"));
    }

    @Override
    public ResultSet getTablePrivileges(@Nullable String catalog, @Nullable String schema, @Nullable String pattern)
            throws SQLException {
        return result(
                new Table("TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "GRANTOR", "GRANTEE", "PRIVILEGE", "IS_GRANTABLE"));
    }

    @Override
    public ResultSet getVersionColumns(@Nullable String catalog, @Nullable String schema, String table)
            throws SQLException {
        return result(new Table(
                "SCOPE",
                "COLUMN_NAME",
                "DATA_TYPE",
                "TYPE_NAME",
                "COLUMN_SIZE",
                "BUFFER_LENGTH",
                "DECIMAL_DIGITS",
                "PSEUDO_COLUMN"));
    }

    @Override
    public ResultSet getUDTs(
            @Nullable String catalog, @Nullable String schema, @Nullable String pattern, int @Nullable [] types)
            throws SQLException {
        return result(
                new Table("TYPE_CAT", "TYPE_SCHEM", "TYPE_NAME", "CLASS_NAME", "DATA_TYPE", "REMARKS", "BASE_TYPE"));
    }

    @Override
    public ResultSet getSuperTypes(@Nullable String catalog, @Nullable String schema, @Nullable String pattern)
            throws SQLException {
        return result(
                new Table("TYPE_CAT", "TYPE_SCHEM", "TYPE_NAME", "SUPERTYPE_CAT", "SUPERTYPE_SCHEM", "SUPERTYPE_NAME"));
    }

    @Override
    public ResultSet getSuperTables(@Nullable String catalog, @Nullable String schema, @Nullable String pattern)
            throws SQLException {
        return result(new Table("TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "SUPERTABLE_NAME"));
    }

    @Override
    public ResultSet getAttributes(
            @Nullable String catalog, @Nullable String schema, @Nullable String pattern, @Nullable String attribute)
            throws SQLException {
        return result(new Table(
                "TYPE_CAT",
                "TYPE_SCHEM",
                "TYPE_NAME",
                "ATTR_NAME",
                "DATA_TYPE",
                "ATTR_TYPE_NAME",
                "ATTR_SIZE",
                "DECIMAL_DIGITS",
                "NUM_PREC_RADIX",
                "NULLABLE",
                "REMARKS",
                "ATTR_DEF",
                "SQL_DATA_TYPE",
                "SQL_DATETIME_SUB",
                "CHAR_OCTET_LENGTH",
                "ORDINAL_POSITION",
                "IS_NULLABLE",
                "SCOPE_CATALOG",
                "SCOPE_SCHEMA",
                "SCOPE_TABLE",
                "SOURCE_DATA_TYPE"));
    }

    @Override
    public ResultSet getClientInfoProperties() throws SQLException {
        return result(new Table("NAME", "MAX_LEN", "DEFAULT_VALUE", "DESCRIPTION"));
    }

    @Override
    public ResultSet getPseudoColumns(
            @Nullable String catalog, @Nullable String schema, @Nullable String pattern, @Nullable String column)
            throws SQLException {
        return result(new Table(
                "TABLE_CAT",
                "TABLE_SCHEM",
                "TABLE_NAME",
                "COLUMN_NAME",
                "DATA_TYPE",
                "COLUMN_SIZE",
                "DECIMAL_DIGITS",
                "NUM_PREC_RADIX",
                "COLUMN_USAGE",
                "REMARKS",
                "CHAR_OCTET_LENGTH",
                "IS_NULLABLE"));
    }

    // ---- what this is -----------------------------------------------------------------------------------------------

    @Override
    public Connection getConnection() {
        return connection;
    }

    @Override
    public String getURL() {
        return connection.url().text();
    }

    /** Tokens have no user's name here. */
    @Override
    public @Nullable String getUserName() {
        return null;
    }

    @Override
    public boolean isReadOnly() throws SQLException {
        return connection.isReadOnly();
    }

    @Override
    public String getDatabaseProductVersion() {
        return connection.productVersion();
    }

    @Override
    public int getDatabaseMajorVersion() {
        return version(0);
    }

    @Override
    public int getDatabaseMinorVersion() {
        return version(1);
    }

    private int version(int part) {
        var parts = connection.productVersion().split("\\.", -1);
        return parts.length > part && parts[part].matches("\\d{1,6}") ? Integer.parseInt(parts[part]) : 0;
    }

    @Override
    public String getDriverVersion() {
        return MerkliteDriver.VERSION;
    }

    @Override
    public int getDriverMajorVersion() {
        return MerkliteDriver.MAJOR_VERSION;
    }

    @Override
    public int getDriverMinorVersion() {
        return MerkliteDriver.MINOR_VERSION;
    }

    @Override
    public RowIdLifetime getRowIdLifetime() {
        return RowIdLifetime.ROWID_UNSUPPORTED;
    }

    @Override
    public boolean supportsResultSetType(int type) {
        return type == ResultSet.TYPE_FORWARD_ONLY || type == ResultSet.TYPE_SCROLL_INSENSITIVE;
    }

    @Override
    public boolean supportsResultSetConcurrency(int type, int concurrency) {
        return supportsResultSetType(type) && concurrency == ResultSet.CONCUR_READ_ONLY;
    }

    @Override
    public boolean supportsResultSetHoldability(int holdability) {
        return holdability == ResultSet.HOLD_CURSORS_OVER_COMMIT;
    }

    @Override
    public boolean supportsTransactionIsolationLevel(int level) {
        return level == Connection.TRANSACTION_SERIALIZABLE;
    }

    @Override
    public boolean supportsConvert() {
        return false;
    }

    @Override
    public boolean supportsConvert(int from, int to) {
        return from != Types.NULL && from == to;
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return Unwrapping.unwrap(this, type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return type.isInstance(this);
    }
}
