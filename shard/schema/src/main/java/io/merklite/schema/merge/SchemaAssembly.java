package io.merklite.schema.merge;

import io.merklite.schema.SchemaException;
import io.merklite.schema.database.ScratchDatabase;
import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.structure.Rename;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.TableText;
import io.merklite.schema.text.Token;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Puts a schema together from elements, in a scratch database that says what fits.
 *
 * <p>Every step depends on the elements alone, and tries them in their own order, so that all replicas leave out the same.
 * A table is never left out, since that would be a loss of rows: where its columns do not fit each other, dropped columns
 * stay, then STRICT goes, then what is written at columns beyond their type.
 */
final class SchemaAssembly<S extends Comparable<? super S>> {
    private final SchemaElements<S> map;
    private final Map<ElementId, Element<S>> elements;
    private final List<Rename> renames;
    private final List<ElementId> omitted = new ArrayList<>();

    SchemaAssembly(SchemaElements<S> map) {
        this.map = map;
        this.elements = map.elements();
        this.renames = map.renames();
    }

    SchemaElements.Assembly assemble() {
        try (var scratch = ScratchDatabase.open()) {
            var connection = scratch.connection();
            Map<String, String> tables = new HashMap<>();
            for (var table : of(ElementId.Kind.TABLE, "").entrySet()) {
                var id = table.getKey();
                if (map.hasTable(id.name())) {
                    createTable(connection, id);
                    tables.put(SqlNames.fold(table.getValue().name()), id.name());
                }
            }
            for (var kind : List.of(ElementId.Kind.INDEX, ElementId.Kind.VIEW, ElementId.Kind.TRIGGER)) {
                createObjects(connection, kind);
            }
            var schema = withoutCircles(connection);
            return new SchemaElements.Assembly(schema.withRenames(fitting(schema)), omitted, tables);
        } catch (SQLException e) {
            throw new SchemaException.DatabaseFailure("putting a schema together", e);
        }
    }

    private Map<ElementId, Element<S>> of(ElementId.Kind kind, String table) {
        Map<ElementId, Element<S>> found = new LinkedHashMap<>();
        elements.forEach((id, element) -> {
            if (id.kind() == kind && id.table().equals(table)) {
                found.put(id, element);
            }
        });
        return found;
    }

    private void createTable(SqliteConnection connection, ElementId id) throws SQLException {
        var table = tableStatements(id);
        var columns = table.firstThatFits(connection);
        List<String> kept = new ArrayList<>();
        for (var constraint : constraints(id)) {
            kept.add(constraint.getValue().definition());
            if (!fits(connection, columns.with(kept))) {
                kept.removeLast();
                omitted.add(constraint.getKey());
            }
        }
        connection.execute(columns.with(kept));
    }

    private List<Map.Entry<ElementId, Element<S>>> constraints(ElementId table) {
        return of(ElementId.Kind.CONSTRAINT, table.name()).entrySet().stream()
                .filter(entry -> entry.getValue().isAlive())
                .sorted(Comparator.comparing((Map.Entry<ElementId, Element<S>> entry) ->
                                entry.getValue().place())
                        .thenComparing(Map.Entry::getKey))
                .toList();
    }

    private TableStatements tableStatements(ElementId id) {
        var state = Optional.ofNullable(elements.get(id));
        var key = Optional.ofNullable(elements.get(new ElementId(ElementId.Kind.KEY, id.name(), "")))
                .filter(Element::isAlive)
                .map(Element::definition);
        return new TableStatements(
                state.map(Element::name).orElse(id.name()),
                columns(id, Element::isAlive),
                columns(id, column -> true),
                key,
                state.map(Element::definition).orElse(""));
    }

    private List<String> columns(ElementId table, Predicate<Element<S>> isWanted) {
        return of(ElementId.Kind.COLUMN, table.name()).entrySet().stream()
                .filter(entry -> isWanted.test(entry.getValue()))
                .sorted(Comparator.comparing((Map.Entry<ElementId, Element<S>> entry) ->
                                entry.getValue().place())
                        .thenComparing(Map.Entry::getKey))
                .map(entry -> entry.getValue().definition())
                .toList();
    }

    private void createObjects(SqliteConnection connection, ElementId.Kind kind) throws SQLException {
        for (var entry : of(kind, "").entrySet()) {
            var element = entry.getValue();
            if (element.isAlive() && fits(connection, element.definition())) {
                connection.execute(element.definition());
            } else if (element.isAlive()) {
                omitted.add(entry.getKey());
            }
        }
    }

    /** Whether SQLite would take the statement; it leaves nothing behind. */
    private static boolean fits(SqliteConnection connection, String sql) throws SQLException {
        connection.execute("SAVEPOINT trial");
        try {
            connection.execute(sql);
            return true;
        } catch (SQLException e) {
            if (e.getErrorCode() != SqliteConnection.SQLITE_ERROR) {
                throw e;
            }
            return false;
        } finally {
            connection.execute("ROLLBACK TO trial; RELEASE trial");
        }
    }

    /** Views that refer to each other in a circle only together: the latest of them go. */
    private Schema withoutCircles(SqliteConnection connection) throws SQLException {
        var latestFirst = of(ElementId.Kind.VIEW, "").entrySet().stream()
                .filter(entry -> entry.getValue().isAlive() && !omitted.contains(entry.getKey()))
                .sorted(Comparator.comparing(
                                (Map.Entry<ElementId, Element<S>> entry) ->
                                        entry.getValue().stamp(),
                                (one, two) -> two.compareTo(one))
                        .thenComparing(Map.Entry::getKey))
                .toList();
        var schema = Schema.extract(connection);
        for (var view : latestFirst) {
            if (!hasCircle(schema)) {
                break;
            }
            connection.execute("DROP VIEW " + SqlNames.quote(view.getValue().name()));
            omitted.add(view.getKey());
            schema = Schema.extract(connection);
        }
        return schema;
    }

    private static boolean hasCircle(Schema schema) {
        try {
            MigrationPlan.between(Schema.EMPTY, schema);
            return false;
        } catch (SchemaException.DiffFailed circle) {
            return true;
        }
    }

    /** The declared renames that lead to what is there. */
    private List<Rename> fitting(Schema schema) {
        return renames.stream()
                .filter(rename -> rename.table()
                        .map(table -> schema.table(table)
                                .filter(found -> found.column(rename.to()).isPresent()
                                        && found.column(rename.from()).isEmpty())
                                .isPresent())
                        .orElseGet(() -> schema.table(rename.to()).isPresent()
                                && schema.table(rename.from()).isEmpty()))
                .toList();
    }

    /**
     * The statements that might make a table.
     *
     * @param name as written
     * @param columns those that live
     * @param allColumns those that were dropped as well
     * @param key PRIMARY KEY, after its column's name where it stands at a column
     * @param options STRICT, WITHOUT ROWID
     */
    private record TableStatements(
            String name, List<String> columns, List<String> allColumns, Optional<String> key, String options) {
        /** A statement that waits for constraints. */
        private record Columns(String name, List<String> parts, String options) {
            String with(List<String> constraints) {
                return "CREATE TABLE " + SqlNames.quote(name) + "("
                        + Stream.concat(parts.stream(), constraints.stream()).collect(Collectors.joining(",\n  "))
                        + "\n) " + options;
            }
        }

        Columns firstThatFits(SqliteConnection connection) throws SQLException {
            var bare = allColumns.stream().map(TableStatements::nameAndType).toList();
            var loose = options.toUpperCase(Locale.ROOT).contains("WITHOUT") ? "WITHOUT ROWID" : "";
            var candidates = List.of(
                    statement(columns, options),
                    statement(columns, loose),
                    statement(allColumns, options),
                    statement(allColumns, loose),
                    statement(bare, loose),
                    statement(bare, ""));
            for (var candidate : candidates) {
                if (fits(connection, candidate.with(List.of()))) {
                    return candidate;
                }
            }
            try {
                connection.execute(candidates.getFirst().with(List.of()));
            } catch (SQLException e) {
                throw new SchemaException.Unmergeable("table " + name, e);
            }
            return candidates.getFirst();
        }

        /** A key whose column is missing stands alone, so that SQLite refuses the statement. */
        private Columns statement(List<String> definitions, String tableOptions) {
            var keyColumn = key.map(text -> SqlTokens.of(text).getFirst())
                    .filter(token -> token.kind() == Token.Kind.QUOTED)
                    .map(Token::name);
            List<String> parts = new ArrayList<>();
            var isPlaced = false;
            for (var definition : definitions) {
                var isKey = keyColumn.isPresent() && SqlNames.same(keyColumn.get(), nameOf(definition));
                parts.add(isKey ? withKey(definition) : definition);
                isPlaced |= isKey;
            }
            if (!isPlaced) {
                key.map(text -> keyColumn
                                .map(column -> "PRIMARY KEY (" + SqlNames.quote(column) + ")")
                                .orElse(text))
                        .ifPresent(parts::add);
            }
            return new Columns(name, parts, tableOptions);
        }

        private String withKey(String definition) {
            var text = key.orElseThrow();
            return definition + " "
                    + text.substring(SqlTokens.of(text).getFirst().end());
        }

        private static String nameOf(String definition) {
            return SqlTokens.of(definition).getFirst().name();
        }

        private static String nameAndType(String definition) {
            return TableText.parse("CREATE TABLE t(" + definition + ")")
                    .columns()
                    .getFirst()
                    .nameAndType();
        }
    }
}
