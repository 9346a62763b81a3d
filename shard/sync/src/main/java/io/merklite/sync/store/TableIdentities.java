package io.merklite.sync.store;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Which table it is that has a name: of two that have it one after the other, since the first was renamed, names do not
 * tell.
 *
 * <p>The first table of a name is known by it, dropped and made again as it may be. Once a rename has taken a table away
 * from its identity, nobody who knows of that gives this identity to another: the next table of that name is {@code
 * _merklite_again_2_} and the name, then 3. So replicas that make one at the same time agree on what it is, as they do on
 * a table of a new name, and whoever did not know of the rename has written to the table that was renamed.
 *
 * <p>An identity is a word that no user's table has for its name. Names and identities are folded.
 *
 * <p><b>Invariant.</b> When a transaction ends, every table that the registry has is known here.
 */
final class TableIdentities {
    private static final String AGAIN = "_merklite_again_";
    private static final Pattern FORM = Pattern.compile(AGAIN + "(\\d{1,9})_(.*)", Pattern.DOTALL);

    private final Map<String, String> byName = new TreeMap<>();
    /** Since the registry followed last: what a table was known by whose rows one of the present has. */
    private final Map<String, String> formers = new HashMap<>();

    /** The name of the table with this identity. */
    static String nameOf(String identity) {
        var again = FORM.matcher(identity);
        return again.matches() ? again.group(2) : identity;
    }

    /** The identity of the next table with the name of this one. */
    static String next(String identity) {
        var again = FORM.matcher(identity);
        var generation = again.matches() ? Integer.parseInt(again.group(1)) : 1;
        return AGAIN + (generation + 1) + "_" + nameOf(identity);
    }

    /** What the table of this name is known by; one that is not of the file, by its name. */
    String of(String name) {
        return byName.getOrDefault(name, name);
    }

    /** Whether a table of this name is there, or was when it was last looked for. */
    boolean isKnown(String name) {
        return byName.containsKey(name);
    }

    /** Whether the file has this very table. */
    boolean isPresent(String identity) {
        return identity.equals(byName.get(nameOf(identity)));
    }

    /** A table is there. */
    void add(String identity) {
        byName.put(nameOf(identity), identity);
    }

    /** A table is what another one was; that one's name is free. */
    void move(String from, String to) {
        byName.remove(nameOf(from), from);
        add(to);
        formers.put(to, formers.getOrDefault(from, from));
    }

    /** A table is gone. */
    void remove(String identity) {
        byName.remove(nameOf(identity), identity);
    }

    /** Tables of other names are gone. */
    void retain(Set<String> names) {
        byName.keySet().retainAll(names);
    }

    /** What a table was known by when the registry followed last, if that was something else. */
    Optional<String> former(String identity) {
        return Optional.ofNullable(formers.get(identity));
    }

    /** The registry has followed. */
    void followed() {
        formers.clear();
    }

    /** Begins anew with the tables that are recorded. */
    void reset(Collection<String> identities) {
        byName.clear();
        formers.clear();
        identities.forEach(this::add);
    }
}
