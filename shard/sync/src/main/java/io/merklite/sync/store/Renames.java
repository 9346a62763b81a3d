package io.merklite.sync.store;

import io.merklite.schema.merge.ElementId;
import io.merklite.schema.structure.Rename;
import io.merklite.session.catalog.Identifiers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What tables and columns were called before, as their writers declared it. Tables are known by their {@linkplain
 * TableIdentities identities}; names are folded.
 *
 * @param all renames of tables and columns, in any order
 */
record Renames(List<Rename> all) {
    static final Renames NONE = new Renames(List.of());

    Renames {
        all = List.copyOf(all);
    }

    /** Whether a table was taken away from this identity: no other one is given it. */
    boolean isSpent(String identity) {
        return !targets(Optional.empty(), identity).isEmpty();
    }

    /** What a new table of this name is known by. */
    String unspent(String name) {
        var identity = name;
        while (isSpent(identity)) {
            identity = TableIdentities.next(identity);
        }
        return identity;
    }

    /** The earlier name of a column that {@code isKnown}; none if there is none. */
    Optional<String> columnBefore(String table, String now, Predicate<String> isKnown) {
        return reached(now, name -> sources(Optional.of(table), name), isKnown);
    }

    /** Which table that {@code isThere} has what was written to another one, or to this; none if it is gone. */
    Optional<String> tableNow(String then, Predicate<String> isThere) {
        List<String> found = new ArrayList<>();
        reached(then, this::successors, identity -> isThere.test(identity) && !found.add(identity));
        return found.isEmpty() ? Optional.of(then).filter(isThere) : Optional.of(found.getLast());
    }

    /** Tables that were each renamed to the next, and the last to the first, with this one among them; or it alone. */
    Set<String> circle(String identity) {
        Set<String> circle = new TreeSet<>(Set.of(identity));
        closure(identity, name -> targets(Optional.empty(), name)).stream()
                .filter(other ->
                        closure(other, name -> targets(Optional.empty(), name)).contains(identity))
                .forEach(circle::add);
        return circle;
    }

    /** What a table was before, by any number of renames, and is. */
    Set<String> tablesBefore(String identity) {
        return closure(identity, name -> sources(Optional.empty(), name));
    }

    /** A table of another name comes last: its like name was given up for want of that one. */
    private List<String> successors(String identity) {
        var name = TableIdentities.nameOf(identity);
        return targets(Optional.empty(), identity).stream()
                .sorted(Comparator.comparing(
                        target -> !TableIdentities.nameOf(target).equals(name)))
                .toList();
    }

    /** What a column of a table, as it is called now, is called that a schema had under this name. */
    String columnNow(String table, String then, Predicate<String> wasThere) {
        return last(then, name -> targets(Optional.of(table), name), wasThere);
    }

    /** Names that several writers gave to one table or column at a time; each group has two or more that live. */
    List<Set<ElementId>> rivals(Predicate<ElementId> isAlive) {
        Map<ElementId, Set<ElementId>> names = new TreeMap<>();
        for (var rename : all) {
            if (rename.table().isEmpty() && isOfOneName(rename)) {
                continue;
            }
            var table = rename.table()
                    .map(Identifiers::fold)
                    .map(name -> tableNow(name, other -> isAlive.test(id(Optional.empty(), other)))
                            .orElse(name));
            var from = id(table, rename.from());
            names.computeIfAbsent(from, id -> new TreeSet<>()).addAll(living(table, rename.to(), isAlive));
        }
        return names.values().stream().filter(living -> living.size() > 1).toList();
    }

    private static boolean isOfOneName(Rename rename) {
        return TableIdentities.nameOf(Identifiers.fold(rename.from()))
                .equals(TableIdentities.nameOf(Identifiers.fold(rename.to())));
    }

    private static ElementId id(Optional<String> table, String name) {
        return new ElementId(
                table.isEmpty() ? ElementId.Kind.TABLE : ElementId.Kind.COLUMN,
                table.orElse(""),
                Identifiers.fold(name));
    }

    /** What lives under this name, or under what it was renamed to. */
    private Set<ElementId> living(Optional<String> table, String name, Predicate<ElementId> isAlive) {
        Set<ElementId> found = new TreeSet<>();
        reached(
                Identifiers.fold(name),
                last -> isAlive.test(id(table, last)) ? List.of() : targets(table, last),
                last -> isAlive.test(id(table, last)) && !found.add(id(table, last)));
        if (isAlive.test(id(table, name))) {
            found.add(id(table, name));
        }
        return found;
    }

    private List<String> sources(Optional<String> table, String to) {
        return of(table)
                .filter(rename -> Identifiers.fold(rename.to()).equals(to))
                .map(rename -> Identifiers.fold(rename.from()))
                .toList();
    }

    private List<String> targets(Optional<String> table, String from) {
        return of(table)
                .filter(rename -> Identifiers.fold(rename.from()).equals(from))
                .map(rename -> Identifiers.fold(rename.to()))
                .toList();
    }

    /** Renames of the columns of a table, whatever it was called at the time; without one, of tables. */
    private Stream<Rename> of(Optional<String> table) {
        if (table.isEmpty()) {
            return all.stream().filter(rename -> rename.table().isEmpty());
        }
        var names = tablesBefore(table.get());
        return all.stream()
                .filter(rename -> rename.table()
                        .map(Identifiers::fold)
                        .filter(names::contains)
                        .isPresent());
    }

    /** A name and all that it leads to. */
    private static Set<String> closure(String from, Function<String, List<String>> step) {
        Set<String> names = new HashSet<>(Set.of(from));
        reached(from, step, name -> !names.add(name));
        return names;
    }

    private static Optional<String> reached(
            String from, Function<String, List<String>> step, Predicate<String> isWanted) {
        Set<String> seen = new HashSet<>(Set.of(from));
        var open = List.of(from);
        while (!open.isEmpty()) {
            open = open.stream()
                    .flatMap(name -> step.apply(name).stream())
                    .filter(seen::add)
                    .toList();
            var found = open.stream().filter(isWanted).findFirst();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static String last(String from, Function<String, List<String>> step, Predicate<String> wasThere) {
        Set<String> seen = new HashSet<>(Set.of(from));
        var name = from;
        while (true) {
            var next = step.apply(name).stream()
                    .filter(target -> !wasThere.test(target) && seen.add(target))
                    .findFirst();
            if (next.isEmpty()) {
                return name;
            }
            name = next.get();
        }
    }
}
