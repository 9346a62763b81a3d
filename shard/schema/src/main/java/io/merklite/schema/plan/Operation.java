package io.merklite.schema.plan;

import java.util.List;

/**
 * A step of a plan.
 *
 * @param type what it does
 * @param objectName to which table, index, view or trigger
 * @param description for people: with what it loses, and on what it depends
 * @param sql the statements, in order
 * @param isDestructive whether something is lost: a table, a column, or an index, view or trigger that is not made again
 * @param requiresRebuild whether a table is copied
 * @param loosensOnly whether a rebuild does no more than to remove NOT NULL, CHECK and foreign keys
 * @param isDataDependent whether it fails if the rows that are there do not fit
 */
public record Operation(
        OperationType type,
        String objectName,
        String description,
        List<String> sql,
        boolean isDestructive,
        boolean requiresRebuild,
        boolean loosensOnly,
        boolean isDataDependent) {
    public Operation {
        sql = List.copyOf(sql);
    }

    static Operation harmless(OperationType type, String objectName, String description, String... sql) {
        return new Operation(type, objectName, description, List.of(sql), false, false, false, false);
    }

    static Operation destructive(OperationType type, String objectName, String description, String... sql) {
        return new Operation(type, objectName, description, List.of(sql), true, false, false, false);
    }

    /** One line for people. */
    public String label() {
        return type.jsonName() + " " + objectName + ": " + description;
    }
}
