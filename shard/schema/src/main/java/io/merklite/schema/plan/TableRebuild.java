package io.merklite.schema.plan;

import io.merklite.schema.structure.Column;
import io.merklite.schema.structure.Index;
import io.merklite.schema.structure.Table;
import io.merklite.schema.structure.Trigger;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.TableText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The statements that put a new table in the place of an old one and keep its rows: after SQLite's "Making Other Kinds Of
 * Table Schema Changes" (lang_altertable, section 7), the new table first under another name.
 *
 * <p>Columns are copied by name; a column that is new gets its default from the INSERT. Rows keep their rowid: if the new
 * table names it, that column is copied, or gets it where it is new; otherwise the rowid is copied by its hidden name.
 * OR ABORT makes a broken constraint fail, even where the table says {@code ON CONFLICT IGNORE} and would lose the row.
 *
 * <p>The last change of names wants {@code PRAGMA legacy_alter_table}: without it SQLite reads every view and trigger of
 * the database while the table they refer to is away, and fails.
 */
final class TableRebuild {
    /** What the new table is called until the old one is gone. */
    static final String NEW_TABLE_PREFIX = "_merklite_new_";

    private final Table current;
    private final Table desired;
    private final String newName;

    TableRebuild(Table current, Table desired) {
        this.current = current;
        this.desired = desired;
        this.newName = NEW_TABLE_PREFIX + desired.name();
    }

    /** The statements, with those that make {@code indexes} and {@code triggers} again. */
    List<String> sql(List<Index> indexes, List<Trigger> triggers) {
        List<String> sql = new ArrayList<>();
        sql.add(TableText.parse(desired.sql()).renamed(newName));
        sql.add(copy());
        if (current.isAutoincrement() && desired.isAutoincrement()) {
            sql.add("DELETE FROM sqlite_sequence WHERE name = " + SqlNames.literal(newName));
            sql.add("INSERT INTO sqlite_sequence(name, seq) SELECT " + SqlNames.literal(newName)
                    + ", seq FROM sqlite_sequence WHERE name = " + SqlNames.literal(current.name())
                    + " COLLATE NOCASE");
        }
        sql.add("DROP TABLE " + SqlNames.quote(current.name()));
        sql.add("PRAGMA legacy_alter_table=ON");
        sql.add("ALTER TABLE " + SqlNames.quote(newName) + " RENAME TO " + SqlNames.quote(desired.name()));
        sql.add("PRAGMA legacy_alter_table=OFF");
        indexes.forEach(index -> sql.add(index.sql()));
        triggers.forEach(trigger -> sql.add(trigger.sql()));
        sql.add("PRAGMA foreign_key_check(" + SqlNames.quote(desired.name()) + ")");
        return sql;
    }

    private String copy() {
        List<String> targets = new ArrayList<>();
        List<String> sources = new ArrayList<>();
        rowid().ifPresent(names -> {
            targets.add(names.target());
            sources.add(names.source());
        });
        for (var column : desired.columns()) {
            var source = current.column(column.name()).map(Column::name);
            if (source.isPresent() && !column.isGenerated()) {
                targets.add(SqlNames.quote(column.name()));
                sources.add(SqlNames.quote(source.get()));
            }
        }
        if (targets.isEmpty()) {
            targets.add(placeForNothing());
            sources.add("NULL");
        }
        return "INSERT OR ABORT INTO " + SqlNames.quote(newName) + "(" + String.join(", ", targets) + ") SELECT "
                + String.join(", ", sources) + " FROM " + SqlNames.quote(current.name());
    }

    /** Where nothing can be copied, rows are kept all the same: a column that takes NULL for "choose yourself". */
    private String placeForNothing() {
        return desired.rowidName()
                .orElseGet(() -> SqlNames.quote(desired.primaryKey()
                        .map(key -> key.columns().getFirst().column())
                        .orElseGet(() -> desired.columns().getFirst().name())));
    }

    /** How the rowid is called where it is written and where it is read. */
    private record RowidNames(String target, String source) {}

    private Optional<RowidNames> rowid() {
        if (current.isWithoutRowid() || desired.isWithoutRowid()) {
            return Optional.empty();
        }
        var key = desired.rowidColumn();
        if (key.isEmpty()) {
            return desired.rowidName().flatMap(target -> readableRowid().map(source -> new RowidNames(target, source)));
        }
        var isNewKey = current.column(key.get().name()).isEmpty()
                && current.rowidColumn().isEmpty();
        return isNewKey
                ? readableRowid()
                        .map(source -> new RowidNames(SqlNames.quote(key.get().name()), source))
                : Optional.empty();
    }

    private Optional<String> readableRowid() {
        return current.rowidName().or(() -> current.rowidColumn().map(column -> SqlNames.quote(column.name())));
    }
}
