package io.merklite.schema.structure;

import io.merklite.schema.SchemaException;
import io.merklite.schema.database.ScratchDatabase;
import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.text.SqlNames;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The structure of a database: tables, indexes, views and triggers, by name without regard to case.
 *
 * <p>A value: immutable, safe for every thread. {@link #equals} compares structure, so formatting, comments, statement
 * order and constraint names that don't matter are ignored, and so are renames. The exact case of names, the order of
 * columns, and the exact text of views and triggers count.
 */
public final class Schema {
    /** No objects at all. */
    public static final Schema EMPTY = new Schema(List.of(), List.of(), List.of(), List.of(), List.of());

    private final NavigableMap<String, Table> tables;
    private final NavigableMap<String, Index> indexes;
    private final NavigableMap<String, View> views;
    private final NavigableMap<String, Trigger> triggers;
    private final List<Rename> renames;
    private final String listing;

    Schema(
            Collection<Table> tables,
            Collection<Index> indexes,
            Collection<View> views,
            Collection<Trigger> triggers,
            List<Rename> renames) {
        this.tables = byName(tables, Table::name);
        this.indexes = byName(indexes, Index::name);
        this.views = byName(views, View::name);
        this.triggers = byName(triggers, Trigger::name);
        this.renames = List.copyOf(renames);
        this.listing = listing(this);
    }

    private static <T> NavigableMap<String, T> byName(Collection<T> objects, Function<T, String> name) {
        NavigableMap<String, T> sorted = new TreeMap<>(SqlNames.IGNORING_CASE);
        objects.forEach(object -> sorted.put(name.apply(object), object));
        return Collections.unmodifiableNavigableMap(sorted);
    }

    /**
     * What {@code ddl} makes of an empty database, with the renames that its comments declare.
     *
     * @throws SchemaException.ParseFailed if SQLite does not accept it
     * @throws SchemaException.ExtractFailed if it has a virtual table
     */
    public static Schema parse(String ddl) {
        var renames = Rename.declaredIn(ddl);
        try (var scratch = ScratchDatabase.open()) {
            scratch.connection().execute(ddl);
            return new SchemaReader(scratch.connection()).read().withRenames(renames);
        } catch (SQLException e) {
            throw new SchemaException.ParseFailed("the schema's text", e);
        }
    }

    /**
     * The structure of the schema {@code main}. Reads the catalogue only; begins no transaction.
     *
     * @throws SchemaException.ExtractFailed if it has a virtual table
     * @throws SchemaException.DatabaseFailure if SQLite fails
     */
    public static Schema extract(Connection connection) {
        return extract(new SqliteConnection(connection));
    }

    /** Internal: {@link #extract(Connection)}. */
    public static Schema extract(SqliteConnection connection) {
        try {
            return new SchemaReader(connection).read();
        } catch (SQLException e) {
            throw new SchemaException.DatabaseFailure("reading the schema", e);
        }
    }

    /**
     * Internal: {@link #extract(Connection)} without some tables, virtual ones too, and without their indexes and triggers.
     *
     * @param isWanted says of a table by its name whether it is read
     */
    public static Schema extract(SqliteConnection connection, Predicate<String> isWanted) {
        try {
            return new SchemaReader(connection, isWanted).read();
        } catch (SQLException e) {
            throw new SchemaException.DatabaseFailure("reading the schema", e);
        }
    }

    /** The structure that {@link #toJson} wrote. */
    public static Schema fromJson(String json) {
        return SchemaJson.read(json);
    }

    /** The JSON form: objects {@code tables}, {@code indexes}, {@code views}, {@code triggers}, each keyed by name. */
    public String toJson() {
        return SchemaJson.write(this);
    }

    /**
     * This structure with the declared renames {@code added} to those it has.
     *
     * @throws SchemaException.ParseFailed if a new name is not here, or an old one still is
     */
    public Schema withRenames(List<Rename> added) {
        var all = Stream.concat(renames.stream(), added.stream()).distinct().toList();
        var schema = new Schema(tables.values(), indexes.values(), views.values(), triggers.values(), all);
        all.forEach(rename -> rename.checkAgainst(schema));
        return schema;
    }

    /** Only the tables that {@code isWanted}, without indexes, views and triggers: what replication compares. */
    public Schema onlyTables(Predicate<Table> isWanted) {
        var wanted = tables.values().stream().filter(isWanted).toList();
        return new Schema(wanted, List.of(), List.of(), List.of(), List.of());
    }

    /** Internal: this structure without some indexes. */
    public Schema withoutIndexes(Collection<Index> left) {
        var kept = indexes().stream().filter(index -> !left.contains(index)).toList();
        return new Schema(tables(), kept, views(), triggers(), renames);
    }

    /** Internal: this structure, in which one table and its indexes are as {@code other} has them: missing, perhaps. */
    public Schema withTableOf(Schema other, String table) {
        return new Schema(
                replaced(tables(), other.tables(), Table::name, table),
                replaced(indexes(), other.indexes(), Index::table, table),
                views(),
                triggers(),
                renames);
    }

    private static <T> List<T> replaced(
            Collection<T> ours, Collection<T> theirs, Function<T, String> tableOf, String table) {
        return Stream.concat(
                        ours.stream().filter(object -> !SqlNames.same(tableOf.apply(object), table)),
                        theirs.stream().filter(object -> SqlNames.same(tableOf.apply(object), table)))
                .toList();
    }

    /** Internal: these tables and indexes with the views and triggers of {@code other}. */
    public Schema withCodeOf(Schema other) {
        return new Schema(tables.values(), indexes.values(), other.views(), other.triggers(), other.renames);
    }

    /** SHA-256 over the structure, in hex: equal for equal schemas, however they are written. */
    public String hash() {
        var whole = new Listing();
        whole.line("merklite schema 1", listing);
        return whole.sha256();
    }

    /** Statements that make this structure in an empty database, and the comments that declare its renames. */
    public String ddl() {
        List<String> statements = new ArrayList<>();
        renames.forEach(rename -> statements.add("-- merklite:rename " + directive(rename)));
        Stream.of(
                        tables().stream().map(Table::sql),
                        indexes().stream().map(Index::sql),
                        views().stream().map(View::sql),
                        triggers().stream().map(Trigger::sql))
                .flatMap(Function.identity())
                .forEach(sql -> statements.add(sql + "\n;"));
        return statements.stream().map(statement -> statement + "\n").collect(Collectors.joining());
    }

    private static String directive(Rename rename) {
        var from = SqlNames.quote(rename.from());
        return rename.table()
                        .map(table -> "column " + SqlNames.quote(table) + "." + from)
                        .orElse("table " + from) + " -> " + SqlNames.quote(rename.to());
    }

    /** The tables by name. */
    public Collection<Table> tables() {
        return tables.values();
    }

    /** The indexes by name. */
    public Collection<Index> indexes() {
        return indexes.values();
    }

    /** The views by name. */
    public Collection<View> views() {
        return views.values();
    }

    /** The triggers by name. */
    public Collection<Trigger> triggers() {
        return triggers.values();
    }

    /** The declared renames, in order; not part of the structure. */
    public List<Rename> renames() {
        return renames;
    }

    /** The table of that name, whatever its case. */
    public Optional<Table> table(String name) {
        return Optional.ofNullable(tables.get(name));
    }

    /** The index of that name, whatever its case. */
    public Optional<Index> index(String name) {
        return Optional.ofNullable(indexes.get(name));
    }

    /** The view of that name, whatever its case. */
    public Optional<View> view(String name) {
        return Optional.ofNullable(views.get(name));
    }

    /** The trigger of that name, whatever its case. */
    public Optional<Trigger> trigger(String name) {
        return Optional.ofNullable(triggers.get(name));
    }

    private static String listing(Schema schema) {
        var listing = new Listing();
        schema.tables().forEach(table -> table.describe(listing));
        schema.indexes().forEach(index -> listing.line(index.canonical()));
        schema.views().forEach(view -> listing.line("view", view.name(), view.sql()));
        schema.triggers()
                .forEach(trigger ->
                        listing.line("trigger", trigger.name(), Listing.name(trigger.table()), trigger.sql()));
        return listing.text();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Schema schema && listing.equals(schema.listing);
    }

    @Override
    public int hashCode() {
        return listing.hashCode();
    }

    /** The statements. */
    @Override
    public String toString() {
        return ddl();
    }
}
