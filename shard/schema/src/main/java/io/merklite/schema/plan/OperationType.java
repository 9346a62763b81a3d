package io.merklite.schema.plan;

import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import java.util.Arrays;
import java.util.Optional;

/** What an operation does; the name in JSON, and the words with which its first statement begins. */
public enum OperationType {
    CREATE_TABLE("CreateTable", "CREATE TABLE"),
    DROP_TABLE("DropTable", "DROP TABLE"),
    REBUILD_TABLE("RebuildTable", "CREATE TABLE|PRAGMA FOREIGN_KEYS"),
    ADD_COLUMN("AddColumn", "ALTER TABLE"),
    /** Only for a rename that the schema declares, or of the case of letters. */
    RENAME_TABLE("RenameTable", "ALTER TABLE"),
    /** Only for a rename that the schema declares, or of the case of letters. */
    RENAME_COLUMN("RenameColumn", "ALTER TABLE"),
    CREATE_INDEX("CreateIndex", "CREATE INDEX|CREATE UNIQUE"),
    DROP_INDEX("DropIndex", "DROP INDEX"),
    CREATE_VIEW("CreateView", "CREATE VIEW"),
    DROP_VIEW("DropView", "DROP VIEW"),
    CREATE_TRIGGER("CreateTrigger", "CREATE TRIGGER"),
    DROP_TRIGGER("DropTrigger", "DROP TRIGGER");

    private final String jsonName;
    private final String beginnings;

    /** Alternatives of {@code beginnings} are apart by bars. */
    OperationType(String jsonName, String beginnings) {
        this.jsonName = jsonName;
        this.beginnings = "|" + beginnings + "|";
    }

    /** The name in a plan's JSON, such as {@code CreateTable}. */
    public String jsonName() {
        return jsonName;
    }

    static Optional<OperationType> ofJsonName(String name) {
        return Arrays.stream(values())
                .filter(type -> type.jsonName.equals(name))
                .findFirst();
    }

    /** Whether a first statement {@code sql} is of this type. */
    boolean fits(String sql) {
        var words = SqlTokens.of(sql);
        return words.size() > 1
                && beginnings.contains("|" + SqlNames.upper(words.get(0).text()) + " "
                        + SqlNames.upper(words.get(1).text()) + "|");
    }
}
