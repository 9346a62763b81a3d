package io.merklite.session.apply;

import static io.merklite.session.apply.WrittenChanges.NONE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Changes that no session would record, and tables that they do not fit: keys come twice, in the same or in other
 * spellings, within a group or not; changesets and patchsets follow each other; rows are missing or differ; unique values
 * stand in each other's way.
 */
public final class MessyChanges {
    private static final List<String> TABLES = List.of(
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)",
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE, c)",
            "CREATE TABLE t(a TEXT PRIMARY KEY, b NOT NULL, c CHECK (c < 90)) WITHOUT ROWID",
            "CREATE TABLE t(a TEXT COLLATE NOCASE PRIMARY KEY, b UNIQUE, c)",
            "CREATE TABLE t(a NUMERIC PRIMARY KEY, b, c)",
            "CREATE TABLE t(a REAL PRIMARY KEY, b, c) WITHOUT ROWID",
            "CREATE TABLE t(a PRIMARY KEY, b UNIQUE, c)",
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT IGNORE, c)",
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT REPLACE, c)");

    /** Columns b and c of a row. */
    private record Rest(int second, int third) {}

    private final RandomGenerator random;
    private final List<String> target = new ArrayList<>();
    private final Map<Integer, Rest> rows = new TreeMap<>();
    private final boolean text;
    private final boolean fitting;

    /** Chooses a table, its rows, and whether most changes fit them. */
    public MessyChanges(RandomGenerator random) {
        this.random = random;
        target.add(TABLES.get(random.nextInt(TABLES.size())));
        text = random.nextBoolean() && !target.getFirst().contains("INTEGER PRIMARY");
        fitting = random.nextBoolean();
        for (var i = 0; i < 40; i++) {
            var key = random.nextInt(60);
            var rest = new Rest(fitting ? i : random.nextInt(80), random.nextInt(90));
            rows.putIfAbsent(key, rest);
            target.add("INSERT OR IGNORE INTO t VALUES (" + (text ? "'k" + key + "'" : key) + ", " + rest.second()
                    + ", " + rest.third() + ")");
        }
        if (random.nextInt(6) == 0) {
            target.add("CREATE TRIGGER tr AFTER DELETE ON t BEGIN UPDATE t SET c = 1 WHERE a = OLD.a + 1; END");
        }
    }

    /** Statements that make a table {@code t} of three columns with some rows. */
    public List<String> target() {
        return List.copyOf(target);
    }

    /**
     * Changes of the table.
     *
     * @param forSqlite leaves out what SQLite 3.40 takes for corrupt, sooner or later: UPDATEs without the old values of
     *     the columns that they set, and groups of both kinds for one table
     */
    public byte[] changes(boolean forSqlite) {
        var patchset = random.nextBoolean();
        var changes = new WrittenChanges().group(patchset, "t", 1, 0, 0);
        var spelling = random.nextInt(3);
        var keys = 10 + random.nextInt(60);
        for (var i = 0; i < 1 + random.nextInt(60); i++) {
            if (random.nextInt(20) == 0) {
                patchset = forSqlite ? patchset : random.nextBoolean();
                changes.group(patchset, "t", 1, 0, 0);
            }
            if (fitting && random.nextInt(30) != 0) {
                addFitting(changes, patchset, 100 + i);
            } else {
                addAny(
                        changes,
                        patchset,
                        spelt(random.nextInt(keys), spelling == 2 ? random.nextInt(4) : spelling),
                        !forSqlite && random.nextBoolean());
            }
        }
        return changes.bytes();
    }

    private void addFitting(WrittenChanges changes, boolean patchset, int free) {
        var known = List.copyOf(rows.keySet());
        var insert = known.isEmpty() || random.nextInt(3) == 0;
        var key = insert ? free : known.get(random.nextInt(known.size()));
        var rest = rows.getOrDefault(key, new Rest(0, 0));
        var spelt = spelt(key, text ? 1 : 0);
        if (insert) {
            changes.insert(spelt, free, 1);
        } else if (random.nextBoolean()) {
            rows.remove(key);
            delete(changes, patchset, spelt, rest.second(), rest.third());
        } else {
            rows.put(key, new Rest(free, rest.third()));
            update(changes, patchset, spelt, new Object[] {rest.second(), NONE}, new Object[] {free, NONE});
        }
        if (random.nextInt(20) != 0) {
            rows.remove(key); // else it comes again
        }
    }

    private void addAny(WrittenChanges changes, boolean patchset, Object key, boolean withoutOld) {
        var before = random.nextInt(80);
        var after = random.nextInt(100);
        switch (random.nextInt(5)) {
            case 0 -> delete(changes, patchset, key, before, after);
            case 1 -> update(changes, patchset, key, new Object[] {before, NONE}, new Object[] {after, NONE});
            case 2 ->
                update(
                        changes,
                        patchset,
                        key,
                        new Object[] {withoutOld ? NONE : after % 80, withoutOld ? NONE : before},
                        new Object[] {before, after});
            default -> changes.insert(key, before, after);
        }
    }

    private static Object spelt(int key, int spelling) {
        return switch (spelling) {
            case 0 -> key;
            case 1 -> "k" + key;
            case 2 -> (double) key;
            default -> key % 2 == 0 ? "K" + key : String.valueOf(key);
        };
    }

    private static void delete(WrittenChanges changes, boolean patchset, Object key, int before, int after) {
        if (patchset) {
            changes.delete(key);
        } else {
            changes.delete(key, before, after);
        }
    }

    private static void update(WrittenChanges changes, boolean patchset, Object key, Object[] before, Object[] after) {
        if (patchset) {
            changes.update(key, after[0], after[1]);
        } else {
            changes.update(key, before[0], before[1], NONE, after[0], after[1]);
        }
    }
}
