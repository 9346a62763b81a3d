package io.merklite.schema.structure;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.merklite.schema.json.JsonFields;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The JSON form of a schema. Facts are there to be shown; reading back uses the statements under {@code sql} alone, so
 * that what is read is what SQLite says they mean.
 */
final class SchemaJson {
    private SchemaJson() {}

    static String write(Schema schema) {
        return JsonFields.print(JsonFields.object(root -> {
            root.add("tables", byName(schema.tables(), Table::name, SchemaJson::table));
            root.add("indexes", byName(schema.indexes(), Index::name, SchemaJson::index));
            root.add("views", byName(schema.views(), View::name, SchemaJson::view));
            root.add("triggers", byName(schema.triggers(), Trigger::name, SchemaJson::trigger));
        }));
    }

    static Schema read(String json) {
        var root = JsonFields.parse("schema", json);
        return Schema.parse(List.of("tables", "indexes", "views", "triggers").stream()
                .flatMap(kind -> root.membersOrNone(kind).stream())
                .map(object -> object.string("sql") + "\n;\n")
                .collect(Collectors.joining()));
    }

    private static <T> JsonObject byName(
            Collection<T> objects, Function<T, String> name, Function<T, JsonElement> form) {
        return JsonFields.object(json -> objects.forEach(object -> json.add(name.apply(object), form.apply(object))));
    }

    private static JsonObject table(Table table) {
        return JsonFields.object(json -> {
            json.add("columns", JsonFields.array(table.columns(), SchemaJson::column));
            table.primaryKey()
                    .flatMap(PrimaryKey::name)
                    .ifPresent(name -> json.addProperty("pk_constraint_name", name));
            json.addProperty("autoincrement", table.isAutoincrement());
            json.add("unique_constraints", JsonFields.array(table.uniqueKeys(), SchemaJson::uniqueKey));
            json.add("foreign_keys", JsonFields.array(table.foreignKeys(), SchemaJson::foreignKey));
            json.add("check_constraints", JsonFields.array(table.checks(), SchemaJson::check));
            json.addProperty("without_rowid", table.isWithoutRowid());
            json.addProperty("strict", table.isStrict());
            json.addProperty("sql", table.sql());
        });
    }

    private static JsonObject column(Column column) {
        return JsonFields.object(json -> {
            json.addProperty("name", column.name());
            json.addProperty("type", column.type());
            json.addProperty("notnull", column.isNotNull());
            json.addProperty("default_value", column.defaultValue().orElse(""));
            json.addProperty("pk", column.keyPosition());
            json.addProperty("collation", column.collation());
            json.addProperty("generated", column.generated().name());
            json.addProperty("generated_expr", column.expression());
            json.add("check_constraints", JsonFields.array(column.checks(), SchemaJson::check));
        });
    }

    private static JsonObject check(Check check) {
        return JsonFields.object(json -> {
            json.addProperty("name", check.name().orElse(""));
            json.addProperty("expression", check.expression());
        });
    }

    private static JsonObject uniqueKey(UniqueKey key) {
        return JsonFields.object(json -> {
            json.add("columns", JsonFields.array(key.columns(), SchemaJson::keyColumn));
            json.addProperty("on_conflict", key.conflict());
        });
    }

    private static JsonObject foreignKey(ForeignKey key) {
        return JsonFields.object(json -> {
            json.addProperty("constraint_name", key.name().orElse(""));
            json.add("from_columns", JsonFields.array(key.columns(), JsonPrimitive::new));
            json.addProperty("to_table", key.parent());
            json.add("to_columns", JsonFields.array(key.parentColumns(), JsonPrimitive::new));
            json.addProperty("on_update", key.onUpdate());
            json.addProperty("on_delete", key.onDelete());
            json.addProperty("deferred", key.isDeferred());
        });
    }

    private static JsonObject index(Index index) {
        return JsonFields.object(json -> {
            json.addProperty("table_name", index.table());
            json.add("columns", JsonFields.array(index.columns(), SchemaJson::keyColumn));
            json.addProperty("unique", index.isUnique());
            json.addProperty("where_clause", index.predicate());
            json.addProperty("sql", index.sql());
        });
    }

    private static JsonObject keyColumn(KeyColumn column) {
        return JsonFields.object(json -> {
            json.addProperty("name", column.column());
            json.addProperty("expression", column.expression());
            json.addProperty("collation", column.collation());
            json.addProperty("descending", column.isDescending());
        });
    }

    private static JsonObject view(View view) {
        return JsonFields.object(json -> json.addProperty("sql", view.sql()));
    }

    private static JsonObject trigger(Trigger trigger) {
        return JsonFields.object(json -> {
            json.addProperty("table_name", trigger.table());
            json.addProperty("sql", trigger.sql());
        });
    }
}
