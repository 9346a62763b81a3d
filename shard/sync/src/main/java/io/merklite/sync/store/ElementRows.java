package io.merklite.sync.store;

import io.merklite.schema.merge.Element;
import io.merklite.schema.merge.ElementId;
import io.merklite.schema.merge.SchemaElements;
import io.merklite.schema.structure.Rename;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.DamagedStore;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Elements of a schema as rows of {@link ReplicatedSchema#TABLE}. */
record ElementRows(SchemaElements<Stamp> elements) {
    /*
     *   id       kind, quoted table, quoted name: one row for each element
     *   element  0x01 kind[1] then, with strings and stamps as WireWriter has them,
     *            kind 0, a rename:   table from to, the table empty where a table itself is renamed
     *            kinds 1 to 7:       table name stamp alive[1] name definition place
     *
     * Kinds 1 to 7 are TABLE, KEY, COLUMN, CONSTRAINT, INDEX, VIEW, TRIGGER; the place is a decimal number as text.
     */
    private static final int VERSION = 1;
    private static final int RENAME = 0;
    private static final List<ElementId.Kind> KINDS = List.of(
            ElementId.Kind.TABLE,
            ElementId.Kind.KEY,
            ElementId.Kind.COLUMN,
            ElementId.Kind.CONSTRAINT,
            ElementId.Kind.INDEX,
            ElementId.Kind.VIEW,
            ElementId.Kind.TRIGGER);
    private static final int TEXT_LIMIT = 1 << 20;
    private static final int PLACE_LIMIT = 4096;
    private static final String WHAT = "schema element";

    static ElementRows read(SqlStatements statements) throws SQLException {
        Map<ElementId, Element<Stamp>> elements = new TreeMap<>();
        List<Rename> renames = new ArrayList<>();
        try (var rows = statements
                .prepare("SELECT element FROM " + ReplicatedSchema.TABLE)
                .executeQuery()) {
            while (rows.next()) {
                read(rows.getBytes(1), elements, renames);
            }
        }
        return new ElementRows(new SchemaElements<>(elements, renames));
    }

    private static void read(byte[] bytes, Map<ElementId, Element<Stamp>> elements, List<Rename> renames) {
        var reader = new WireReader(WHAT, bytes, 0, bytes.length);
        var version = reader.uint8();
        if (version != VERSION) {
            throw new DamagedStore("a schema element has version " + version + ", this version knows " + VERSION);
        }
        var kind = reader.uint8();
        if (kind > KINDS.size()) {
            throw new Malformed(WHAT, 1, "kind " + kind);
        }
        var table = reader.string(TEXT_LIMIT);
        if (kind == RENAME) {
            var of = Optional.of(table).filter(name -> !name.isEmpty());
            renames.add(new Rename(of, reader.string(TEXT_LIMIT), reader.string(TEXT_LIMIT)));
        } else {
            var id = new ElementId(KINDS.get(kind - 1), table, reader.string(TEXT_LIMIT));
            var stamp = reader.stamp();
            var isAlive = reader.uint8() != 0;
            elements.put(
                    id,
                    new Element<>(stamp, isAlive, reader.string(TEXT_LIMIT), reader.string(TEXT_LIMIT), place(reader)));
        }
        reader.expectEnd();
    }

    private static BigDecimal place(WireReader reader) {
        var start = reader.position();
        var text = reader.string(PLACE_LIMIT);
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException e) {
            throw new Malformed(WHAT, start, "a place that is no number");
        }
    }

    boolean isEmpty() {
        return elements.elements().isEmpty();
    }

    /** What a row of this element is called. */
    static String id(ElementId id) {
        return id.kind().name().toLowerCase(Locale.ROOT) + " " + Identifiers.quote(id.table()) + " "
                + Identifiers.quote(id.name());
    }

    static void write(SqlStatements statements, ElementId id, Element<Stamp> element) throws SQLException {
        var bytes = new WireWriter()
                .uint8(VERSION)
                .uint8(KINDS.indexOf(id.kind()) + 1)
                .string(id.table())
                .string(id.name())
                .stamp(element.stamp())
                .uint8(element.isAlive() ? 1 : 0)
                .string(element.name())
                .string(element.definition())
                .string(element.place().toString())
                .toByteArray();
        write(statements, id(id), bytes);
    }

    static void write(SqlStatements statements, Rename rename) throws SQLException {
        var table = rename.table().orElse("");
        var bytes = new WireWriter()
                .uint8(VERSION)
                .uint8(RENAME)
                .string(table)
                .string(rename.from())
                .string(rename.to())
                .toByteArray();
        var id = "rename " + Identifiers.quote(table) + " " + Identifiers.quote(rename.from()) + " "
                + Identifiers.quote(rename.to());
        write(statements, id, bytes);
    }

    private static void write(SqlStatements statements, String id, byte[] element) throws SQLException {
        var insert = statements.prepare("INSERT INTO " + ReplicatedSchema.TABLE
                + " VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET element = excluded.element");
        insert.setString(1, id);
        insert.setBytes(2, element);
        insert.executeUpdate();
    }
}
