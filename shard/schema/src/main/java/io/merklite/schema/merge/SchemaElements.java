package io.merklite.schema.merge;

import io.merklite.schema.structure.Rename;
import io.merklite.schema.structure.Schema;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * A schema as a map of elements, each with the stamp of its last writer.
 *
 * <p>Two replicas that changed a common schema merge their maps, and get the same one:
 *
 * <pre>{@code
 * var common = SchemaElements.of(Schema.parse("CREATE TABLE t(a)"), 1L);
 * var here = common.changedTo(Schema.parse("CREATE TABLE t(a, b)"), 2L);
 * var there = common.changedTo(Schema.parse("CREATE TABLE t(a); CREATE INDEX i ON t(a)"), 3L);
 * var merged = here.merge(there).assemble().schema(); // t(a, b), i
 * }</pre>
 *
 * <p><b>Invariants.</b> (1) {@code merge} is commutative, associative and idempotent. (2) A map that one writer made is
 * assembled to that writer's schema. (3) What one side adds and the other leaves alone is in the merged schema.
 *
 * <p>A dropped table comes back when a column of it was written later than the drop. A value: immutable.
 *
 * @param <S> orders changes; equal only for changes of one writer
 */
public final class SchemaElements<S extends Comparable<? super S>> {
    private final NavigableMap<ElementId, Element<S>> elements;
    private final NavigableSet<Rename> renames;

    /**
     * Internal: a map as it came from another replica.
     *
     * @param elements by id
     * @param renames that any writer declared
     */
    public SchemaElements(Map<ElementId, Element<S>> elements, List<Rename> renames) {
        this.elements = Collections.unmodifiableNavigableMap(new TreeMap<>(elements));
        NavigableSet<Rename> sorted = new TreeSet<>(Comparator.comparing(Rename::label));
        sorted.addAll(renames);
        this.renames = Collections.unmodifiableNavigableSet(sorted);
    }

    /** All of {@code schema}, written at {@code stamp}. */
    public static <S extends Comparable<? super S>> SchemaElements<S> of(Schema schema, S stamp) {
        return of(schema, stamp, UnaryOperator.identity());
    }

    /** Internal: {@link #of(Schema, Comparable)} where tables are {@linkplain ElementId#table known} otherwise. */
    public static <S extends Comparable<? super S>> SchemaElements<S> of(
            Schema schema, S stamp, UnaryOperator<String> identity) {
        return new SchemaElements<S>(Map.of(), List.of()).changedTo(schema, stamp, identity);
    }

    /**
     * What {@code local} and {@code remote} become together, if both grew from {@code base}. The result is the same with
     * the two exchanged.
     */
    public static <S extends Comparable<? super S>> Assembly threeWay(
            Schema base, S baseStamp, Schema local, S localStamp, Schema remote, S remoteStamp) {
        var common = of(base, baseStamp);
        return common.changedTo(local, localStamp)
                .merge(common.changedTo(remote, remoteStamp))
                .assemble();
    }

    /**
     * A merged schema.
     *
     * @param schema of all elements that fit together
     * @param omitted those that live but do not fit, such as an index on a column that is gone
     * @param tables by name in lower case what each table {@linkplain ElementId#table is known by}
     */
    public record Assembly(Schema schema, List<ElementId> omitted, Map<String, String> tables) {
        public Assembly {
            omitted = List.copyOf(omitted);
            tables = Map.copyOf(tables);
        }
    }

    /**
     * This map after its owner has migrated to {@code next}: what differs gets the new stamp, what is gone is dropped.
     *
     * @throws IllegalArgumentException if an element that changes is newer than {@code stamp}
     */
    public SchemaElements<S> changedTo(Schema next, S stamp) {
        return changedTo(next, stamp, UnaryOperator.identity());
    }

    /**
     * Internal: {@link #changedTo(Schema, Comparable)} where tables are known otherwise than by their names.
     *
     * @param identity of a table by its name in lower case what its elements {@linkplain ElementId#table belong to}
     */
    public SchemaElements<S> changedTo(Schema next, S stamp, UnaryOperator<String> identity) {
        var parts = new SchemaParts(next, identity);
        var places = places(parts);
        Map<ElementId, Element<S>> changed = new TreeMap<>(elements);
        parts.all().forEach((id, part) -> {
            var old = Optional.ofNullable(elements.get(id));
            var place = places.getOrDefault(id, BigDecimal.ZERO);
            var stays = old.filter(element -> element.isAlive()
                            && element.name().equals(part.name())
                            && element.place().compareTo(place) == 0
                            && parts.areSame(id, element.definition(), part.definition()))
                    .isPresent();
            if (!stays) {
                changed.put(id, new Element<>(stamp, true, part.name(), part.definition(), place));
            }
        });
        elements.forEach((id, element) -> {
            var isGone = element.isAlive() && !parts.all().containsKey(id) && !sleeps(id, parts);
            if (isGone) {
                changed.put(id, element.dropped(stamp));
            }
        });
        changed.forEach((id, element) -> checkOrder(id, element, stamp));
        var allRenames = new ArrayList<>(renames);
        allRenames.addAll(next.renames());
        return new SchemaElements<>(changed, allRenames);
    }

    /** Parts of a dropped table stay as they are: the table may come back. */
    private static boolean sleeps(ElementId id, SchemaParts parts) {
        return !id.table().isEmpty() && !parts.all().containsKey(new ElementId(ElementId.Kind.TABLE, "", id.table()));
    }

    private void checkOrder(ElementId id, Element<S> element, S stamp) {
        var old = elements.get(id);
        if (old != null && !old.equals(element) && old.stamp().compareTo(stamp) >= 0) {
            throw new IllegalArgumentException("stamp " + stamp + " must be after " + old.stamp() + " of " + id);
        }
    }

    private Map<ElementId, BigDecimal> places(SchemaParts parts) {
        Map<ElementId, BigDecimal> places = new LinkedHashMap<>();
        parts.all().keySet().stream()
                .filter(id -> id.kind() == ElementId.Kind.COLUMN || id.kind() == ElementId.Kind.CONSTRAINT)
                .collect(Collectors.groupingBy(id -> new ElementId(id.kind(), id.table(), "")))
                .values()
                .forEach(ids -> {
                    var assigned = Places.assign(ids.stream()
                            .map(id -> Optional.ofNullable(elements.get(id)).map(Element::place))
                            .toList());
                    for (var i = 0; i < ids.size(); i++) {
                        places.put(ids.get(i), assigned.get(i));
                    }
                });
        return places;
    }

    /** Both maps in one: of each element the later state. */
    public SchemaElements<S> merge(SchemaElements<S> other) {
        Map<ElementId, Element<S>> merged = new TreeMap<>(elements);
        other.elements.forEach((id, element) -> merged.merge(id, element, Element::join));
        var allRenames = new ArrayList<>(renames);
        allRenames.addAll(other.renames);
        return new SchemaElements<>(merged, allRenames);
    }

    /**
     * The schema that the living elements make.
     *
     * @throws io.merklite.schema.SchemaException.Unmergeable if a table can't be made of its elements
     */
    public Assembly assemble() {
        return new SchemaAssembly<>(this).assemble();
    }

    /** Internal: whether there is this table: a dropped one lives on if one of its columns was written after the drop. */
    public boolean hasTable(String table) {
        var state = elements.get(new ElementId(ElementId.Kind.TABLE, "", table));
        return state != null
                && (state.isAlive()
                        || elements.entrySet().stream()
                                .anyMatch(entry -> entry.getKey().kind() == ElementId.Kind.COLUMN
                                        && entry.getKey().table().equals(table)
                                        && entry.getValue().isAlive()
                                        && entry.getValue().stamp().compareTo(state.stamp()) > 0));
    }

    /** Every element, living or dropped, in order. */
    public NavigableMap<ElementId, Element<S>> elements() {
        return elements;
    }

    /** Every rename that any writer declared. */
    public List<Rename> renames() {
        return List.copyOf(renames);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SchemaElements<?> map && elements.equals(map.elements) && renames.equals(map.renames);
    }

    @Override
    public int hashCode() {
        return Objects.hash(elements, renames);
    }

    @Override
    public String toString() {
        return elements.toString();
    }
}
