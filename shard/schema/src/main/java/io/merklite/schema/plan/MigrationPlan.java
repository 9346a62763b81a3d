package io.merklite.schema.plan;

import io.merklite.schema.structure.Schema;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The steps from one schema to another, in order. A value; applying it is for {@code SchemaMigrator}.
 *
 * @param operations empty where nothing is to be done
 * @param warnings redundant indexes of the wanted schema
 * @param targetHash the hash of the schema that the plan leads to; empty for a plan read from JSON
 */
public record MigrationPlan(List<Operation> operations, List<RedundantIndex> warnings, Optional<String> targetHash) {
    public MigrationPlan {
        operations = List.copyOf(operations);
        warnings = List.copyOf(warnings);
    }

    /**
     * The plan from {@code current} to {@code desired}.
     *
     * @throws io.merklite.schema.SchemaException.DiffFailed if views refer to each other in a circle
     */
    public static MigrationPlan between(Schema current, Schema desired) {
        return SchemaDiff.plan(current, desired);
    }

    /**
     * The plan that {@link #toJson} wrote, or the reference implementation.
     *
     * @throws io.merklite.schema.SchemaException.MalformedJson if it is anything else
     */
    public static MigrationPlan fromJson(String json) {
        return PlanJson.read(json);
    }

    /** The JSON form, version 1. */
    public String toJson() {
        return PlanJson.write(this);
    }

    /** Whether there is nothing to do. */
    public boolean isEmpty() {
        return operations.isEmpty();
    }

    /** A line for each operation, and for each warning. */
    public String describe() {
        var steps = operations.stream().map(Operation::label);
        var notes = warnings.stream().map(warning -> "Warning: " + warning.message());
        return Stream.concat(steps, notes).map(line -> line + "\n").collect(Collectors.joining());
    }

    /**
     * The statements as a script for SQLite's shell, for review or for a database that Merklite does not manage; empty for
     * an empty plan. It does not record the migration, and a failure leaves it to the shell to roll back.
     */
    public String sql() {
        if (isEmpty()) {
            return "";
        }
        var steps = operations.stream()
                .map(operation -> "-- " + operation.label().replace("\n", " ") + "\n"
                        + operation.sql().stream().map(sql -> sql + ";\n").collect(Collectors.joining()))
                .collect(Collectors.joining());
        return "PRAGMA foreign_keys=OFF;\nBEGIN IMMEDIATE;\n" + steps + "COMMIT;\n";
    }
}
