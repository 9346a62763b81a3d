package io.merklite.schema.merge;

import io.merklite.schema.structure.Column;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.structure.Table;
import io.merklite.schema.text.CanonicalText;
import io.merklite.schema.text.Clause;
import io.merklite.schema.text.ColumnText;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.TableText;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A schema taken apart into elements. */
final class SchemaParts {
    private final Map<ElementId, Part> parts = new LinkedHashMap<>();
    private final Map<String, CanonicalText> canonical = new HashMap<>();

    /** An element as the schema's text has it. */
    record Part(String name, String definition) {}

    /** @param identity what a table, by its folded name, is known by */
    SchemaParts(Schema schema, UnaryOperator<String> identity) {
        schema.tables().forEach(table -> add(table, identity.apply(SqlNames.fold(table.name()))));
        schema.indexes().forEach(index -> put(ElementId.Kind.INDEX, "", index.name(), index.name(), index.sql()));
        schema.views().forEach(view -> put(ElementId.Kind.VIEW, "", view.name(), view.name(), view.sql()));
        schema.triggers()
                .forEach(trigger -> put(ElementId.Kind.TRIGGER, "", trigger.name(), trigger.name(), trigger.sql()));
    }

    /** All parts; columns and constraints in the order of their table. */
    Map<ElementId, Part> all() {
        return parts;
    }

    /** Whether the two definitions of {@code id} say the same. */
    boolean areSame(ElementId id, String one, String other) {
        return switch (id.kind()) {
            case VIEW, TRIGGER -> one.equals(other);
            default -> {
                var form = canonical.getOrDefault(id.table(), new CanonicalText("", List.of()));
                yield form.of(one).equals(form.of(other));
            }
        };
    }

    private void add(Table table, String name) {
        var text = TableText.parse(table.sql());
        var form = new CanonicalText(
                table.name(), table.columns().stream().map(Column::name).toList());
        canonical.put(name, form);
        put(ElementId.Kind.TABLE, "", name, table.name(), text.options());
        for (var column : text.columns()) {
            column.clauses(Clause.Kind.PRIMARY_KEY)
                    .forEach(clause -> put(
                            ElementId.Kind.KEY,
                            name,
                            "",
                            "",
                            SqlNames.quote(column.name()) + " " + text.textOf(clause)));
            put(ElementId.Kind.COLUMN, name, column.name(), column.name(), withoutKey(column));
        }
        for (var clause : text.constraints()) {
            var definition = text.textOf(clause);
            if (clause.kind() == Clause.Kind.PRIMARY_KEY) {
                put(ElementId.Kind.KEY, name, "", "", definition);
            } else {
                putConstraint(name, form.of(definition), definition);
            }
        }
    }

    private static String withoutKey(ColumnText column) {
        return column.definitionWithout(Clause.Kind.PRIMARY_KEY);
    }

    /** A constraint that is written twice counts twice. */
    private void putConstraint(String table, String canonicalText, String definition) {
        var text = canonicalText;
        for (var i = 2; parts.containsKey(id(ElementId.Kind.CONSTRAINT, table, text)); i++) {
            text = canonicalText + " #" + i;
        }
        put(ElementId.Kind.CONSTRAINT, table, text, "", definition);
    }

    private void put(ElementId.Kind kind, String table, String key, String name, String definition) {
        parts.put(id(kind, table, key), new Part(name, definition));
    }

    private static ElementId id(ElementId.Kind kind, String table, String key) {
        return new ElementId(kind, SqlNames.fold(table), kind == ElementId.Kind.CONSTRAINT ? key : SqlNames.fold(key));
    }
}
