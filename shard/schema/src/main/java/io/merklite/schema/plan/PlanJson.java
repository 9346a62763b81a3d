package io.merklite.schema.plan;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.merklite.schema.SchemaException;
import io.merklite.schema.json.JsonFields;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A plan as JSON, version 1: {@code {"version", "operations": [{type, object_name, description, sql, destructive,
 * requires_rebuild, loosens_only, data_dependent}], "warnings"?}}.
 *
 * <p>A plan is a program that the reader runs, so a statement that would leave its transaction or open a file is refused
 * here already.
 */
final class PlanJson {
    private static final long VERSION = 1;
    private static final Set<String> REFUSED =
            Set.of("BEGIN", "COMMIT", "END", "ROLLBACK", "ATTACH", "DETACH", "VACUUM");

    private PlanJson() {}

    static String write(MigrationPlan plan) {
        return JsonFields.print(JsonFields.object(json -> {
            json.addProperty("version", VERSION);
            json.add("operations", JsonFields.array(plan.operations(), PlanJson::operation));
            if (!plan.warnings().isEmpty()) {
                json.add("warnings", JsonFields.array(plan.warnings(), PlanJson::warning));
            }
        }));
    }

    static MigrationPlan read(String json) {
        var root = JsonFields.parse("plan", json);
        var version = root.integer("version");
        if (version != VERSION) {
            throw new SchemaException.MalformedJson("plan.version is " + version + ", must be " + VERSION);
        }
        return new MigrationPlan(
                root.objects("operations").stream().map(PlanJson::operation).toList(),
                root.objectsOrNone("warnings").stream().map(PlanJson::warning).toList(),
                Optional.empty());
    }

    private static JsonObject operation(Operation operation) {
        return JsonFields.object(json -> {
            json.addProperty("type", operation.type().jsonName());
            json.addProperty("object_name", operation.objectName());
            json.addProperty("description", operation.description());
            json.add("sql", JsonFields.array(operation.sql(), JsonPrimitive::new));
            json.addProperty("destructive", operation.isDestructive());
            json.addProperty("requires_rebuild", operation.requiresRebuild());
            json.addProperty("loosens_only", operation.loosensOnly());
            json.addProperty("data_dependent", operation.isDataDependent());
        });
    }

    private static Operation operation(JsonFields json) {
        var name = json.string("type");
        var type = OperationType.ofJsonName(name)
                .orElseThrow(() -> new SchemaException.MalformedJson("operation type " + name + " is unknown"));
        var operation = new Operation(
                type,
                json.string("object_name"),
                json.string("description"),
                json.strings("sql"),
                json.bool("destructive"),
                json.bool("requires_rebuild", type == OperationType.REBUILD_TABLE),
                json.bool("loosens_only", false),
                json.bool("data_dependent", false));
        check(operation);
        return operation;
    }

    private static void check(Operation operation) {
        var sql = operation.sql();
        if (!sql.isEmpty() && !operation.type().fits(sql.getFirst())) {
            throw new SchemaException.MalformedJson("the first statement of "
                    + operation.type().jsonName() + " " + operation.objectName() + " is of another type");
        }
        for (var statement : sql) {
            var tokens = SqlTokens.of(statement);
            if (!tokens.isEmpty()
                    && REFUSED.contains(SqlNames.upper(tokens.getFirst().text()))) {
                throw new SchemaException.MalformedJson(operation.objectName() + " has a statement "
                        + tokens.getFirst().text() + ", which no plan may have");
            }
            if (!isSingle(tokens)) {
                throw new SchemaException.MalformedJson(
                        operation.objectName() + " has more than one statement in one text");
            }
        }
    }

    /** Only a trigger has semicolons in it, and ends with the END that follows one. */
    private static boolean isSingle(List<Token> tokens) {
        var isTrigger = tokens.stream().limit(3).anyMatch(token -> token.is("TRIGGER"));
        for (var i = 1; i < tokens.size(); i++) {
            var isAfterSemicolon = tokens.get(i - 1).isSymbol(";");
            var isOver = isAfterSemicolon && (!isTrigger || tokens.get(i).is("END"));
            if (isOver && tokens.stream().skip(i + (isTrigger ? 1 : 0)).anyMatch(token -> !token.isSymbol(";"))) {
                return false;
            }
        }
        return true;
    }

    private static JsonObject warning(RedundantIndex warning) {
        return JsonFields.object(json -> {
            json.addProperty("type", "RedundantIndex");
            json.addProperty("message", warning.message());
            json.addProperty("index_name", warning.index());
            json.addProperty("covered_by", warning.coveredBy());
            json.addProperty("table_name", warning.table());
        });
    }

    private static RedundantIndex warning(JsonFields json) {
        return new RedundantIndex(json.string("index_name"), json.string("covered_by"), json.string("table_name"));
    }
}
