package io.merklite.schema.structure;

import io.merklite.schema.text.SqlNames;
import java.util.List;
import java.util.Optional;

/**
 * A table.
 *
 * @param name as written
 * @param columns in order
 * @param primaryKey the declared one
 * @param uniqueKeys its UNIQUE constraints, and those of its columns
 * @param foreignKeys its own, and those of its columns
 * @param checks its own; those of columns are with them
 * @param isWithoutRowid whether it is WITHOUT ROWID
 * @param isStrict whether it is STRICT
 * @param sql the statement, as SQLite keeps it
 */
public record Table(
        String name,
        List<Column> columns,
        Optional<PrimaryKey> primaryKey,
        List<UniqueKey> uniqueKeys,
        List<ForeignKey> foreignKeys,
        List<Check> checks,
        boolean isWithoutRowid,
        boolean isStrict,
        String sql) {
    public Table {
        columns = List.copyOf(columns);
        uniqueKeys = List.copyOf(uniqueKeys);
        foreignKeys = List.copyOf(foreignKeys);
        checks = List.copyOf(checks);
    }

    /** The column of that name, whatever its case. */
    public Optional<Column> column(String columnName) {
        return columns.stream()
                .filter(column -> SqlNames.same(column.name(), columnName))
                .findFirst();
    }

    /** The column that is another name for the rowid. */
    public Optional<Column> rowidColumn() {
        return primaryKey
                .filter(PrimaryKey::isRowid)
                .flatMap(key -> column(key.columns().getFirst().column()));
    }

    /** Whether it remembers the highest id it has given out. */
    public boolean isAutoincrement() {
        return primaryKey.isPresent() && primaryKey.get().isAutoincrement();
    }

    /** A name by which the rowid can be told; nothing where there is none, or columns hide it. */
    public Optional<String> rowidName() {
        if (isWithoutRowid) {
            return Optional.empty();
        }
        return List.of("rowid", "_rowid_", "oid").stream()
                .filter(alias -> column(alias).isEmpty())
                .findFirst();
    }

    /** All that counts in how the table as a whole is kept: key, STRICT, WITHOUT ROWID. */
    public String storage() {
        var listing = new Listing();
        describeStorage(listing);
        return listing.text();
    }

    /** All that counts: equal for equal tables. */
    public String canonical() {
        var listing = new Listing();
        describe(listing);
        return listing.text();
    }

    void describe(Listing listing) {
        listing.line("table", name);
        describeStorage(listing);
        columns.forEach(column -> column.describe(listing));
        listing.line("constraints");
        uniqueKeys.stream().map(UniqueKey::canonical).sorted().distinct().forEach(listing::line);
        foreignKeys.stream().map(ForeignKey::canonical).sorted().distinct().forEach(listing::line);
        checks.forEach(check -> check.describe(listing));
    }

    private void describeStorage(Listing listing) {
        listing.line("storage", isStrict ? "strict" : "", isWithoutRowid ? "without rowid" : "");
        primaryKey.ifPresent(key -> key.describe(listing));
    }
}
